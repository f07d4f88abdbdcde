"""Where values stand in an XML document."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias
from xml.parsers import expat

from lxml import etree

from mappings.data import Data
from mappings.errors import Position

Element: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - it has no other name


@dataclass(frozen=True, slots=True)
class XmlPlace:
    """An element, and the rest of the path to what was looked for under it (`@currency`, `Lines/Line`)."""

    element: Element
    rest: str = ""


class XmlWire:
    """A parsed XML document. `text` is what was parsed, without what stood before it; it is kept for columns alone."""

    def __init__(self, root: Element, text: str, skipped_lines: int = 0) -> None:
        self.root: Data = root
        self._text, self._skipped = text, skipped_lines
        self._numbers: dict[Element, dict[Element, int]] = {}
        self._starts: dict[Element, tuple[int, int]] = {}

    def name(self, place: XmlPlace) -> str:
        """Return the path of a place, from the root on, counting elements that have brothers."""
        if place.rest.startswith("/"):
            return place.rest
        lineage = [place.element, *place.element.iterancestors()]
        path = "".join(f"/{_step(element, self._among_brothers(element))}" for element in reversed(lineage))
        return f"{path}/{place.rest}" if place.rest else path

    def _among_brothers(self, element: Element) -> dict[Element, int]:
        """Number all brothers at once: a document with many errors would otherwise be counted through for each."""
        parent = element.getparent()
        if parent is None:
            return {}
        if parent not in self._numbers:
            self._numbers[parent] = _numbered(parent)
        return self._numbers[parent]

    def position(self, place: XmlPlace) -> Position | None:
        """Return where the element starts: its tree has no columns, so the text is looked through once more."""
        if not self._starts:
            root: Element = self.root
            self._starts = dict(zip(root.iter(etree.Element), _starts(self._text), strict=False))
        line, column = self._starts.get(place.element, (0, 0))
        return Position(line=line + self._skipped, column=column) if line else None


def _starts(text: str) -> list[tuple[int, int]]:
    """Return line and column of each start tag, in their order, of a text that is known to be well-formed and harmless.

    No DTD is read for it either: nothing is fetched, and no entity of one is known.
    """
    found: list[tuple[int, int]] = []
    parser = expat.ParserCreate("utf-8")

    def started(_name: str, _attributes: object) -> None:
        found.append((parser.CurrentLineNumber, parser.CurrentColumnNumber + 1))

    parser.StartElementHandler = started
    with suppress(expat.ExpatError):  # what one parser takes and the other doesn't has places up to there
        parser.Parse(text.encode(), True)  # noqa: FBT003 - the parser's own signature: this is all of it
    return found


def _step(element: Element, numbers: dict[Element, int]) -> str:
    name = etree.QName(element).localname
    label = f"{element.prefix}:{name}" if element.prefix else name
    number = numbers.get(element, 0)
    return f"{label}[{number}]" if number else label


def _numbered(parent: Element) -> dict[Element, int]:
    """Return the number of each child among its brothers of the same name; one without brothers has none."""
    by_name: dict[object, list[Element]] = {}
    for child in parent:
        by_name.setdefault(child.tag, []).append(child)
    return {
        child: number
        for children in by_name.values()
        if len(children) > 1
        for number, child in enumerate(children, 1)
    }
