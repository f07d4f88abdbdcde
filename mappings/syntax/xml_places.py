"""Where values stand in an XML document."""

from dataclasses import dataclass
from typing import TypeAlias

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
    """A parsed XML document."""

    def __init__(self, root: Element, skipped_lines: int = 0) -> None:
        self.root: Data = root
        self._skipped = skipped_lines
        self._numbers: dict[Element, dict[Element, int]] = {}

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
        """Return the line of the element; XML parsers keep no columns."""
        line = place.element.sourceline
        return Position(line=line + self._skipped) if line else None


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
