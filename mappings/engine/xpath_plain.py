"""Plain XPath (`Header/Id`, `/Order/Lines/Line`, `Price/@currency`) without the library: one look at all children of an
element costs less than looking one of them up, and serves all fields that lie under it.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from mappings.engine.scope import Scope
from mappings.syntax.xml_places import Element, XmlPlace

_NAME = r"[A-Za-z_][A-Za-z0-9._-]*"
_STEP = re.compile(rf"(?:({_NAME}):)?({_NAME})")
_WORDS = frozenset({"and", "or", "div", "mod"})


class Frame:
    """An element, and its first child of each name."""

    __slots__ = ("children", "element", "frames", "repeated")

    def __init__(self, element: Element) -> None:
        """Look at all children once. `repeated` names those of which there are several."""
        self.element = element
        self.children: dict[object, Element] = {
            child.tag: child for child in element.iterchildren(reversed=True)
        }
        self.frames: dict[str, Frame] = {}
        self.repeated: frozenset[object] = frozenset()
        if len(self.children) != len(element):
            counts = Counter(child.tag for child in element)
            self.repeated = frozenset(tag for tag, count in counts.items() if count > 1)

    def into(self, tag: str) -> "Frame | None":
        """Return the frame of the first child of that name."""
        found = self.frames.get(tag)
        if found is None:
            element = self.children.get(tag)
            if element is None:
                return None
            found = self.frames[tag] = Frame(element)
        return found


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain path: the name of the root that it starts at, parents, and an element or an attribute."""

    steps: tuple[str, ...]
    start: str | None
    parents: tuple[str, ...]
    leaf: str | None
    attribute: str | None

    def place(self, scope: Scope) -> XmlPlace:
        """Return the place of what was looked for, or of the nearest element on the way to it."""
        element = scope.place.element if self.start is None else scope.root.place.element
        steps = self.steps[1:] if self.start is not None else self.steps
        if self.start is not None and element.tag != self.start:
            return XmlPlace(element, f"/{'/'.join(self.steps)}")
        tags = [*self.parents, *([self.leaf] if self.leaf is not None else [])]
        for i, tag in enumerate(tags):
            inner = element.find(tag)
            if inner is None:
                return XmlPlace(element, "/".join(steps[i:]))
            element = inner
        return XmlPlace(element, steps[-1] if self.attribute is not None else "")


def parse_plain(text: str, prefixes: Mapping[str, str]) -> Plain | None:
    """Return a plain path; None for one that needs the library."""
    text = text.strip()
    absolute = text.startswith("/")
    steps = tuple(text[1:].split("/")) if absolute else tuple(text.split("/"))
    if steps == (".",):
        return Plain((), None, (), None, None)
    tags: list[str] = []
    attribute: str | None = None
    for i, step in enumerate(steps):
        is_attribute = step.startswith("@") and i == len(steps) - 1
        match = _STEP.fullmatch(step[1:] if is_attribute else step)
        if match is None or match[2] in _WORDS or (match[1] is not None and match[1] not in prefixes):
            return None
        tag = f"{{{prefixes[match[1]]}}}{match[2]}" if match[1] is not None else match[2]
        if is_attribute:
            attribute = tag
        else:
            tags.append(tag)
    start = None
    if absolute:
        if not tags:
            return None
        start = tags.pop(0)
    if attribute is not None:
        return Plain(steps, start, tuple(tags), None, attribute)
    leaf = tags.pop() if tags else None
    return Plain(steps, start, tuple(tags), leaf, None)
