"""The mapping documents of a hub: loaded from the folders of its connectors and its own, and reloaded as they change.

An edit is compiled and validated with everything else first, and then takes the place of the old set at once; one
that can't be used is reported, and the old set stays. Every problem of a document names mapping and version.
"""

import asyncio
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog
from pydantic import BaseModel
from watchfiles import awatch  # pyright: ignore[reportUnknownVariableType] - one of its types is from trio

from canonical import (
    base,
    commands,
    document,
    documents,
    inbound,
    order,
    parties,
    payment,
    purchase_documents,
    purchase_instructions,
    release_documents,
    screening,
    stock,
    stock_documents,
)
from canonical.documents import Document
from core.connector import Connector, Mappings
from core.errors import DocumentError, HubError, Problem
from core.mapping_use import MappingUse, used
from mappings import (
    Environment,
    Finding,
    InvalidMappingError,
    MappingError,
    MappingRegistry,
    MappingSet,
    Mark,
)
from mappings import Mapping as CompiledMapping
from mappings import Problem as MappingProblem
from mappings.suggest import did_you_mean
from mappings.syntax import XmlSchemas, syntaxes_with

log = structlog.get_logger(__name__)

SUFFIXES = (".yaml", ".yml")
SCHEMAS = (".xsd", ".dtd")
NOT_MAPPINGS = frozenset({"tests", "fixtures", "cases"})
"""Folders beside mapping documents that hold the files of their tests."""


class UnknownMappingError(HubError):
    """There is no mapping of that name, or it goes the other way."""


@dataclass(frozen=True, slots=True)
class Reload:
    """What became of an attempt to load. `findings` say why it was refused; with none, `version` is in use."""

    version: str
    changed: tuple[str, ...] = ()
    """The mappings that are new, other than before, or gone."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where mapping documents come from, and what they may name."""

    folders: tuple[tuple[str, Path], ...]
    """Each with the name under which its files are shown."""
    python: Mapping[str, Callable[..., Any]] = field(default_factory=dict[str, Callable[..., Any]])

    def registry(self) -> MappingRegistry:
        """Return what compiles them."""
        schemas = XmlSchemas(lambda name: read_below([folder for _, folder in self.folders], name))
        return MappingRegistry(Environment(canonical_models(), self.python, syntaxes_with(schemas)))

    def texts(self) -> dict[str, str]:
        """Return every document's text by the name of its file; raise `InvalidMappingError` for a missing folder."""
        findings: list[Finding] = []
        found: dict[str, str] = {}
        for shown, folder in self.folders:
            if not folder.is_dir():
                findings.append(Finding(Mark(shown), "there is no such folder of mapping documents"))
                continue
            for file in _documents(folder):
                name = f"{shown}/{file.relative_to(folder).as_posix()}"
                try:
                    found[name] = file.read_text(encoding="utf-8-sig")
                except (OSError, UnicodeDecodeError) as error:
                    findings.append(Finding(Mark(name), f"the file can't be read: {error}"))
        if findings:
            raise InvalidMappingError(findings)
        return found


def sources(connectors: Iterable[Connector], folders: Iterable[Path] = ()) -> Sources:
    """Return the sources of some types of connector, and of folders of the hub's own."""
    found: dict[Path, str] = {}
    python: dict[str, Callable[..., Any]] = {}
    for connector in connectors:
        for folder in connector.mappings:
            found.setdefault(folder, f"mappings/{folder.name}")
        python.update(connector.python_transforms)
    for folder in folders:
        found.setdefault(folder, str(folder))
    return Sources(tuple((shown, folder) for folder, shown in found.items()), python)


class MappingLibrary:
    """Fills `core.connector.Mappings` with the current set."""

    def __init__(self, where: Sources, loaded: MappingSet) -> None:
        self._sources = where
        self._current = loaded
        self.findings: tuple[Finding, ...] = ()
        """Why the files as they are now can't be used; none when they are in use."""

    @classmethod
    def load(cls, where: Sources) -> "MappingLibrary":
        """Load for the first time; raise `InvalidMappingError` with everything wrong in any file."""
        return cls(where, where.registry().load(where.texts()))

    @property
    def current(self) -> MappingSet:
        """The set in use. It never changes: a reload puts another in its place."""
        return self._current

    def named(self, mapping: str) -> str:
        """Return a mapping's name and version as they are recorded: `webstore/order@3+1f2e3d4c`."""
        return _named(self._find(mapping))

    def read(self, mapping: str, raw: bytes, context: Mapping[str, str]) -> tuple[Document, ...]:
        """Translate a wire document; raise `DocumentError` with every problem and its place."""
        return self.read_for(mapping, mapping, raw, context)

    def read_for(
        self, asked: str, mapping: str, raw: bytes, context: Mapping[str, str]
    ) -> tuple[Document, ...]:
        """Translate by `mapping`, which stands in for the one that was asked for."""
        found = self._find(mapping)
        used(MappingUse(asked, mapping, _named(found), context, raw))
        try:
            return tuple(found.read_all(raw, context, expect=Document))
        except MappingError as error:
            # The fast way stops at the first document that is wrong; whoever repairs it wants to know of all.
            raise _document_error(found, found.check(raw, context) or error.problems) from error
        except TypeError as error:
            raise UnknownMappingError(str(error)) from error

    def write(self, mapping: str, values: Any, context: Mapping[str, str] | None = None) -> bytes:
        """Translate the reverse way; raise `DocumentError`."""
        found = self._find(mapping)
        with _refusing(found):
            return found.write(values, context or {})

    def tree(self, mapping: str, values: Any, context: Mapping[str, str] | None = None) -> Any:
        """Translate the reverse way, but for the text of it; raise `DocumentError`."""
        found = self._find(mapping)
        with _refusing(found):
            return found.tree(values, context or {})

    def with_overlays(self, replacing: Mapping[str, str]) -> Mappings:
        """Return a view for one connector, which is given other mappings than it asks for."""
        return _Overlaid(self, dict(replacing)) if replacing else self

    def reload(self) -> Reload:
        """Read the files again; swap the set if all of it is valid, and else keep the old one and say why."""
        before = self._current
        try:
            after = self._sources.registry().load(self._sources.texts())
        except InvalidMappingError as error:
            self.findings = error.findings
            return Reload(before.version, findings=error.findings)
        self._current, self.findings = after, ()
        return Reload(after.version, _changes(before, after))

    async def watch(
        self, stop: asyncio.Event, told: Callable[[Reload], None] = lambda _: None, *, settle_ms: int = 200
    ) -> None:
        """Reload whenever a file changes, until `stop` is set. Bad edits are logged and told, never raised."""
        folders = [folder for _, folder in self._sources.folders if folder.is_dir()]
        if not folders:
            await stop.wait()
            return
        async for changes in awatch(*folders, stop_event=stop, debounce=settle_ms, step=50):
            if not any(Path(file).suffix in (*SUFFIXES, *SCHEMAS) for _, file in changes):
                continue
            result = await asyncio.to_thread(self.reload)
            _log(result)
            told(result)

    def _find(self, mapping: str) -> CompiledMapping:
        current = self._current
        if mapping not in current.mappings:
            raise UnknownMappingError(f"there is no mapping {mapping!r}{did_you_mean(mapping, current)}")
        return current[mapping]


class _Overlaid:
    """A library in which some mappings stand in for others."""

    def __init__(self, library: MappingLibrary, replacing: Mapping[str, str]) -> None:
        self._library, self._replacing = library, replacing

    def read(self, mapping: str, raw: bytes, context: Mapping[str, str]) -> tuple[Document, ...]:
        """Translate by what stands in for `mapping`."""
        return self._library.read_for(mapping, self._replacing.get(mapping, mapping), raw, context)

    def write(self, mapping: str, values: Any, context: Mapping[str, str] | None = None) -> bytes:
        """Translate the reverse way, by what stands in for `mapping`."""
        return self._library.write(self._replacing.get(mapping, mapping), values, context)

    def tree(self, mapping: str, values: Any, context: Mapping[str, str] | None = None) -> Any:
        """Translate the reverse way but for the text of it, by what stands in for `mapping`."""
        return self._library.tree(self._replacing.get(mapping, mapping), values, context)


@contextmanager
def _refusing(found: CompiledMapping) -> Generator[None]:
    """Say of what can't be written which mapping refuses it."""
    try:
        yield
    except MappingError as error:
        raise _document_error(found, error.problems) from error
    except TypeError as error:
        raise UnknownMappingError(str(error)) from error


def read_below(folders: Iterable[Path], name: str) -> bytes | None:
    """Return the schema `name`, a relative path with slashes, of the first folder that has it; none outside of them.

    Raise ValueError for one that can't be read.
    """
    try:
        for folder in folders:
            file = (folder / name).resolve()
            if file.suffix in SCHEMAS and file.is_relative_to(folder.resolve()) and file.is_file():
                return file.read_bytes()
    except OSError as error:
        raise ValueError(f"the schema {name} can't be read: {error.strerror}") from None
    return None


def canonical_models() -> dict[str, type[BaseModel]]:
    """Return the canonical models by the names that mapping documents call them."""
    modules: tuple[ModuleType, ...] = (
        commands, document, documents, inbound, order, parties, payment, purchase_documents, purchase_instructions,
        release_documents, screening, stock, stock_documents,
    )  # fmt: skip
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, base.Value) and value.__module__ == module.__name__
    }


def shown_problem(problem: MappingProblem, source: str) -> Problem:
    """Return a mapping's problem as the hub records it: place in the wire document, field, value, reason."""
    position = problem.position
    parts = [problem.source] if problem.source else []
    if position is not None and position.segment is not None:
        parts.append(f"({position})")
    if problem.target and problem.target != problem.source:
        parts.append(f"→ {problem.target}")
    if problem.document is not None:
        parts.insert(0, f"document {problem.document}")
    return Problem(
        problem.reason,
        field=" ".join(parts) or None,
        value=_bare(problem.value),
        line=position.line if position else None,
        column=position.column if position else None,
        source=source,
    )


def _bare(value: str | None) -> str | None:
    """Return a value without the quotes that a mapping's problem puts around a text: the hub's adds its own."""
    quoted = value is not None and len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if value is not None and quoted else value


def _document_error(mapping: CompiledMapping, problems: Sequence[MappingProblem]) -> DocumentError:
    named = _named(mapping)
    return DocumentError(tuple(shown_problem(problem, named) for problem in problems))


def _named(mapping: CompiledMapping) -> str:
    return f"{mapping.name}@{mapping.version}+{mapping.digest[:8]}"


def _documents(folder: Path) -> list[Path]:
    """Return the mapping documents in a folder and below, but for those that are cases of tests."""
    found = (file for suffix in SUFFIXES for file in folder.rglob(f"*{suffix}"))
    return sorted(file for file in found if not NOT_MAPPINGS & set(file.relative_to(folder).parts[:-1]))


def _changes(before: MappingSet, after: MappingSet) -> tuple[str, ...]:
    digests = [{name: mapping.digest for name, mapping in one.items()} for one in (before, after)]
    return tuple(sorted(name for name in {*before, *after} if digests[0].get(name) != digests[1].get(name)))


def _log(result: Reload) -> None:
    if not result.findings:
        log.info("mappings reloaded", version=result.version[:8], changed=list(result.changed))
        return
    for finding in result.findings:
        log.error("mapping refused", file=str(finding.mark), reason=finding.message, kept=result.version[:8])
