"""XPath 1.0 over lxml elements; plain child paths are looked up in an index of children, the rest goes to lxml."""

from collections.abc import Mapping

from lxml import etree

from mappings.data import Data
from mappings.engine.paths import Getter, Path
from mappings.engine.scope import Scope
from mappings.engine.xpath_plain import Frame, Plain, parse_plain
from mappings.errors import Position, Refusal
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
            return bool(_evaluate(xpath, node.element))

        return self._built(text, (holds, holds, holds), None, local=True)

    def node(self, text: str) -> Path:
        """Return a path that hands over the element."""
        path = self._compile(text)

        def get(node: Frame, scope: Scope) -> Data:
            found = path.go(node, scope)
            return None if found is None else found.element

        return self._built(text, (get, path.go, path.many), None, local=path.local)

    def _compile(self, text: str) -> Path:
        if text.lstrip()[:1] in ("$", "^"):
            raise ValueError("XPath has no `$` or `^`: use `/Root/…` or `../…`")
        xpath = self._xpath(text)
        plain = parse_plain(text, self._prefixes)
        local = not text.lstrip().startswith(("/", ".."))
        if plain is None:
            return self._built(text, self._by_library(xpath), None, local=local)
        return self._built(text, self._by_index(plain, xpath), plain, local=local)

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

    def _by_library(self, xpath: etree.XPath) -> tuple[Getter, Getter, Getter]:
        def get(node: Frame, _scope: Scope) -> Data:
            found = _evaluate(xpath, node.element)
            if isinstance(found, list):
                found = found[0] if found else None
            return self._value(found)

        def go(node: Frame, _scope: Scope) -> Frame | None:
            found = _evaluate(xpath, node.element)
            first = found[0] if isinstance(found, list) and found else None
            return Frame(first) if isinstance(first, etree._Element) else None

        def many(node: Frame, _scope: Scope) -> list[Data] | None:
            found = _evaluate(xpath, node.element)
            if not isinstance(found, list):
                raise Refusal(
                    "the path doesn't lead to elements or attributes, so there is nothing to repeat over"
                )
            return [Frame(item) if isinstance(item, etree._Element) else Leaf(item) for item in found] or None

        return get, go, many

    def _by_index(self, plain: Plain, xpath: etree.XPath) -> tuple[Getter, Getter, Getter]:
        by_get, by_go, by_many = self._by_library(xpath)
        start, parents, leaf, attribute = plain.start, plain.parents, plain.leaf, plain.attribute
        value = self._value

        def frame_at(node: Frame, scope: Scope) -> Frame | None:
            """Return the frame of the last parent. LookupError: one of them has brothers; ask the library."""
            here = node if start is None else scope.root.node
            if start is not None and here.element.tag != start:
                return None
            for tag in parents:
                if tag in here.repeated:
                    raise LookupError
                inner = here.frames.get(tag)
                if inner is None:
                    element = here.children.get(tag)
                    if element is None:
                        return None
                    inner = here.frames[tag] = Frame(element)
                here = inner
            return here

        def get(node: Frame, scope: Scope) -> Data:
            try:
                here = frame_at(node, scope) if parents or start else node
            except LookupError:
                return by_get(node, scope)
            if here is None:
                return None
            if attribute is not None:
                return value(here.element.get(attribute))
            return value(here.children.get(leaf) if leaf is not None else here.element)

        def go(node: Frame, scope: Scope) -> Frame | None:
            try:
                here = frame_at(node, scope)
            except LookupError:
                return by_go(node, scope)
            if here is None or attribute is not None:
                return None
            return here if leaf is None else here.into(leaf)

        def many(node: Frame, scope: Scope) -> list[Data] | None:
            try:
                here = frame_at(node, scope)
            except LookupError:
                return by_many(node, scope)
            if here is None or attribute is not None or leaf is None:
                return by_many(node, scope)
            return [Frame(element) for element in here.element.iterchildren(leaf)] or None

        return get, go, many

    def _value(self, found: Data) -> Data:
        """Return the value of an element, an attribute, or what an expression computes."""
        if found is None or found.__class__ is bool:
            return found
        if isinstance(found, float):
            return _whole(found)
        text = found if isinstance(found, str) else _text(found)
        text = text.strip()
        return text if text or self._keep_blank else None

    def _built(
        self, text: str, getters: tuple[Getter, Getter, Getter], plain: Plain | None, *, local: bool,
    ) -> Path:  # fmt: skip
        get, go, many = getters

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

        return Path(text, get, go, many, many, local, locate, place, places)


class Leaf(Frame):
    """An attribute or text as an item of a list: an element of its own, that holds nothing but it."""

    def __init__(self, text: str) -> None:
        element = etree.Element("value")
        element.text = text
        super().__init__(element)


def _beside(scope: Scope, text: str) -> XmlPlace:
    place: XmlPlace = scope.place
    return XmlPlace(place.element, text)


def _evaluate(xpath: etree.XPath, element: etree._Element) -> Data:
    try:
        return xpath(element)
    except etree.XPathError as error:
        raise Refusal(f"the path fails here: {error}") from None


def _whole(number: float) -> int | None:
    if number != number:  # noqa: PLR0124 - not a number is what isn't equal to itself
        return None
    if not number.is_integer():
        raise Refusal("XPath computes in floats, which aren't exact: select the values and use a transform")
    return int(number)


def _text(element: etree._Element) -> str:
    if len(element):
        raise Refusal("this element holds other elements: the path must name one of them")
    return element.text or ""
