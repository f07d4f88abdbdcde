"""What is wrong with a configuration, and where: every problem in one shape, all of them at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import HubError
from mappings.errors import Mark, Severity


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong: where, under which key, what stands there, why that is wrong, and the way out."""

    mark: Mark
    reason: str
    key: str = ""
    """The path of the key, such as `connectors.shop.tolerance_s`."""
    found: str | None = None
    """What the file says there; never a secret, nor what a placeholder stands for."""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        warning = "warning: " if self.severity is Severity.WARNING else ""
        parts = [str(self.mark), f"{warning}{self.key}" if self.key else "", self.reason]
        if not self.key:
            parts[2] = warning + self.reason
        said = ": ".join(part for part in parts if part)
        return said if self.found is None else f"{said} (found {self.found})"

    def as_dict(self) -> dict[str, str | int]:
        """Return what is known, for `--json`."""
        known: dict[str, str | int | None] = {
            "file": self.mark.file, "line": self.mark.line, "column": self.mark.column,
            "key": self.key or None, "reason": self.reason, "found": self.found, "severity": self.severity.value,
        }  # fmt: skip
        return {name: value for name, value in known.items() if value is not None}


class ConfigError(HubError):
    """A configuration that can't be used: everything that is wrong with it, in the order of its lines."""

    def __init__(self, problems: Iterable[ConfigProblem]) -> None:
        found = sorted(problems, key=lambda p: (p.mark.file, p.mark.line, p.mark.column))
        self.problems = tuple(dict.fromkeys(found))
        super().__init__("\n".join(str(problem) for problem in self.problems))
