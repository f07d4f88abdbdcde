"""Reads the two kinds of grammar files: a version's dictionary, and a set."""

from collections.abc import Callable
from dataclasses import replace

from mappings.errors import Mark
from mappings.suggest import did_you_mean
from mappings.syntax.edi.grammar.changes import STATEMENTS, changed, is_change
from mappings.syntax.edi.grammar.dictionary import KEYWORDS, read_dictionary
from mappings.syntax.edi.grammar.shapes import Dictionary, SetShape
from mappings.syntax.edi.grammar.structure import read_items
from mappings.syntax.edi.grammar.text import Complaints, Line, parse_lines

BaseOf = Callable[[str], tuple[Dictionary, str | None] | None]


def read_version(
    text: str, file: str, base_of: BaseOf, complaints: Complaints
) -> tuple[Dictionary, str | None]:
    """Return a version's dictionary, and the version that it says to be based on."""
    lines = parse_lines(text, file, complaints)
    base, below = None, Dictionary()
    for line in lines:
        if line.keyword == "base" and len(line.words) == 2:  # noqa: PLR2004 - the keyword and a version
            base = line.words[1]
            found = base_of(base)
            if found is None:
                complaints.add(line.mark, f"there is no version {base!r} beside this one")
            else:
                below = found[0]
        elif line.keyword not in KEYWORDS:
            _complain(line, ("base", *KEYWORDS), complaints)
    return read_dictionary(lines, below, complaints), base


def read_set(
    text: str, file: str, dictionary: Dictionary, below: SetShape | None, complaints: Complaints
) -> SetShape:
    """Return the set of a file: `set TYPE | title` with its segments, or `set TYPE like VERSION` with changes."""
    lines = parse_lines(text, file, complaints)
    own = read_dictionary([line for line in lines if line.keyword in KEYWORDS], dictionary, complaints)
    shape = SetShape("", "", (), own)
    for line in lines:
        if line.keyword == "set":
            shape = _set(line, own, below, complaints)
        elif line.keyword not in KEYWORDS:
            _complain(line, ("set", *KEYWORDS), complaints)
    if not shape.type:
        complaints.add(Mark(file), "write `set TYPE | title`, and its segments in the lines under it")
    return shape


def _set(line: Line, dictionary: Dictionary, below: SetShape | None, complaints: Complaints) -> SetShape:
    match line.words[1:]:
        case (name,):
            return SetShape(name, line.title, read_items(line.under, dictionary, complaints), dictionary)
        case (name, "like", _) if below is not None:
            for inner in line.under:
                if not is_change(inner):
                    _complain(inner, STATEMENTS, complaints)
            shape = SetShape(name, line.title or below.title, below.items, dictionary)
            return changed(shape, [inner for inner in line.under if is_change(inner)], complaints)
        case (_, "like", version):
            complaints.add(
                line.mark, f"this version isn't based on {version}: write `base {version}` in its dictionary"
            )
        case _:
            complaints.add(line.mark, "write `set TYPE | title`, or `set TYPE like VERSION`")
    return replace(SetShape("?", "", (), dictionary))


def _complain(line: Line, known: tuple[str, ...], complaints: Complaints) -> None:
    complaints.add(line.mark, f"{line.keyword!r} says nothing here{did_you_mean(line.keyword, known)}")
