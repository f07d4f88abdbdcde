"""A set is known by our number, so that what is expected after ours is found."""

import pytest

from mappings.syntax.edi.ack.collecting import collect
from tests.mappings.edi.files import edifact, group, x12


def references(raw: bytes) -> tuple[str, ...]:
    (interchange,) = collect([raw]).interchanges
    return tuple(
        reference for one in interchange.groups for each in one.sets for reference in each.references
    )


def test_a_shipping_advice_is_known_by_the_release() -> None:
    segments = ("ST*945*0001", "W06*N*ABC-R1*20261120*S-1", "LX*1", "W12*CC*2*2**EA**SK*CUP", "SE*5*0001")
    assert references(x12(*group(*segments))) == ("ABC-R1",)


@pytest.mark.parametrize("qualifier", ["AAJ", "IDR", "ON"])
def test_a_despatch_advice_is_known_by_the_release_however_it_names_it(qualifier: str) -> None:
    segments = (
        "BGM+351+S-9+9",
        f"RFF+{qualifier}:ABC-R1",
        "RFF+CN:1Z1",
        "CPS+1",
        "LIN+1++CUP:IN",
        "QTY+12:2",
    )
    assert references(edifact("UNH+1+DESADV:D:01B:UN", *segments, "UNT+8+1")) == ("ABC-R1",)


def test_an_instruction_is_known_by_what_it_cancels() -> None:
    segments = ("BGM+350+ABC-R1-X+1", "DTM+137:20261120:102", "RFF+ACW:ABC-R1", "UNS+S")
    assert references(edifact("UNH+1+INSDES:D:01B:UN", *segments, "UNT+6+1")) == ("ABC-R1",)
