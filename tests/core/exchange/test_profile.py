"""What a partner profile takes, and how it says what is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from core.exchange.profile import PartnerProfile

SOUND: dict[str, Any] = {
    "standard": "x12",
    "ours": {"qualifier": "ZZ", "id": "HUB"},
    "theirs": {"qualifier": "01", "id": "123456789"},
    "version": "004010",
}


def test_a_profile_knows_its_two_pairs_and_its_standards_own_answer() -> None:
    x12 = PartnerProfile.model_validate(SOUND)
    assert (x12.outward, x12.inward) == ("x12 ZZ:HUB>01:123456789", "x12 01:123456789>ZZ:HUB")
    assert x12.acknowledges_by == "997"
    edifact = PartnerProfile.model_validate(SOUND | {"standard": "edifact", "version": "D96A"})
    assert edifact.acknowledges_by == "contrl"
    assert PartnerProfile.model_validate(SOUND | {"acknowledge": "none"}).acknowledges_by == "none"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"acknowledge": "contrl"}, "contrl is EDIFACT's; X12 knows 997 and 999"),
        (
            {"standard": "edifact", "version": "D96A", "acknowledge": "999"},
            "999 is X12's; EDIFACT knows contrl",
        ),
        ({"version": "D96A"}, "version: D96A is not of x12"),
        ({"envelope": "UNOC:3"}, "envelope: UNOC:3 is not of x12"),
        ({"ours": {"qualifier": "ZZ", "id": "A" * 16}}, "has 16 characters, and ISA has room for 15"),
        ({"ours": {"qualifier": "1", "id": "HUB"}}, "ours.qualifier: X12 needs one of two characters"),
        ({"ours": {"qualifier": "01", "id": "123456789"}}, "ours and theirs are the same"),
        ({"delimiters": {"segment": "~", "element": "~", "component": ">"}}, "two delimiters are the same"),
        ({"delimiters": {"segment": "~", "element": "A", "component": ">"}}, "'A' can't be a delimiter"),
        ({"partner": "acme"}, "Extra inputs are not permitted"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PartnerProfile.model_validate(SOUND | change)
