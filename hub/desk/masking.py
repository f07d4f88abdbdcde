"""What somebody without the right to see people gets to see instead: the shape, not the content.

Masking goes by what is certain to be harmless (keys, tags, punctuation), never by guessing what may be personal.
"""

import re
from typing import Any

import orjson

from canonical.parties import Parties, Party
from core.errors import Problem
from hub.desk.base import View

MASK = "•••"
_WORD = re.compile(r"\w")
_XML_TEXT = re.compile(r">([^<]*)<")
_XML_VALUE = re.compile(r"=\s*(\"[^\"]*\"|'[^']*')")


class PartyView(View):
    """A person or firm; masked but for the country."""

    name: str
    company: str | None = None
    address_lines: tuple[str, ...] = ()
    city: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str
    phone: str | None = None
    email: str | None = None


class PartiesView(View):
    """Everybody whom an order names."""

    buyer: PartyView
    ship_to: PartyView
    bill_to: PartyView | None = None
    masked: bool


def parties_view(parties: Parties, *, masked: bool) -> PartiesView:
    """Show the people of an order, or only that they are there."""

    def show(party: Party) -> PartyView:
        plain = PartyView.model_validate(party.model_dump())
        if not masked:
            return plain
        hidden = {
            name: MASK if value else None
            for name, value in plain.model_dump(exclude={"address_lines", "country", "name"}).items()
        }
        lines = (MASK,) * len(party.address_lines)
        return PartyView(name=MASK, country=party.country, address_lines=lines, **hidden)

    return PartiesView(
        buyer=show(parties.buyer),
        ship_to=show(parties.ship_to),
        bill_to=show(parties.bill_to) if parties.bill_to else None,
        masked=masked,
    )


def masked_text(text: str) -> str:
    """Keep punctuation and line breaks, and so the structure of EDI and flat files; nothing else."""
    return _WORD.sub("x", text)


def masked_body(text: str, media_type: str) -> str:
    """Return a body's structure: JSON keys and XML tags stay, every value is masked."""
    stripped = text.lstrip()
    if stripped.startswith(("{", "[")) or "json" in media_type:
        try:
            return orjson.dumps(_masked_json(orjson.loads(text)), option=orjson.OPT_INDENT_2).decode()
        except orjson.JSONDecodeError:
            return masked_text(text)
    if stripped.startswith("<"):
        return _masked_xml(text)
    return masked_text(text)


def _masked_json(value: Any) -> Any:
    match value:
        case dict():
            return {key: _masked_json(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [_masked_json(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
        case None | True | False:
            return value
        case _:
            return MASK


def _masked_xml(text: str) -> str:
    """Mask the text between tags and the values of attributes; what is not well-formed is masked whole."""
    if text.count("<") != text.count(">") or "<!" in text:
        return masked_text(text)
    values = _XML_VALUE.sub(lambda match: f'="{masked_text(match.group(1)[1:-1])}"', text)
    return _XML_TEXT.sub(lambda match: f">{masked_text(match.group(1))}<", values)


def problem_values(problem: Problem, *, masked: bool) -> dict[str, str | int]:
    """Show a problem; its value may be somebody's."""
    shown = problem.as_dict()
    return shown if not masked or "value" not in shown else {**shown, "value": MASK}


def masked_reason(problems: tuple[dict[str, str | int], ...], error: str) -> str:
    """Say why something failed without any value of the document."""
    if not problems:
        return f"{error}: the reason may hold somebody's data, and is shown to the role support"
    return "; ".join(
        ": ".join(str(p[k]) for k in ("source", "line", "field") if k in p) or error for p in problems[:20]
    )
