import pytest

from scantriage.errors import InvalidProfile
from scantriage.io.profiles import read_profile, read_profiles

FULL = """
site = "NLRTM"
rows = "bottom_first"
energies_mev = [9.0, 6.0]
column_pitch_mm = 4
dark_level = 380.5
[geometry]
layout = "arc"
source_distance_m = 5.1
source_height_m = 1.1
source_side = "right"
view_height_m = [0.1, 5.3]
"""


@pytest.fixture
def profile(tmp_path):
    def write(text):
        path = tmp_path / "RTM-1.toml"
        path.write_text(text)
        return path

    return write


def test_a_full_profile_is_understood(profile):
    fields = read_profile(profile(FULL))
    assert (fields.site, fields.rows, fields.energies_mev) == ("NLRTM", "bottom_first", (9.0, 6.0))
    assert (fields.column_pitch_mm, fields.dark_level) == (4.0, 380.5)
    assert fields.geometry.as_fan().layout == "arc"


def test_an_empty_profile_says_nothing(profile):
    fields = read_profile(profile("# nothing yet\n"))
    assert (fields.rows, fields.geometry, fields.dark_level) == ("top_first", None, None)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("rows = 'upside_down'", "rows"),
        ("colum_pitch_mm = 4.5", "colum_pitch_mm"),
        ("dark_level = nan", "dark_level"),
        ("dark_level = inf", "dark_level"),
        ("dark_level = 2026-10-01", "dark_level"),
        ("energies_mev = [4.0, 6.0]", "highest energy first"),
        ("[geometry]\nlayout = 'plane'", "geometry.source_distance_m"),
        ("rows", "is not TOML"),
    ],
)
def test_a_wrong_profile_is_refused_with_file_and_field(profile, text, what):
    with pytest.raises(InvalidProfile) as refusal:
        read_profile(profile(text))
    assert refusal.value.sentence.startswith("RTM-1.toml ")
    assert what in refusal.value.sentence


def test_a_folder_gives_its_good_profiles_and_names_the_others(tmp_path, profile):
    profile(FULL)
    (tmp_path / "broken.toml").write_text("rows = 3")
    (tmp_path / "notes.txt").write_text("not a profile")
    profiles, sentences = read_profiles(tmp_path)
    assert set(profiles) == {"RTM-1"}
    assert len(sentences) == 1
    assert sentences[0].startswith("broken.toml ")
