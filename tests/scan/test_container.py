import pytest

from scantriage.scan.container import container_numbers, has_valid_check_digit, is_container_number


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("HLBU1527916", ("HLBU1527916",)),
        (" hlbu 152791-6 ", ("HLBU1527916",)),
        ("MSCU1243697/HLBU1527916", ("MSCU1243697", "HLBU1527916")),
        ("HLBX1527916", ()),
        ("unknown", ()),
        ("", ()),
    ],
)
def test_numbers_are_found_however_they_are_written(text, numbers):
    assert container_numbers(text) == numbers


def test_the_check_digit_is_that_of_iso_6346():
    assert has_valid_check_digit("CSQU3054383")  # the example in the standard's annex A
    assert not any(has_valid_check_digit(f"CSQU305438{digit}") for digit in "012456789")
    assert not has_valid_check_digit("CSQU305438")


def test_only_freight_containers_have_numbers():
    assert is_container_number("CSQU3054383")
    assert not is_container_number("CSQA3054383")  # the fourth letter is U, J or Z
