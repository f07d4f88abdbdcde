"""Where values stand in an XML document."""

from dataclasses import dataclass

from lxml import etree

from mappings.data import Data
from mappings.errors import Position


@dataclass(frozen=True, slots=True)
class XmlPlace:
    """An element, and the rest of the path to what was looked for under it (`@currency`, `Lines/Line`)."""

    element: etree._Element
    rest: str = ""


class XmlWire:
    """A parsed XML document."""

    def __init__(self, root: etree._Element, skipped_lines: int = 0) -> None:
        self.root: Data = root
        self._skipped = skipped_lines

    def name(self, place: XmlPlace) -> str:
        """Return the path of a place, from the root on, counting elements that have brothers."""
        lineage = [place.element, *place.element.iterancestors()]
        path = "".join(f"/{_step(element)}" for element in reversed(lineage))
        return f"{path}/{place.rest}" if place.rest else path

    def position(self, place: XmlPlace) -> Position | None:
        """Return the line of the element; XML parsers keep no columns."""
        line = place.element.sourceline
        return Position(line=line + self._skipped) if line else None


def _step(element: etree._Element) -> str:
    name = etree.QName(element).localname
    label = f"{element.prefix}:{name}" if element.prefix else name
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = not before and next(element.itersiblings(element.tag), None) is None
    return label if alone else f"{label}[{before + 1}]"
