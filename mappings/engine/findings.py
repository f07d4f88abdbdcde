"""What is wrong with mapping documents, gathered so that all of it can be said at once."""

from mappings.errors import Finding, Mark, Severity


class Findings:
    """Gathers what is wrong with mapping documents, so that all of it can be said at once."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def error(self, mark: Mark, message: str) -> None:
        """Add something that forbids the use of the mapping."""
        self._add(Finding(mark, message))

    def warn(self, mark: Mark, message: str) -> None:
        """Add something that is likely a mistake."""
        self._add(Finding(mark, message, Severity.WARNING))

    def _add(self, finding: Finding) -> None:
        # What is wrong with a base is found again in each of its overlays.
        if finding not in self._found:
            self._found.append(finding)

    @property
    def all(self) -> tuple[Finding, ...]:
        """All findings, in the order of the files and their lines."""
        return tuple(sorted(self._found, key=lambda finding: finding.mark))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that forbid the use of the mapping."""
        return tuple(finding for finding in self.all if finding.severity is Severity.ERROR)
