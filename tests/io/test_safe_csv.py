import csv
import io

import pytest

from scantriage.io.safe_csv import csv_text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1"])
def test_no_cell_begins_a_formula(text):
    (_, (cell,)) = csv.reader(io.StringIO(csv_text(["name"], [[text]]), newline=""))
    assert cell == f"'{text}"


def test_a_return_in_a_name_begins_no_row():
    rows = list(csv.reader(io.StringIO(csv_text(["name"], [["x\r=cmd()"], ["y\r\n=cmd()"]]), newline="")))
    assert rows == [["name"], ["x\n=cmd()"], ["y\n=cmd()"]]


def test_numbers_stay_numbers_and_nothing_is_empty():
    assert csv_text(["a", "b", "c"], [[-1, None, 'x "y", z']]) == 'a,b,c\n-1,,"x ""y"", z"\n'
