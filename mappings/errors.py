"""What is wrong with a document, or with a mapping, and where: said once, in one shape."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Self

from mappings.data import is_object, is_sequence

SHOWN_CHARACTERS = 80


class ErrorCode(StrEnum):
    """What kind of thing is wrong; together with the place it names a group of failures."""

    SYNTAX = "syntax"
    """The text can't be read as what it is said to be."""
    LIMIT = "limit"
    """The document is larger or deeper than is agreed."""
    MISSING = "missing"
    """A value that must be there isn't."""
    VALUE = "value"
    """A value isn't as its transform needs it."""
    TABLE = "table"
    """A code isn't in its code table."""
    TARGET = "target"
    """The canonical model, or the partner's format, refuses what was built."""
    PYTHON = "python"
    """A registered Python transform failed."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a wire document, as far as its syntax knows it. All but `offset` count from one."""

    line: int | None = None
    column: int | None = None
    offset: int | None = None
    """Bytes or characters from the start of the document, as the syntax counts."""
    segment: int | None = None
    element: int | None = None
    component: int | None = None

    def __str__(self) -> str:
        named = (
            ("segment", self.segment), ("element", self.element), ("component", self.component),
            ("line", self.line), ("column", self.column),
        )  # fmt: skip
        parts = [f"{name} {number}" for name, number in named if number is not None]
        return ", ".join(parts) or f"offset {self.offset}"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a mapping's file; counts from one."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one document, with all that is known about it."""

    reason: str
    """What is wrong, and the way out."""
    code: ErrorCode = ErrorCode.SYNTAX
    mark: Mark | None = None
    """The line of the mapping that was at work."""
    source: str | None = None
    """The path in the document that was read (or in the canonical document, when writing)."""
    position: Position | None = None
    target: str | None = None
    """The path of what should have been filled."""
    value: str | None = None
    """What was found, shortened, or masked where it is personal."""
    document: int | None = None
    """Which of several documents in one wire document, counted from one."""

    def at(self, mark: Mark | None) -> Self:
        """Return it with the mapping's line, where it has none yet."""
        return replace(self, mark=self.mark or mark)

    @property
    def signature(self) -> str:
        """What is equal for all failures that one change of the mapping would mend."""
        place = _without_numbers(self.target or self.source or "")
        return f"{self.code}:{self.mark.file if self.mark else ''}:{place}"

    def as_dict(self) -> dict[str, object]:
        """Return what is known as plain data, for problem details and for `--json`."""
        known: dict[str, object] = {key: value for key, value in asdict(self).items() if value is not None}
        if self.position is not None:
            known["position"] = {k: v for k, v in asdict(self.position).items() if v is not None}
        return known | {"code": self.code.value}

    def __str__(self) -> str:
        where = [str(part) for part in (self.source, self.position and f"({self.position})") if part]
        if self.document is not None:
            where.insert(0, f"document {self.document}:")
        if self.target is not None and self.target != self.source:
            where.append(f"→ {self.target}")
        head = [str(self.mark)] if self.mark else []
        head += [" ".join(where)] if where else []
        found = "" if self.value is None else f" (found {self.value})"
        return ": ".join([*head, f"{self.reason}{found}"])


class MappingError(Exception):
    """A document that can't be translated. `problem` is the first thing wrong, `problems` is all that is known."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is known to be wrong."""
        return (self.problem,)

    def at(self, mark: Mark | None) -> "MappingError":
        """Return the same error with the mapping's line, where it has none yet."""
        return MappingError(self.problem.at(mark))

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class MappingErrors(MappingError):  # noqa: N818 - it is several of them
    """Everything that is wrong with a document, collected; there is at least one problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._problems = tuple(problems)
        super().__init__(self._problems[0])
        self.args = (self._problems,)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong, in the order of the mapping."""
        return self._problems

    def at(self, mark: Mark | None) -> "MappingErrors":
        """Return the same errors with the mapping's line, where they have none yet."""
        return MappingErrors(problem.at(mark) for problem in self._problems)


class Severity(StrEnum):
    """Whether a finding forbids the use of a mapping."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a mapping document itself."""

    mark: Mark
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        prefix = "" if self.severity is Severity.ERROR else "warning: "
        return f"{self.mark}: {prefix}{self.message}"


class InvalidMappingError(Exception):
    """A mapping document that can't be used; `findings` says everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(self.findings)

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class Refusal(ValueError):  # noqa: N818 - it is a refusal; who catches it makes an error with a place of it
    """A value isn't as it must be. It says why; where that was is added by whoever knows the place."""

    def __init__(self, reason: str, code: ErrorCode = ErrorCode.VALUE) -> None:
        super().__init__(reason)
        self.reason, self.code = reason, code


def shown(value: object, *, personal: bool = False) -> str:
    """Return `value` short enough for an error, and masked where it is personal."""
    if personal:
        return f"{len(value)} characters, hidden" if isinstance(value, str) else "hidden"
    if isinstance(value, str):
        return _short(repr(value[: SHOWN_CHARACTERS + 1]))
    if is_object(value):
        return f"an object of {len(value)} fields"
    if is_sequence(value):
        return f"a list of {len(value)} items"
    try:
        return _short(str(value))
    except Exception:  # noqa: BLE001 - an error about a value must not fail on how the value shows itself
        return f"a {type(value).__name__}"


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


def _without_numbers(path: str) -> str:
    """Replace the numbers in brackets: `lines[2].sku` and `lines[7].sku` fail for the same reason."""
    out: list[str] = []
    for part in path.split("["):
        number, bracket, rest = part.partition("]")
        out.append(f"]{rest}" if bracket and number.isdigit() else part)
    return "[".join(out)
