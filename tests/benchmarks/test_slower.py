import json

import pytest

from benchmarks.slower import compared, main

MACHINE = {"commit": "abc", "processor": "one", "cores": 2}


def kept(**best_ms):
    return MACHINE | {"tables": {"Time, ms": [{"stage": name, "min": ms} for name, ms in best_ms.items()]}}


@pytest.fixture
def files(tmp_path):
    def written(*tables):
        paths = [tmp_path / f"{place}.json" for place in range(len(tables))]
        for path, table in zip(paths, tables, strict=True):
            path.write_text(json.dumps(table))
        return [str(path) for path in paths]

    return written


def test_the_kernel_that_lost_most_stands_first_and_is_called_slower():
    rows = compared(kept(decode=50.0, locate=20.0, gone=1.0), kept(decode=51.0, locate=30.0, fresh=2.0))
    assert [(row["what"], row["slower"]) for row in rows] == [("locate", True), ("decode", False)]
    assert rows[0]["times"] == pytest.approx(1.5)


def test_the_exit_code_says_whether_anything_became_slower(files, capsys):
    assert main(files(kept(decode=50.0), kept(decode=55.0))) == 0
    assert main(files(kept(decode=50.0), kept(decode=70.0))) == 1
    assert "decode" in capsys.readouterr().out


@pytest.mark.parametrize("other", [kept(decode=50.0) | {"processor": "two"}, kept(locate=50.0)])
def test_what_cannot_be_compared_is_not(files, capsys, other):
    assert main(files(kept(decode=50.0), other)) == 2
    assert "not comparable" in capsys.readouterr().out
