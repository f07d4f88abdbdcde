"""How an XPath is followed: by the library, or, where it is plain, in the index of children."""

from collections.abc import Callable
from typing import cast

from lxml import etree

from mappings.data import Data, is_list
from mappings.engine.paths import Getter
from mappings.engine.scope import Scope
from mappings.engine.xpath_plain import Frame, Plain
from mappings.errors import Refusal
from mappings.syntax.xml_places import Element

Getters = tuple[Getter, Getter, Getter, Getter | None]
"""Of a value, of a node to go into, of nodes to repeat over, and whether what would hold these is there."""


class Leaf(Frame):
    """An attribute or text as an item of a list: an element of its own, that holds nothing but it."""

    def __init__(self, text: str) -> None:
        element = etree.Element("value")
        element.text = text
        super().__init__(element)


def by_library(xpath: etree.XPath, *, keep_blank: bool) -> Getters:
    """Return the getters of any expression."""

    def get(node: Frame, _scope: Scope) -> Data:
        found = evaluate(xpath, node.element)
        if is_list(found):
            found = found[0] if found else None
        return _value(found, keep_blank=keep_blank)

    def go(node: Frame, _scope: Scope) -> Frame | None:
        found = evaluate(xpath, node.element)
        first = found[0] if is_list(found) and found else None
        return Frame(first) if isinstance(first, Element) else None

    def many(node: Frame, _scope: Scope) -> list[Frame] | None:
        found = evaluate(xpath, node.element)
        if not is_list(found):
            raise Refusal("the path doesn't lead to elements, so there is nothing to repeat over")
        return [Frame(item) if isinstance(item, Element) else Leaf(str(item)) for item in found] or None

    return get, go, many, None


def by_index(plain: Plain, xpath: etree.XPath, *, keep_blank: bool) -> Getters:
    """Return the getters of a plain path. Where a parent has brothers, XPath looks into all: the library is asked."""
    library_get, library_go, library_many, _ = by_library(xpath, keep_blank=keep_blank)
    leaf, attribute = plain.leaf, plain.attribute
    last, read = _last_parent(plain), _reader(leaf, attribute)

    def get(node: Frame, scope: Scope) -> Data:
        here = last(node, scope)
        if here is None:
            return None
        if here is _SEVERAL:
            return library_get(node, scope)
        text = read(here)
        return None if text is None else _stripped(text, keep_blank=keep_blank)

    def go(node: Frame, scope: Scope) -> Frame | None:
        here = None if attribute is not None else last(node, scope)
        if here is _SEVERAL:
            return cast("Frame | None", library_go(node, scope))
        return here if here is None or leaf is None else here.into(leaf)

    def many(node: Frame, scope: Scope) -> list[Frame] | None:
        here = last(node, scope)
        if here is None:
            return None
        if here is _SEVERAL or leaf is None:
            return cast("list[Frame] | None", library_many(node, scope))
        return [Frame(element) for element in here.element.iterchildren(leaf)] or None

    return get, go, many, lambda node, scope: last(node, scope) is not None


def _reader(leaf: str | None, attribute: str | None) -> Callable[[Frame], str | None]:
    """Return what reads a child, an attribute, or the element itself, at the last parent."""
    if attribute is not None:
        return lambda frame: frame.element.get(attribute)
    if leaf is None:
        return lambda frame: _text(frame.element)

    def read(frame: Frame) -> str | None:
        found = frame.children.get(leaf)
        return None if found is None else _text(found)

    return read


_SEVERAL = Leaf("several")
"""In place of a parent of which there are several."""


def _last_parent(plain: Plain) -> Getter:
    """Return what goes to the parent of what is looked for: a frame, None, or `_SEVERAL`."""
    start, parents = plain.start, plain.parents
    if start is None and not parents:
        return lambda node, _scope: node

    def last(node: Frame, scope: Scope) -> Frame | None:
        here = node
        if start is not None:
            here = scope.root.node
            if here.element.tag != start:
                return None
        for tag in parents:
            if tag in here.repeated:
                return _SEVERAL
            inner = here.frames.get(tag) or here.into(tag)
            if inner is None:
                return None
            here = inner
        return here

    return last


def evaluate(xpath: etree.XPath, element: Element) -> Data:
    """Return what an expression gives; what fails while it runs is refused."""
    try:
        return xpath(element)
    except (
        etree.XPathError
    ) as error:  # pragma: no cover - only a document beyond the library's limits does this
        raise Refusal(f"the path fails here: {error}") from None


def _value(found: Data, *, keep_blank: bool) -> Data:
    """Return the value of an element, an attribute, or what an expression computes."""
    if found is None or found.__class__ is bool:
        return found
    if isinstance(found, float):
        return _whole(found)
    return _stripped(found if isinstance(found, str) else _text(found), keep_blank=keep_blank)


def _stripped(text: str, *, keep_blank: bool) -> str | None:
    text = text.strip()
    return text if text or keep_blank else None


def _whole(number: float) -> int | None:
    if number != number:  # noqa: PLR0124 - not a number is what isn't equal to itself
        return None
    if not number.is_integer():
        raise Refusal("XPath computes in floats, which aren't exact: select the values and use a transform")
    return int(number)


def _text(element: Element) -> str:
    if len(element):
        raise Refusal("this element holds other elements: the path must name one of them")
    return element.text or ""
