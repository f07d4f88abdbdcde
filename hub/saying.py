"""How the fields of events are said to people, in the console and in the terminal."""

from typing import Any


def units_named(value: Any) -> str | None:
    """Return the units that a field of an event's body names, as `2 × CUP, 1 × POT`; None where it names none."""
    match value:
        case [[str(), int()], *_]:
            return ", ".join(f"{quantity} × {sku}" for sku, quantity in value)
        case _:
            return None
