"""Reads a version's dictionary: elements, composites, segments, the rules between elements, and closed code lists."""

from dataclasses import replace

from mappings.syntax.edi.grammar.shapes import Dictionary, Part, SegmentShape
from mappings.syntax.edi.grammar.text import Complaints, Line
from mappings.syntax.edi.grammar.words import read_element, read_note, read_use

KEYWORDS = ("element", "codes", "composite", "segment")


def read_dictionary(lines: list[Line], base: Dictionary, complaints: Complaints) -> Dictionary:
    """Return `base` with what `lines` define put in, or in the place of what is there."""
    found = base.copy()
    changed: set[str] = set()
    for line in lines:
        if line.keyword == "element":
            _add_element(line, found, changed, complaints)
        elif line.keyword == "codes":
            _add_codes(line, found, changed, complaints)
    _refresh(found, changed)
    composites = [line for line in lines if line.keyword == "composite"]
    for line in composites:
        _add_shape(line, found, complaints)
    _refresh(found, {word for line in composites for word in line.words[1:2]})
    for line in lines:
        if line.keyword == "segment":
            _add_shape(line, found, complaints)
    return found


def _add_element(line: Line, into: Dictionary, changed: set[str], complaints: Complaints) -> None:
    element = read_element(line, complaints)
    if element is None:
        return
    if element.reference in changed:
        complaints.add(line.mark, f"the element {element.reference} is defined twice in this file")
    known = into.elements.get(element.reference)
    if known is not None and not element.title:
        element = replace(element, title=known.title, personal=known.personal or element.personal)
    into.elements[element.reference] = element
    changed.add(element.reference)


def _add_codes(line: Line, into: Dictionary, changed: set[str], complaints: Complaints) -> None:
    references = line.words[1:2]
    codes = frozenset((*line.words[2:], *(word for word, _ in line.all_words())))
    if not references or not codes:
        complaints.add(line.mark, "write `codes ELEMENT CODE CODE …`")
    elif references[0] not in into.elements:
        complaints.unknown(line.mark, "element", references[0], list(into.elements))
    else:
        into.elements[references[0]] = replace(into.elements[references[0]], codes=codes)
        changed.add(references[0])


def _refresh(found: Dictionary, changed: set[str]) -> None:
    """Put changed elements and composites into what a base brought along."""
    if not changed:
        return
    for name, composite in found.composites.items():
        found.composites[name] = _refreshed(composite, found, changed)
    for tag, shape in found.segments.items():
        parts = tuple(_refreshed(part, found, changed) for part in shape.parts)
        found.segments[tag] = replace(shape, parts=parts)


def _refreshed(part: Part, found: Dictionary, changed: set[str]) -> Part:
    if part.element is not None:
        return replace(part, element=found.elements[part.reference]) if part.reference in changed else part
    if part.reference in changed and part.reference in found.composites:
        return replace(found.composites[part.reference], required=part.required, repeat=part.repeat)
    return replace(part, parts=tuple(_refreshed(inner, found, changed) for inner in part.parts))


def _add_shape(line: Line, into: Dictionary, complaints: Complaints) -> None:
    name, is_open = _head(line)
    if not name:
        advice = "and its elements in the lines under it"
        complaints.add(line.mark, f"write `{line.keyword} NAME | title`, {advice}; or `segment NAME open`")
        return
    parts: list[Part] = []
    for inner in line.under:
        if inner.keyword != "note":
            parts += [part for word in inner.words if (part := _part(word, inner, into, complaints))]
    if not parts and not is_open:
        complaints.add(line.mark, f"{name} has no elements")
    if line.keyword == "composite":
        into.composites[name] = Part(name, None, parts=tuple(parts), title=line.title)
        return
    notes = tuple(
        note
        for inner in line.under
        if inner.keyword == "note"
        for word in inner.words[1:]
        if (note := read_note(word, len(parts), inner.mark, complaints))
    )
    into.segments[name] = SegmentShape(name, line.title, tuple(parts), notes)


def _head(line: Line) -> tuple[str, bool]:
    """Return the name, and whether it is a segment whose elements are not looked at: `segment LH1 open`."""
    match line.words:
        case (_, name):
            return name, False
        case ("segment", name, "open"):
            return name, True
        case _:
            return "", False


def _part(word: str, line: Line, known: Dictionary, complaints: Complaints) -> Part | None:
    name, required, repeat = read_use(word, line.mark, complaints)
    if not name:
        return None
    if name in known.composites:
        return replace(known.composites[name], required=required, repeat=repeat)
    if name in known.elements:
        element = known.elements[name]
        return Part(name, element, required, repeat, title=element.title)
    complaints.unknown(line.mark, "element or composite", name, [*known.elements, *known.composites])
    return None
