"""The rules between elements: which one is missing, or too many, by what is there."""

from collections.abc import Iterator, Sequence

from mappings.syntax.edi.grammar.shapes import Note, Rule


def broken(note: Note, there: Sequence[bool]) -> Iterator[tuple[int, str]]:
    """Yield the elements that break a rule, with the fault's code; `there[0]` is the tag."""
    given = [place for place in note.places if place < len(there) and there[place]]
    absent = [place for place in note.places if place not in given]
    first, *others = note.places
    match note.rule:
        case Rule.ALL_OR_NONE if given:
            yield from ((place, "element-needed") for place in absent)
        case Rule.FIRST_NEEDS_ALL if first in given:
            yield from ((place, "element-needed") for place in absent)
        case Rule.SOME | Rule.EXACTLY_ONE if not given:
            yield first, "element-needed"
        case Rule.FIRST_NEEDS_SOME if given == [first]:
            yield others[0], "element-needed"
        case Rule.AT_MOST_ONE | Rule.EXACTLY_ONE if len(given) > 1:
            yield from ((place, "element-excluded") for place in given[1:])
        case Rule.FIRST_FORBIDS if first in given:
            yield from ((place, "element-excluded") for place in given[1:])
        case _:
            return
