"""A partner's overlay on a grammar: what is mandatory, forbidden, limited or restricted for that partner.

overlay acme-orders
on x12 004010 850
require REF PO1/PID
codes N101 ST BT
"""

from dataclasses import dataclass, replace

from mappings.errors import Mark
from mappings.suggest import did_you_mean
from mappings.syntax.edi.grammar.changes import STATEMENTS, changed, is_change
from mappings.syntax.edi.grammar.dictionary import KEYWORDS, read_dictionary
from mappings.syntax.edi.grammar.shapes import SetShape
from mappings.syntax.edi.grammar.text import Complaints, Line, parse_lines
from mappings.syntax.edi.model import SetKey, Standard


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay's lines, and what they are laid on."""

    name: str
    key: SetKey
    lines: tuple[Line, ...]
    mark: Mark

    def laid_on(self, shape: SetShape, complaints: Complaints) -> SetShape:
        """Return the set with the overlay's definitions and changes."""
        definitions = [line for line in self.lines if not is_change(line)]
        own = read_dictionary(definitions, shape.dictionary, complaints)
        base = replace(shape, dictionary=own, overlays=(*shape.overlays, self.name))
        return changed(base, [line for line in self.lines if is_change(line)], complaints)


def read_overlay(text: str, file: str, complaints: Complaints) -> Overlay | None:
    """Return the overlay of a file; None, and complaints, for a file that is none."""
    lines = parse_lines(text, file, complaints)
    name, key, mark = "", None, Mark(file)
    for line in lines:
        match line.words:
            case ("overlay", word):
                name = word
            case ("on", standard, version, type_):
                key, mark = _key(line, standard, version, type_, complaints), line.mark
            case _ if line.keyword not in (*KEYWORDS, *STATEMENTS):
                known = ("overlay", "on", *KEYWORDS, *STATEMENTS)
                complaints.add(
                    line.mark, f"an overlay has no {line.keyword!r}{did_you_mean(line.keyword, known)}"
                )
            case _:
                pass
    if not name:
        complaints.add(Mark(file), "write `overlay NAME` in the first line")
    if mark == Mark(file):
        complaints.add(Mark(file), "write what it is laid on: `on x12 004010 850`")
    body = tuple(line for line in lines if line.keyword in (*KEYWORDS, *STATEMENTS))
    return None if key is None else Overlay(name, key, body, mark)


def _key(line: Line, standard: str, version: str, type_: str, complaints: Complaints) -> SetKey | None:
    if standard not in {one.value for one in Standard}:
        complaints.unknown(line.mark, "standard", standard, [one.value for one in Standard])
        return None
    return SetKey(Standard(standard), type_, version)
