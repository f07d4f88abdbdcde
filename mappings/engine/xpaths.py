"""XPath 1.0 over lxml elements; plain child paths are looked up in an index of children, the rest goes to lxml."""

from collections.abc import Mapping

from lxml import etree

from mappings.data import Data
from mappings.engine.paths import Path
from mappings.engine.scope import Scope
from mappings.engine.xpath_getters import Getters, Leaf, by_index, by_library, evaluate
from mappings.engine.xpath_plain import Frame, Plain, parse_plain
from mappings.errors import Position
from mappings.syntax.base import Wire
from mappings.syntax.xml_places import XmlPlace


class XPaths:
    """XPath as a path language, with the prefixes that the mapping declares."""

    itself = "."
    view = None

    def __init__(self, prefixes: Mapping[str, str], *, keep_blank: bool = False) -> None:
        self._prefixes = {prefix: uri for prefix, uri in prefixes.items() if prefix}
        self._keep_blank = keep_blank

    def enter(self, root: Data) -> Frame:
        """Return the frame of an element."""
        return Frame(root)

    def place_of_root(self, root: Data) -> XmlPlace:
        """Return the place of the root element."""
        return XmlPlace(root)

    def path(self, text: str) -> Path:
        """Return a path to a value: the text of an element or attribute, without the spaces around it."""
        return self._compile(text)

    def condition(self, text: str) -> Path:
        """Return a condition, as XPath's boolean() has it."""
        self._xpath(text)
        xpath = self._xpath(f"boolean({text})")

        def holds(node: Frame, _scope: Scope) -> bool:
            return bool(evaluate(xpath, node.element))

        return self._built(text, (holds, holds, holds, None), None, local=True)

    def node(self, text: str) -> Path:
        """Return a path that hands over the element."""
        path = self._compile(text)

        def get(node: Frame, scope: Scope) -> Data:
            found = path.go(node, scope)
            return None if found is None else found.element

        return self._built(text, (get, path.go, path.many, None), None, local=path.local)

    def _compile(self, text: str) -> Path:
        if text.lstrip()[:1] in ("$", "^"):
            raise ValueError("XPath has no `$` or `^`: use `/Root/…` or `../…`")
        xpath = self._xpath(text)
        plain = parse_plain(text, self._prefixes)
        local = not text.lstrip().startswith(("/", ".."))
        if plain is None:
            return self._built(text, by_library(xpath, keep_blank=self._keep_blank), None, local=local)
        return self._built(text, by_index(plain, xpath, keep_blank=self._keep_blank), plain, local=local)

    def _xpath(self, text: str) -> etree.XPath:
        try:
            xpath = etree.XPath(text, namespaces=self._prefixes, regexp=False, smart_strings=False)
            # Prefixes and functions are only looked up when an expression runs.
            xpath(etree.Element("probe"))
        except (etree.XPathError, ValueError) as error:
            known = ", ".join(self._prefixes) or "none"
            hint = f" (declared: {known})" if "prefix" in str(error) else ""
            raise ValueError(f"{error}{hint}") from None
        return xpath

    def _built(
        self, text: str, getters: Getters, plain: Plain | None, *, local: bool,
    ) -> Path:  # fmt: skip
        get, go, many, reaches = getters

        def place(scope: Scope) -> XmlPlace:
            if plain is not None:
                return plain.place(scope)
            found = go(scope.node, scope)
            return XmlPlace(found.element) if isinstance(found, Frame) else _beside(scope, text)

        def locate(scope: Scope, wire: Wire) -> tuple[str, Position | None]:
            found = place(scope)
            return wire.name(found), wire.position(found)

        def places(scope: Scope, items: list[Data]) -> list[XmlPlace]:
            return [_beside(scope, text) if isinstance(i, Leaf) else XmlPlace(i.element) for i in items]

        return Path(text, get, go, many, many, local, locate, place, places, reaches=reaches)


def _beside(scope: Scope, text: str) -> XmlPlace:
    place: XmlPlace = scope.place
    return XmlPlace(place.element, text)
