"""What is wrong with an EDIFACT message is said with segment, element, component and the number of code list 0085."""

import pytest

from mappings.syntax.edi.model import Delimiters, SetKey, Standard
from tests.mappings.edi.grammar.harness import checked, edifact, short

HEAD = "UNH+1+ORDERS:D:96A:UN'BGM+220+1+9'DTM+137:20260302:102'"
LINE = "LIN+1++4006381333931:EN'QTY+21:1'"
TAIL = "UNS+S'UNT+9+1'"


def faults(body: str) -> list[str]:
    """Return what is wrong with an order between a sound head and a sound tail."""
    return short(edifact(f"{HEAD}{body}{TAIL}"))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        # 12: the value isn't allowed. 13: missing.
        ("LIN+1++4006381333931:EN'QTY'", ["5 QTY01 element-missing 13"]),
        ("NAD+BY'CTA+OC'COM+0301234'", ["6 COM01-2 element-missing 13"]),
        ("QTY+21:1'", ["4 LIN segment-missing 13"]),
        # 15: not supported at this position.
        (f"{LINE}BGM+220'", ["6 BGM segment-out-of-order 15"]),
        (f"{LINE}ZZZ+1'", ["6 ZZZ segment-unknown 15"]),
        (f"{LINE}CPS+1'", ["6 CPS segment-not-in-set 15"]),
        # 16: too many constituents.
        (f"DTM+2:20260306:102:x'{LINE}", ["4 DTM01-4 too-many-components 16"]),
        (f"NAD+BY:x'{LINE}", ["4 NAD01-2 too-many-components 16"]),
        (f"DTM+2:20260306:102+x'{LINE}", ["4 DTM02 too-many-elements 16"]),
        # 19, 21, 37 and 38: characters and numbers.
        (f"{LINE}MOA+203:1,'", ["6 MOA01-2 element-decimal 19"]),
        ("LIN+1'IMD+F++:::a\tb'", ["5 IMD03-4 element-character 21"]),
        (f"{LINE}MOA+203:x'", ["6 MOA01-2 element-type 37"]),
        (f"{LINE}MOA+203:.5'", ["6 MOA01-2 element-decimal-digit 38"]),
        # 35 and 36: segments and groups that stand too often.
        (f"PAI+::42'PAI+::42'{LINE}", ["5 PAI segment-repeats 35"]),
        (f"{'RFF+CO:1~' * 11}{LINE}".replace("~", "'"), ["14 RFF loop-repeats 36"]),
        # 39 and 40: too long, too short.
        (f"NAD+BYER'{LINE}", ["4 NAD01 element-too-long 39"]),
    ],
)
def test_each_number_of_0085(body: str, found: list[str]) -> None:
    assert faults(body) == found


def test_what_is_missing_is_reported_where_it_should_have_stood() -> None:
    (fault,) = edifact(f"UNH+1+ORDERS:D:96A:UN'BGM+220+1+9'{LINE}{TAIL}")
    assert (fault.tag, fault.position.segment, fault.position.offset) == ("DTM", 3, 34)


def test_a_component_is_known_by_the_number_of_its_element() -> None:
    (fault,) = edifact(f"{HEAD}LIN+1'QTY+21:two'{TAIL}")
    assert (fault.reference, fault.value, fault.loop) == ("6060", "two", "SG25")
    assert fault.message == "QTY01-2 (Quantity) must be a number: 'two'"


def test_lengths_do_not_count_release_characters_signs_and_decimal_marks() -> None:
    text = "a" * 33
    assert faults(f"LIN+1++4006381333931:EN'IMD+F++:::{text}?+?''") == []
    assert faults(f"LIN+1++4006381333931:EN'IMD+F++:::{text}?+?:x'") == ["5 IMD03-4 element-too-long 39"]
    assert faults(f"{LINE}MOA+203:-123456789012345,678'") == []
    assert faults(f"{LINE}MOA+203:-1234567890123456789'") == ["6 MOA01-2 element-too-long 39"]


def test_a_released_separator_is_text() -> None:
    assert faults("LIN+1++4006381333931:EN'IMD+F++:::a?:b?+c'QTY+21:1'") == []


def test_personal_data_are_not_repeated() -> None:
    (fault,) = edifact(f"{HEAD}NAD+DP+++{'A. Person ' * 4}'{LINE}{TAIL}")
    assert fault.value is None
    assert "Person" not in fault.message


def test_a_comma_as_decimal_mark_is_a_number() -> None:
    marks = Delimiters("'", "+", ":", None, "?", ",")
    text = f"{HEAD}{LINE}MOA+203:1234,56'{TAIL}"
    assert checked(SetKey(Standard.EDIFACT, "ORDERS", "D96A"), text, marks)[0] == []
