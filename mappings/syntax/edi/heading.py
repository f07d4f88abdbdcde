"""What the header of an interchange says, in both families: who, to whom, under which number, whether for a test."""

from dataclasses import dataclass

from mappings.syntax.edi.faults import ENVELOPES
from mappings.syntax.edi.model import Delimiters, Segment, Standard
from mappings.syntax.edi.values import components, value


@dataclass(frozen=True, slots=True)
class Heading:
    """ISA or UNB, as it is written."""

    standard: Standard
    delimiters: Delimiters
    head: Segment
    """A bare tag where the file has none."""

    @property
    def control(self) -> str:
        """ISA13 or UNB's 0020; empty where it is missing."""
        return self.element(ENVELOPES[self.standard][0].reference)

    @property
    def sender(self) -> tuple[str, str]:
        """Qualifier and id of who sent it (ISA05, ISA06; UNB's S002)."""
        return self._party(5, 2)

    @property
    def receiver(self) -> tuple[str, str]:
        """Qualifier and id of whom it is for (ISA07, ISA08; UNB's S003)."""
        return self._party(7, 3)

    @property
    def is_test(self) -> bool:
        """Whether it says so: ISA15 is T, UNB's 0035 is 1."""
        return self.element(15) == "T" if self.standard is Standard.X12 else self.element(11) == "1"

    def element(self, number: int, component: int = 1) -> str:
        """Return an element of the header; empty where it is missing."""
        return value(self.head, number, self.delimiters, component)

    def _party(self, x12: int, edifact: int) -> tuple[str, str]:
        if self.standard is Standard.X12:
            return self.element(x12).strip(), self.element(x12 + 1).strip()
        found = components(self.head, edifact, self.delimiters)
        return (found[1] if len(found) > 1 else ""), found[0]
