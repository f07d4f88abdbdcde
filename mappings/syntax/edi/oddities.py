"""What is odd about the bytes of a segment: line breaks within it, and characters that its interchange doesn't have."""

from dataclasses import dataclass

from mappings.errors import Severity
from mappings.syntax.edi.charsets import Charset
from mappings.syntax.edi.cutting import Batch
from mappings.syntax.edi.model import Fault, Level, Segment, Standard
from mappings.syntax.edi.values import place

_BAD_BYTE = {Standard.X12: "6", Standard.EDIFACT: "21"}
"""AK403 and 0085: invalid character."""


@dataclass(slots=True)
class Oddities:
    """Looks at segments one by one. `batch` is what they are from, and says whether there is anything to look for."""

    standard: Standard
    charset: Charset
    severity: Severity
    """Of characters that the set doesn't have."""
    batch: Batch

    def of(
        self, segment: Segment, level: Level, number: int | None = None, *, envelope: bool = True
    ) -> list[Fault]:
        """Return what is odd. An envelope must read alike for both sides: there a line break is an error."""
        found: list[Fault] = []
        if segment.offset in self.batch.wrapped:
            severity = Severity.ERROR if envelope else Severity.WARNING
            found.append(_line_break(segment, level, number, severity))
        if not self.batch.is_ascii:
            found += self._bad_bytes(segment, level, number)
        return found

    def _bad_bytes(self, segment: Segment, level: Level, number: int | None) -> list[Fault]:
        found: list[Fault] = []
        for element, field in enumerate(segment.fields):
            try:
                self.charset.text(field)
            except ValueError as error:
                found.append(
                    Fault(
                        "charset", str(error), level, place(segment, element, number), tag=segment.tag[:3],
                        standard_code=_BAD_BYTE[self.standard] if level is Level.ELEMENT else None,
                        severity=self.severity,
                    )
                )  # fmt: skip
        return found


def _line_break(segment: Segment, level: Level, number: int | None, severity: Severity) -> Fault:
    message = f"{segment.tag[:3]} has a line break within: whoever sent it must not wrap the lines"
    return Fault(
        "line-break", message, level, place(segment, None, number), tag=segment.tag[:3], severity=severity
    )
