import pytest

from scantriage.errors import WorkspaceError
from scantriage.settings import Settings, load_settings


def test_without_a_file_the_defaults_hold(tmp_path):
    assert load_settings(tmp_path / "scantriage.toml").model_dump() == Settings().model_dump()


def test_the_environment_goes_before_the_file(tmp_path, monkeypatch):
    file = tmp_path / "scantriage.toml"
    file.write_text("openings_per_day = 7\ndeadline_s = 20\n")
    monkeypatch.setenv("SCANTRIAGE_DEADLINE_S", "5")
    settings = load_settings(file)
    assert (settings.openings_per_day, settings.deadline_s) == (7, 5.0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("openings_per_day = 0", "openings_per_day cannot be used"),
        ("openings = 5", "openings cannot be used"),
        ("memory_gib = 'much'", "memory_gib cannot be used"),
        ("memory_gib =", "is not TOML"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(tmp_path, text, sentence):
    file = tmp_path / "scantriage.toml"
    file.write_text(text)
    with pytest.raises(WorkspaceError, match=sentence):
        load_settings(file)
