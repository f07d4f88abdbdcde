"""A compiled mapping: read a partner's document, or write one."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar, overload

from pydantic import BaseModel, ValidationError

from mappings.data import Data, is_list, is_object
from mappings.engine.paths import Getter, Path, PathLanguage
from mappings.engine.plan_types import Plan
from mappings.engine.scope import Scope
from mappings.engine.steps import Step
from mappings.engine.targets import add_refusals
from mappings.engine.trace import BAD, Trace
from mappings.errors import ErrorCode, MappingError, MappingErrors, Mark, Position, Problem, Refusal, shown
from mappings.syntax.base import Place, Syntax, Wire
from mappings.syntax.trees import tree_name

M = TypeVar("M", bound=BaseModel)
Context = AnyMapping[str, object]

_NO_CONTEXT: Context = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of the documents in a wire document: a model, or everything that is wrong."""

    number: int
    """Counted from one."""
    document: BaseModel | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the value of one field came from."""

    target: str
    value: str
    mark: Mark
    source: str | None
    position: Position | None
    transforms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a mapping is made of; `compile_mapping` puts it together."""

    syntax: Syntax
    language: PathLanguage
    model: type[BaseModel]
    plans: tuple[Plan, ...]
    build: Getter
    finish: tuple[Step, ...]
    documents: Path | None


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
        wire = self._parsed(raw)
        return [self._one(wire, start, number) for number, start in self._starts(wire, context)]

    def outcomes(self, raw: bytes, context: Context = _NO_CONTEXT) -> Iterator[Outcome]:
        """Yield what becomes of each document in `raw`: one that is wrong doesn't stop those behind it.

        It raises `MappingError` only where `raw` as a whole can't be read.
        """
        self._must(reads=True)
        wire = self._parsed(raw)
        for number, start in self._starts(wire, context):
            try:
                yield Outcome(number, self._one(wire, start, number))
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
        wire = self._parsed(raw)
        found: list[Provenance] = []
        for number, start in self._starts(wire, context):
            trace = Trace(wire, self.parts.language, reads=self.reads)
            self._trace(trace, start)
            prefix = f"{number}: " if self.parts.documents is not None else ""
            found += _provenance(trace, prefix)
        return tuple(found)

    def _parsed(self, raw: bytes) -> Wire:
        try:
            return self.parts.syntax.read(raw)
        except MappingError as error:
            raise error.at(self.mark) from None

    def _starts(self, wire: Wire, context: Context) -> Iterator[tuple[int, Scope]]:
        """Yield the scope of each document. Places are added where something turns out to be wrong."""
        whole = self._whole(wire, context)
        documents = self.parts.documents
        if documents is None:
            yield 1, whole
            return
        try:
            items: list[Data] = documents.many(whole.node, whole) or []
            if not items and documents.reaches is not None and not documents.reaches(whole.node, whole):
                raise Refusal(
                    "there is nothing here that could hold documents: is it another kind of document?"
                )
        except Refusal as refusal:
            source, position = documents.locate(whole, wire)
            raise MappingError(Problem(refusal.reason, refusal.code, self.mark, source, position)) from None
        places = _LazyPlaces(documents, whole, items)
        for i, item in enumerate(items):
            yield i + 1, Scope(item, whole, i, places)

    def _whole(self, wire: Wire, context: Context) -> Scope:
        language = self.parts.language
        return Scope.start(language.enter(wire.root), context, language.place_of_root(wire.root))

    def _one(self, wire: Wire, start: Scope, number: int) -> BaseModel:
        """Return one document: built the fast way, and looked into when that fails."""
        try:
            return self.parts.model.model_validate(self._built(start))
        except Exception as error:  # noqa: BLE001 - whatever a document leads to, it is a problem of that document
            problems = self._problems(wire, start, error)
        if self.parts.documents is not None:
            problems = tuple(replace(problem, document=number) for problem in problems)
        raise MappingErrors(problems)

    def _built(self, start: Scope) -> Data:
        value = self.parts.build(start.node, start)
        for step in self.parts.finish:
            value = step.run(value, start.node, start)
        return value

    def _problems(self, wire: Wire, start: Scope, error: Exception) -> tuple[Problem, ...]:
        """Return what is wrong, found out the slow way; there is at least one problem."""
        trace = Trace(wire, self.parts.language, reads=self.reads)
        try:
            value = self._trace(trace, start)
            if value is not BAD:
                self.parts.model.model_validate(value)
        except ValidationError as refused:
            add_refusals(refused, trace, self.parts.model, self.mark)
        except Exception as failed:  # noqa: BLE001 - as in `_one`
            error = failed
        return tuple(trace.problems) or (_unexpected(error, self.mark),)

    def _trace(self, trace: Trace, start: Scope) -> Data:
        """Return what is built, BAD where that is wrong; records and problems go to the trace."""
        if isinstance(start.place, _LazyPlaces):
            start.place = start.place.of(start.number)
        value = trace.object(self.parts.plans, start, (), always=True, personal=False)
        for step in self.parts.finish:
            if value is BAD or value is None or trace.problems:
                break
            try:
                value = step.run(value, start.node, start)
            except Refusal as refusal:
                trace.problems.append(Problem(f"{step.name}: {refusal.reason}", refusal.code, step.mark))
                value = BAD
        return value

    # ---- writing ---------------------------------------------------------------------------------------------

    def write(self, document: BaseModel | AnyMapping[str, Data], context: Context = _NO_CONTEXT) -> bytes:
        """Return a partner's document; raise `MappingError` for what it lacks, or what can't be written."""
        self._must(reads=False)
        wire = _Canonical(document)
        try:
            return self.parts.syntax.write(self._built(self._whole(wire, context)))
        except MappingError as error:
            raise error.at(self.mark) from None
        except Exception as error:  # noqa: BLE001 - whatever a document leads to, it is a problem of that document
            raise MappingErrors(
                self.check_write(document, context) or [_unexpected(error, self.mark)]
            ) from None

    def check_write(
        self, document: BaseModel | AnyMapping[str, Data], context: Context = _NO_CONTEXT,
    ) -> tuple[Problem, ...]:  # fmt: skip
        """Return everything that keeps `document` from being written."""
        self._must(reads=False)
        wire = _Canonical(document)
        trace = Trace(wire, self.parts.language, reads=self.reads)
        try:
            tree = self._trace(trace, self._whole(wire, context))
            if not trace.problems:
                self.parts.syntax.write(tree)
        except MappingError as error:
            return error.at(self.mark).problems
        except Exception as error:  # noqa: BLE001 - as in `write`
            return (*trace.problems, _unexpected(error, self.mark))
        return tuple(trace.problems)

    def explain_write(
        self, document: BaseModel | AnyMapping[str, Data], context: Context = _NO_CONTEXT,
    ) -> tuple[Provenance, ...]:  # fmt: skip
        """Return for each field that is written where its value came from; personal values are masked."""
        self._must(reads=False)
        wire = _Canonical(document)
        trace = Trace(wire, self.parts.language, reads=self.reads)
        self._trace(trace, self._whole(wire, context))
        return tuple(_provenance(trace, ""))

    def _must(self, *, reads: bool) -> None:
        if self.reads is not reads:
            raise TypeError(f"the mapping {self.name} {'writes' if reads else 'reads'} documents")


class _LazyPlaces:
    """The places of the documents in a wire document, found out when the first of them is wrong."""

    def __init__(self, path: Path, scope: Scope, items: list[Data]) -> None:
        self._path, self._scope, self._items = path, scope, items
        self._found: list[Place] | None = None

    def of(self, index: int) -> Place:
        """Return the place of one document."""
        if self._found is None:
            self._found = self._path.places(self._scope, self._items)
        return self._found[index]


class _Canonical:
    """A canonical document as something to read from."""

    def __init__(self, document: BaseModel | AnyMapping[str, Data]) -> None:
        self.root: Data = document

    def name(self, place: Place) -> str:
        """Return the path of a place."""
        return tree_name(place)

    def position(self, place: Place) -> Position | None:
        """Return None: it is no text."""
        return None


def _unexpected(error: Exception, mark: Mark) -> Problem:
    """Return a failure that nobody foresaw as what it is for the document: a reason why it can't be translated."""
    reason = f"this could not be translated: {type(error).__name__}: {error}"
    return Problem(reason[:500], ErrorCode.TARGET, mark)


def _provenance(trace: Trace, prefix: str) -> Iterator[Provenance]:
    for target, record in trace.records.items():
        if record.value is None or is_object(record.value) or is_list(record.value):
            continue
        around = (trace.records.get(target[:length]) for length in range(1, len(target)))
        if any(outer is not None and outer.value is None for outer in around):
            continue  # a constant of an object that turned out not to be there
        source, position = trace.located(record)
        names = tuple(step.name for step in record.plan.steps)
        value = shown(record.value, personal=record.personal)
        yield Provenance(prefix + tree_name(target), value, record.plan.entry.mark, source, position, names)
