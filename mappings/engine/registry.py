"""All mappings of a hub, compiled together, validated whole, and replaced as one."""

from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field

from mappings.engine.compiling import Compiled, compile_document, digest_of
from mappings.engine.environment import Environment
from mappings.engine.findings import Findings
from mappings.engine.linting import lint
from mappings.engine.loading import Case, read_document
from mappings.engine.mapping import Mapping
from mappings.engine.shelf import Shelf
from mappings.errors import Finding, InvalidMappingError
from mappings.suggest import did_you_mean


@dataclass(frozen=True, slots=True, eq=False)
class MappingSet(AnyMapping[str, Mapping]):
    """Mappings by name. It never changes: who reloads makes a new one, and puts it in the place of the old."""

    mappings: AnyMapping[str, Mapping]
    version: str
    """The hash of all their contents."""
    warnings: tuple[Finding, ...] = ()
    cases: AnyMapping[str, tuple[Case, ...]] = field(default_factory=dict[str, tuple[Case, ...]])
    """The pairs of files under `tests` of each mapping."""

    def __getitem__(self, name: str) -> Mapping:
        """Return a mapping; KeyError says which there are."""
        try:
            return self.mappings[name]
        except KeyError:
            raise KeyError(f"there is no mapping {name!r}{did_you_mean(name, self.mappings)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.mappings)

    def __len__(self) -> int:
        return len(self.mappings)


@dataclass(frozen=True, slots=True)
class MappingRegistry:
    """Compiles mapping documents against what they may name."""

    environment: Environment

    def load(self, texts: AnyMapping[str, str]) -> MappingSet:
        """Return all mappings in `texts` (file name → text); raise `InvalidMappingError` with everything wrong."""
        compiled, findings = self._compile(texts)
        if findings.errors:
            raise InvalidMappingError(findings.errors)
        mappings = {one.mapping.name: one.mapping for one in compiled}
        version = digest_of([[name, mapping.digest] for name, mapping in sorted(mappings.items())])
        cases = {one.mapping.name: one.document.cases for one in compiled}
        return MappingSet(mappings, version, findings.all, cases)

    def lint(self, texts: AnyMapping[str, str]) -> tuple[Finding, ...]:
        """Return everything that is wrong, or likely wrong, with the documents in `texts`."""
        return self._compile(texts)[1].all

    def _compile(self, texts: AnyMapping[str, str]) -> tuple[list[Compiled], Findings]:
        findings = Findings()
        shelf = Shelf(texts, findings)
        compiled: list[Compiled] = []
        for node in shelf.documents().values():
            document = read_document(node, findings)
            tables = {**shelf.tables_for(document.use), **document.tables}
            digest = digest_of([node.plain(), shelf.contents_for(document.use)])
            one = compile_document(document, self.environment, tables, digest, findings)
            if one is not None:
                compiled.append(one)
                lint(one, findings)
        return compiled, findings


def compile_mapping(
    text: str, environment: Environment, *, file: str = "mapping.yaml", **others: str
) -> Mapping:
    """Return the one mapping in `text`; `others` are the texts of libraries and bases that it uses.

    Raise `InvalidMappingError` with everything that is wrong with it.
    """
    loaded = MappingRegistry(environment).load({**others, file: text})
    return next(mapping for mapping in loaded.values() if mapping.mark.file == file)
