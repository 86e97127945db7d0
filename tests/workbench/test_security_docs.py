"""The page of the security tests names what there is, and nothing else."""

import re
from pathlib import Path

import pytest
from made_security import TRIED, all_tried, routes_by_role

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "security_tests.md").read_text()
ANEW = "write docs/security_tests.md anew: .ci/security"


def test_the_page_is_of_these_tests_and_all_passed():
    shown = re.findall(r"^\| (.+) \| `(\S+::\S+)` \| \d+ \| passed \|$", PAGE, re.MULTILINE)
    assert shown == [(what, test) for tests in TRIED.values() for test, what in tests.items()], ANEW
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == [*TRIED, "Every route as every role"], ANEW


def test_the_routes_are_those_that_the_tests_try():
    assert "\n".join(routes_by_role()) in PAGE, ANEW


@pytest.mark.parametrize("test", all_tried())
def test_what_is_named_is_a_test(test):
    file, _, name = test.partition("::")
    assert re.search(rf"^def {name}\(", (TESTS / file).read_text(), re.MULTILINE)
