"""A failed message as a regression case: its document with the people taken out, and what it failed with.

What is personal is known by the names of fields (JSON keys, XML elements and attributes, columns of a CSV) and by the
shape of values (e-mail addresses, telephone numbers). Each value has one stand-in of its own, everywhere, so that
what must be equal stays equal; numbers, codes and the document's form are left as they are.
"""

import csv
import io
import itertools
import json
import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from core.errors import HubError

if TYPE_CHECKING:
    from hub.desk.failure_views import FailureDetail
    from hub.desk.message_views import MessageDetail

_PERSONAL = re.compile(
    r"(first|last|family|given|full|contact|customer|buyer|recipient|consignee|holder|cardholder)_?names?$"
    r"|^(name|surname|company|attention|attn|phone|telephone|tel|mobile|fax|e_?mail|mail|street\w*|address(_?lines?)?_?\d*"
    r"|lines?[12]|city|town|county|post_?code|postal_?code|zip(_?code)?|iban|ip(_?address)?|birth\w*|vat_?id"
    r"|tax_?id|note|notes|comment|comments|message|remark|remarks|gift_?message)$",
    re.IGNORECASE,
)
_ITEM_PARENTS = re.compile(
    r"^(lines?|items?|products?|order_?lines?|line_?items?|articles?|carrier|shop|store)$", re.IGNORECASE
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?<![\w.])\+\d[\d ()/.-]{6,17}\d(?![\w.])")
_WRITTEN = re.compile(r'"\\u0000([-+0-9.eE]+)"')
_SAFE_NAME = re.compile(r"[^a-z0-9]+")
_LOWER, _UPPER, _DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
_MOST_TURNS = 1000
_ENDINGS = {"json": ".json", "xml": ".xml", "csv": ".csv"}


class NoCaseError(HubError):
    """A case can't be made of this failure."""


@dataclass(frozen=True, slots=True)
class Case:
    """A document without people, and what it is expected to fail with. `unsure` says what a person must look at."""

    name: str
    body: bytes
    ending: str
    facts: Mapping[str, Any]
    hidden: int
    unsure: str | None
    reading: Mapping[str, Any] | None = None
    """With which mapping it is read, and what that is told; None where no mapping reads it as a whole."""


@dataclass(slots=True)
class _Curtain:
    """Hides values; equal ones alike."""

    stand_ins: dict[str, str] = field(default_factory=dict[str, str])

    def hide(self, value: str, key: str) -> str:
        """Return the stand-in of a personal value, in its shape."""
        if not value.strip():
            return value
        known = self.stand_ins.get(value)
        if known is None:
            known = self.stand_ins[value] = self._new(value, key)
        return known

    def _new(self, value: str, key: str) -> str:
        """Return a stand-in that no other value has: what differs stays different. Nothing of the value is in it."""
        number = len(self.stand_ins) + 1
        if _EMAIL.fullmatch(value.strip()):
            return f"a.customer+{number}@example.com"
        plain = _stand_in(value, key)
        taken = set(self.stand_ins.values())
        turns = itertools.count(1)
        stand_in = plain
        while stand_in in taken and (next(turns) <= _MOST_TURNS):
            stand_in = _turned(plain, number)
            number += 1
        return stand_in

    def sweep(self, text: str) -> str:
        """Return a text without the e-mail addresses and telephone numbers in it."""
        text = _EMAIL.sub(lambda match: self.hide(match[0], "email"), text)
        return _PHONE.sub(lambda match: self.hide(match[0], "phone"), text)


def _turned(plain: str, number: int) -> str:
    """Count in the last letters and digits of a stand-in, each in its kind: `Xxxx` becomes `Xxxb`."""
    characters = list(plain)
    for i in reversed(range(len(characters))):
        alphabet = next((a for a in (_LOWER, _UPPER, _DIGITS) if characters[i] in a), None)
        if alphabet is not None:
            number, digit = divmod(number, len(alphabet))
            characters[i] = alphabet[digit]
    return "".join(characters)


def _stand_in(value: str, key: str) -> str:
    if re.search(r"phone|tel|mobile|fax", key, re.IGNORECASE) or _PHONE.fullmatch(value.strip()):
        return re.sub(r"\d", "0", value)
    # The length and kind of every character stay: a limit or a pattern that was the trouble still is.
    return "".join("x" if c.islower() else "X" if c.isupper() else "0" if c.isdigit() else c for c in value)


def case_of(
    failure: "FailureDetail", message: "MessageDetail", body: bytes, connector_type: str, connector: str = ""
) -> Case:
    """Return the case that a failure makes, with nobody in it. `connector` is its name in `hub.yaml`."""
    curtain = _Curtain()
    hidden_body, ending, unsure = _hidden(body, message.media_type, curtain)
    problems = [
        {key: _swept(value, curtain) for key, value in problem.items()} for problem in failure.problems
    ]
    about = next((str(problem["field"]) for problem in failure.problems if "field" in problem), failure.error)
    slug = _SAFE_NAME.sub("-", f"{connector_type}-{message.kind}-{about}".lower())
    facts = {
        "connector": connector_type,
        "name": connector or None,
        "kind": message.kind,
        "media_type": message.media_type,
        "mapping": failure.mapping,
        "stage": failure.stage,
        "error": failure.error,
        "reason": _swept(failure.reason, curtain),
        "problems": problems,
    }
    return Case(
        name=f"{slug.strip('-')[:60]}-{str(failure.id)[-8:]}",
        body=hidden_body,
        ending=ending,
        facts={key: value for key, value in facts.items() if value not in (None, [])},
        hidden=len(curtain.stand_ins),
        unsure=unsure,
    )


def write_case(case: Case, folder: Path, name: str | None = None) -> tuple[Path, Path]:
    """Write the document and `NAME.case.json` beside it; never over a file that is there."""
    stem = name or case.name
    document, facts = folder / f"{stem}{case.ending}", folder / f"{stem}.case.json"
    for file in (document, facts):
        if file.exists():
            raise NoCaseError(f"{file} is there already: give another name with --name")
    folder.mkdir(parents=True, exist_ok=True)
    document.write_bytes(case.body)
    said = {"document": document.name, **case.facts, **(case.reading or {})}
    facts.write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return document, facts


def _hidden(body: bytes, media_type: str, curtain: _Curtain) -> tuple[bytes, str, str | None]:
    """Return the document without people, its file's ending, and what a person must look at."""
    unreadable = (
        "the document can't be read as what it says to be: only e-mail addresses and numbers were taken out"
    )
    readers = {"json": _json, "xml": _xml, "csv": _csv}
    kind = next((kind for kind in readers if kind in media_type), None)
    if kind is not None:
        try:
            return readers[kind](body, curtain), _ENDINGS[kind], None
        except (ValueError, etree.XMLSyntaxError, csv.Error):
            pass
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
        return curtain.sweep(text).encode("latin-1"), _ENDINGS.get(kind or "", ".txt"), unreadable
    return curtain.sweep(text).encode(), _ENDINGS.get(kind or "", ".txt"), unreadable


def _swept(value: object, curtain: _Curtain) -> object:
    """Return what an error says without the values that were hidden in the document."""
    if not isinstance(value, str):
        return value
    for plain, stand_in in sorted(curtain.stand_ins.items(), key=lambda pair: -len(pair[0])):
        if len(plain) > 2:  # noqa: PLR2004 - a shorter value is part of too many words
            value = value.replace(plain, stand_in)
    return curtain.sweep(value)


def _is_personal(key: str, parent: str) -> bool:
    return bool(_PERSONAL.search(key)) and not _ITEM_PARENTS.match(parent)


def _snake(name: str) -> str:
    """Return a field's name in one spelling: `shipTo`, `ShipTo` and `ship-to` are `ship_to`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-\s]+", "_", name).lower()


def _json(body: bytes, curtain: _Curtain) -> bytes:
    """Numbers stay as they were written: `9.90` must not become `9.9`."""
    document = json.loads(body, parse_float=_as_written, parse_int=_as_written)
    hidden = _walk(document, "", "", curtain, personal=False)
    text = json.dumps(hidden, ensure_ascii=False, indent=2)
    return (_WRITTEN.sub(r"\1", text) + "\n").encode()


def _as_written(number: str) -> str:
    return f"\0{number}"


def _walk(value: Any, key: str, parent: str, curtain: _Curtain, *, personal: bool) -> Any:
    if isinstance(value, dict):
        inside = cast("dict[str, Any]", value)
        return {
            name: _walk(inner, _snake(name), key, curtain, personal=_is_personal(_snake(name), key))
            for name, inner in inside.items()
        }
    if isinstance(value, list):
        several = cast("Iterable[Any]", value)
        return [_walk(inner, key, parent, curtain, personal=personal) for inner in several]
    if isinstance(value, str) and not value.startswith("\0"):
        return curtain.hide(value, key) if personal else curtain.sweep(value)
    return value


def _xml(body: bytes, curtain: _Curtain) -> bytes:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(body, parser)
    for element in root.iter(etree.Element):
        parent = element.getparent()
        above = _snake(etree.QName(parent).localname) if parent is not None else ""
        name = _snake(etree.QName(element).localname)
        if element.text and not len(element):
            personal = _is_personal(name, above)
            element.text = curtain.hide(element.text, name) if personal else curtain.sweep(element.text)
        for attribute, value in element.attrib.items():
            inner = _snake(etree.QName(attribute).localname)
            personal = _is_personal(inner, name)
            element.set(attribute, curtain.hide(str(value), inner) if personal else curtain.sweep(str(value)))
    return etree.tostring(root, xml_declaration=True, encoding="utf-8") + b"\n"


def _csv(body: bytes, curtain: _Curtain) -> bytes:
    text = body.decode("utf-8-sig")
    dialect = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
    rows = list(csv.reader(io.StringIO(text), dialect))
    header = [_snake(name) for name in rows[0]] if rows else []
    out = io.StringIO()
    writer = csv.writer(out, dialect, lineterminator="\n")
    for number, row in enumerate(rows):
        names = header + [""] * len(row)
        writer.writerow(
            row
            if number == 0
            else [
                curtain.hide(cell, name) if _is_personal(name, "") else curtain.sweep(cell)
                for cell, name in zip(row, names, strict=False)
            ]
        )
    return out.getvalue().encode()
