"""A compiled mapping: read a partner's document, or write one."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar, overload

from pydantic import BaseModel

from mappings.data import Data
from mappings.engine.scope import Scope
from mappings.engine.translating import Canonical, Context, Parts, Provenance, provenance, unexpected
from mappings.errors import ErrorCode, MappingError, MappingErrors, Mark, Problem

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_NO_CONTEXT: Context = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of the documents in a wire document: a model, or everything that is wrong."""

    number: int
    """Counted from one."""
    document: BaseModel | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """Translates between one partner's documents and one canonical model, in one direction."""

    name: str
    version: str
    digest: str
    """SHA-256 of all that it says, with its tables and what it is built on."""
    mark: Mark
    reads: bool
    parts: Parts

    @property
    def model(self) -> type[BaseModel]:
        """The canonical model: what is read, or what is written from."""
        return self.parts.model

    # ---- reading ---------------------------------------------------------------------------------------------

    @overload
    def read(self, raw: bytes, context: Context = ..., *, expect: None = None) -> BaseModel: ...
    @overload
    def read(self, raw: bytes, context: Context = ..., *, expect: type[M]) -> M: ...

    def read(
        self, raw: bytes, context: Context = _NO_CONTEXT, *, expect: type[M] | None = None
    ) -> BaseModel | M:
        """Return the one canonical document in `raw`; raise `MappingError` with the first thing that is wrong.

        `expect` says which model that is, for the type checker, and is checked.
        """
        found = self.read_all(raw, context, expect=expect) if expect else self.read_all(raw, context)
        if len(found) != 1:
            reason = f"one document is expected, and {len(found)} are here; read them all"
            raise MappingError(Problem(reason, ErrorCode.VALUE, self.mark))
        return found[0]

    @overload
    def read_all(self, raw: bytes, context: Context = ..., *, expect: None = None) -> Sequence[BaseModel]: ...
    @overload
    def read_all(self, raw: bytes, context: Context = ..., *, expect: type[M]) -> Sequence[M]: ...

    def read_all(
        self, raw: bytes, context: Context = _NO_CONTEXT, *, expect: type[M] | None = None,
    ) -> Sequence[BaseModel] | Sequence[M]:  # fmt: skip
        """Return all canonical documents in `raw`, in their order; raise `MappingError` at the first that is wrong."""
        self._must(reads=True)
        if expect is not None and not issubclass(self.model, expect):
            raise TypeError(f"{self.name} reads {self.model.__name__}, not {expect.__name__}")
        wire = self.parts.parse(raw)
        return [
            self.parts.document(wire, start, number) for number, start in self.parts.starts(wire, context)
        ]

    def outcomes(self, raw: bytes, context: Context = _NO_CONTEXT) -> Iterator[Outcome]:
        """Yield what becomes of each document in `raw`: one that is wrong doesn't stop those behind it.

        It raises `MappingError` only where `raw` as a whole can't be read.
        """
        self._must(reads=True)
        wire = self.parts.parse(raw)
        for number, start in self.parts.starts(wire, context):
            try:
                yield Outcome(number, self.parts.document(wire, start, number))
            except MappingError as error:
                yield Outcome(number, None, error.problems)

    def check(self, raw: bytes, context: Context = _NO_CONTEXT) -> tuple[Problem, ...]:
        """Return everything that is wrong with `raw`, up to a hundred problems for each document in it."""
        try:
            return tuple(problem for outcome in self.outcomes(raw, context) for problem in outcome.problems)
        except MappingError as error:
            return error.problems

    def explain(self, raw: bytes, context: Context = _NO_CONTEXT) -> tuple[Provenance, ...]:
        """Return for each canonical field that `raw` fills where its value came from; personal values are masked."""
        self._must(reads=True)
        wire = self.parts.parse(raw)
        found: list[Provenance] = []
        for number, start in self.parts.starts(wire, context):
            trace = self.parts.trace(wire)
            self.parts.retrace(trace, start)
            prefix = f"{number}: " if self.parts.documents else ""
            found += provenance(trace, prefix)
        return tuple(found)

    # ---- writing ---------------------------------------------------------------------------------------------

    def write(self, document: BaseModel | AnyMapping[str, Data], context: Context = _NO_CONTEXT) -> bytes:
        """Return a partner's document; raise `MappingError` for what it lacks, or what can't be written."""
        return self._made(document, context, self.parts.written)

    def tree(self, document: BaseModel | AnyMapping[str, Data], context: Context = _NO_CONTEXT) -> Data:
        """Return what `write` would write, before it is text: for whoever puts it into an envelope of their own."""
        return self._made(document, context, self.parts.translate)

    def _made(
        self, document: BaseModel | AnyMapping[str, Data], context: Context, make: Callable[[Scope], T]
    ) -> T:
        self._must(reads=False)
        wire = Canonical(document)
        try:
            return make(self.parts.whole(wire, context))
        except MappingError as error:
            raise error.at(self.mark) from None
        except Exception as error:
            problems = self.check_write(document, context) or (unexpected(error, self.mark),)
            raise MappingErrors(problems) from error

    def check_write(
        self, document: BaseModel | AnyMapping[str, Data], context: Context = _NO_CONTEXT,
    ) -> tuple[Problem, ...]:  # fmt: skip
        """Return everything that keeps `document` from being written."""
        self._must(reads=False)
        wire = Canonical(document)
        trace = self.parts.trace(wire)
        try:
            tree = self.parts.retrace(trace, self.parts.whole(wire, context))
            if not trace.problems:
                self.parts.syntax.write(tree)
        except MappingError as error:
            return error.at(self.mark).problems
        except Exception as error:  # noqa: BLE001 - as in `write`
            return (*trace.problems, unexpected(error, self.mark))
        return tuple(trace.problems)

    def explain_write(
        self, document: BaseModel | AnyMapping[str, Data], context: Context = _NO_CONTEXT,
    ) -> tuple[Provenance, ...]:  # fmt: skip
        """Return for each field that is written where its value came from; personal values are masked."""
        self._must(reads=False)
        wire = Canonical(document)
        trace = self.parts.trace(wire)
        self.parts.retrace(trace, self.parts.whole(wire, context))
        return tuple(provenance(trace, ""))

    def _must(self, *, reads: bool) -> None:
        if self.reads is not reads:
            raise TypeError(f"the mapping {self.name} {'writes' if reads else 'reads'} documents")
