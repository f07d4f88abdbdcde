"""What an event says of units is read by people in the console and in the terminal."""

import uuid

import pytest

from canonical.events import ReleaseRefused
from hub.api import console
from hub.cli import order_looks
from hub.saying import units_named

REFUSED = ReleaseRefused(
    order_id=uuid.UUID(int=1),
    release_id="R-1",
    reason="not found",
    skus=("CUP",),
    units=(("CUP", 2), ("POT", 1)),
)
BODY = REFUSED.model_dump(mode="json", exclude_defaults=True)


@pytest.mark.parametrize("value", ["CUP", 3, None, [], ["CUP"], [["CUP"]], {"CUP": 1}, [[1, 2]]])
def test_what_names_no_units_is_not_taken_for_them(value: object) -> None:
    assert units_named(value) is None


def test_the_terminal_says_how_many_units_were_refused() -> None:
    assert order_looks.said(BODY) == "release_id=R-1 reason=not found units=2 × CUP, 1 × POT"


def test_the_console_says_how_many_units_were_refused() -> None:
    assert console.facts_of(BODY) == "release id R-1 · reason not found · units 2 × CUP, 1 × POT"
