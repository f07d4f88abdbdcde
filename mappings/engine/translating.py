"""One translation of one document: the fast way first, the slow one where that fails."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, replace

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

Context = AnyMapping[str, object]


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
    """What a mapping is made of, and the steps of a translation; `compile_document` puts it together."""

    mark: Mark
    reads: bool
    syntax: Syntax
    language: PathLanguage
    model: type[BaseModel]
    plans: tuple[Plan, ...]
    build: Getter
    finish: tuple[Step, ...]
    documents: tuple[Path, ...]
    """Each leads from the items of the one before; there are none where a wire document is one document."""

    def parse(self, raw: bytes) -> Wire:
        """Return the wire document in `raw`."""
        try:
            return self.syntax.read(raw)
        except MappingError as error:
            raise error.at(self.mark) from None

    def whole(self, wire: Wire, context: Context) -> Scope:
        """Return the scope of a whole wire document."""
        return Scope.start(self.language.enter(wire.root), context, self.language.place_of_root(wire.root))

    def starts(self, wire: Wire, context: Context) -> Iterator[tuple[int, Scope]]:
        """Yield number and scope of each document. Places are added where something turns out to be wrong."""
        yield from enumerate(self._within(self.whole(wire, context), self.documents, wire), 1)

    def _within(self, scope: Scope, paths: Sequence[Path], wire: Wire) -> Iterator[Scope]:
        if not paths:
            yield scope
            return
        items = self._items(paths[0], wire, scope)
        places = _LazyPlaces(paths[0], scope, items)
        for i, item in enumerate(items):
            yield from self._within(Scope(item, scope, i, places), paths[1:], wire)

    def _items(self, documents: Path, wire: Wire, scope: Scope) -> list[Data]:
        """Return the nodes of the documents; a list that isn't there is another thing than an empty one."""
        code, reason = ErrorCode.MISSING, "there is nothing here that could hold documents"
        try:
            items: list[Data] = documents.many(scope.node, scope) or []
            if items or documents.reaches is None or documents.reaches(scope.node, scope):
                return items
        except Refusal as refusal:
            code, reason = refusal.code, refusal.reason
        _place(scope)
        source, position = documents.locate(scope, wire)
        reason = f"{reason}: is it another kind of document?"
        raise MappingError(Problem(reason, code, self.mark, source, position))

    def translate(self, start: Scope) -> Data:
        """Return what is built, the fast way."""
        value = self.build(start.node, start)
        for step in self.finish:
            value = step.run(value, start.node, start)
        return value

    def written(self, start: Scope) -> bytes:
        """Return what is built as text, the fast way. What is built has no floats; what is done with it then may."""
        return self.syntax.write(self.translate(start), exact=not self.finish)

    def document(self, wire: Wire, start: Scope, number: int) -> BaseModel:
        """Return one canonical document; raise `MappingErrors` with everything that is wrong."""
        try:
            return self.model.model_validate(self.translate(start))
        except Exception as error:  # noqa: BLE001 - whatever a document leads to, it is a problem of that document
            problems, cause = self._problems(wire, start, error)
        if self.documents:
            problems = tuple(replace(problem, document=number) for problem in problems)
        raise MappingErrors(problems) from cause

    def _problems(
        self, wire: Wire, start: Scope, error: Exception
    ) -> tuple[tuple[Problem, ...], Exception | None]:
        """Return what is wrong, found out the slow way, or what nobody foresaw, with its cause."""
        trace = self.trace(wire)
        try:
            value = self.retrace(trace, start)
            if value is not BAD:
                self.model.model_validate(value)
        except ValidationError as refused:
            add_refusals(refused, trace, self.model, self.mark)
        except Exception as failed:  # noqa: BLE001 - as in `document`
            error = failed
        return (tuple(trace.problems), None) if trace.problems else ((unexpected(error, self.mark),), error)

    def trace(self, wire: Wire) -> Trace:
        """Return an empty trace of a wire document."""
        return Trace(wire, self.language, reads=self.reads)

    def retrace(self, trace: Trace, start: Scope) -> Data:
        """Return what is built, the slow way, BAD where it is wrong; records and problems go to the trace."""
        _place(start)
        value = trace.object(self.plans, start, (), always=True, personal=False)
        for step in self.finish:
            if trace.problems:
                return BAD
            try:
                value = step.run(value, start.node, start)
            except Refusal as refusal:
                trace.problems.append(Problem(f"{step.name}: {refusal.reason}", refusal.code, step.mark))
        return BAD if self.finish and trace.problems else value


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


def _place(scope: Scope) -> None:
    """Find out where a document is, and what is around it."""
    if scope.parent is not None:
        _place(scope.parent)
    if isinstance(scope.place, _LazyPlaces):
        scope.place = scope.place.of(scope.number)


class Canonical:
    """A canonical document as something to read from."""

    def __init__(self, document: BaseModel | AnyMapping[str, Data]) -> None:
        self.root: Data = document

    def name(self, place: Place) -> str:
        """Return the path of a place."""
        return tree_name(place)

    def position(self, place: Place) -> Position | None:
        """Return None: it is no text."""
        return None


def unexpected(error: Exception, mark: Mark) -> Problem:
    """Return a failure that nobody foresaw as what it is for the document: a reason why it can't be translated.

    What it says may be personal, so only its kind is told; the error itself is the cause of what is raised.
    """
    return Problem(f"this could not be translated: {type(error).__name__}", ErrorCode.TARGET, mark)


def provenance(trace: Trace, prefix: str) -> Iterator[Provenance]:
    """Yield for each field that was filled where its value came from; `prefix` says in which document."""
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
