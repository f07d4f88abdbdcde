"""Grammars by standard, version and type: read when they are first asked for, compiled once.

A folder of grammars holds `x12/004010/dictionary.grammar` and `x12/004010/850.grammar`, `edifact/D96A/ORDERS.grammar`
and so on. Several folders are looked through in turn, so that a licensed table takes the place of what comes with the
hub.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from mappings.errors import Finding, Mark
from mappings.syntax.edi.grammar.check import GrammarCheck
from mappings.syntax.edi.grammar.compiled import CompiledSet, machine_of
from mappings.syntax.edi.grammar.machine import Machine
from mappings.syntax.edi.grammar.overlays import Overlay, read_overlay
from mappings.syntax.edi.grammar.reading import read_set, read_version
from mappings.syntax.edi.grammar.shapes import Dictionary, InvalidGrammarError, SetShape
from mappings.syntax.edi.grammar.text import Complaints
from mappings.syntax.edi.model import Delimiters, SetKey, Standard

PACKAGED: Traversable = files("mappings.syntax.edi") / "grammars"
"""The grammars that come with the hub."""
SUFFIX = ".grammar"

_X12_VERSION = 6
_MOST_COMPILED = 64
_ALIASES = {
    "D3": "SYNTAX3", "22": "SYNTAX3", "21": "SYNTAX3", "1": "SYNTAX3", "41": "SYNTAX4", "42": "SYNTAX4",
    "4": "SYNTAX4",
}  # fmt: skip
"""CONTRL is in no directory: its version is that of the syntax (`CONTRL:D:3:UN`, `CONTRL:4:1:UN`)."""


def normal(key: SetKey) -> SetKey:
    """Return the key that a grammar is kept under: `004010VICS` is 004010."""
    if key.standard is Standard.X12:
        return key._replace(version=key.version[:_X12_VERSION])
    if key.type == "CONTRL":
        return key._replace(version=_ALIASES.get(key.version, key.version))
    return key


class GrammarFolders:
    """Reads grammars from folders, the first one that has a file counting; keeps what it has read."""

    def __init__(self, folders: Sequence[Traversable] = (PACKAGED,)) -> None:
        self._folders = folders
        self._dictionaries: dict[tuple[Standard, str], tuple[Dictionary, str | None]] = {}
        self._shapes: dict[SetKey, SetShape | None] = {}

    def shape(self, key: SetKey) -> SetShape | None:
        """Return a set's grammar, or None if there is none; raise `InvalidGrammarError` for one with mistakes."""
        if key not in self._shapes:
            self._shapes[key] = self._read(key)
        return self._shapes[key]

    def known(self) -> Iterator[SetKey]:
        """Yield the sets that have a file."""
        found: set[SetKey] = set()
        for folder in self._folders:
            for standard in Standard:
                root = folder / standard.value
                for version in root.iterdir() if root.is_dir() else ():
                    names = [entry.name for entry in version.iterdir()] if version.is_dir() else []
                    types = [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]
                    found |= {SetKey(standard, name, version.name) for name in types if name != "dictionary"}
        yield from sorted(found)

    def dictionary(self, standard: Standard, version: str) -> tuple[Dictionary, str | None] | None:
        """Return a version's dictionary and the version that it is based on; None for a version without one."""
        known = self._dictionaries.get((standard, version))
        if known is not None:
            return known
        text, file = self._text(standard, version, "dictionary")
        if text is None:
            return None
        complaints = Complaints()
        read = read_version(text, file, lambda base: self.dictionary(standard, base), complaints)
        complaints.check()
        self._dictionaries[standard, version] = read
        return read

    def _read(self, key: SetKey) -> SetShape | None:
        found = self.dictionary(key.standard, key.version)
        if found is None:
            return None
        dictionary, base = found
        text, file = self._text(key.standard, key.version, key.type)
        complaints = Complaints()
        below = self.shape(key._replace(version=base)) if base else None
        if text is None:
            return None if below is None else SetShape(below.type, below.title, below.items, dictionary)
        shape = read_set(text, file, dictionary, below, complaints)
        if shape.type != key.type:
            complaints.add(Mark(file), f"the file is named after {key.type}, and holds the set {shape.type}")
        complaints.check()
        return shape

    def _text(self, standard: Standard, version: str, name: str) -> tuple[str | None, str]:
        file = f"{standard.value}/{version}/{name}{SUFFIX}"
        if not (version.isalnum() and name.isalnum()):
            return None, file
        for folder in self._folders:
            path = folder / standard.value / version / f"{name}{SUFFIX}"
            if path.is_file():
                return path.read_text(encoding="utf-8"), file
        return None, file


class GrammarLibrary:
    """The grammars at hand, with a partner's overlays on them; it fills `Grammars`."""

    def __init__(self, folders: GrammarFolders, overlays: Sequence[Overlay] = ()) -> None:
        self._folders = folders
        self._overlays = overlays
        self._machines: dict[SetKey, Machine | None] = {}
        self._compiled: dict[tuple[SetKey, Delimiters], CompiledSet] = {}

    def check_for(self, key: SetKey, delimiters: Delimiters) -> GrammarCheck | None:
        """Return the checks of a new set, or None where there is no grammar for it."""
        compiled = self._compiled.get((key, delimiters))
        if compiled is None:
            machine = self._machine(normal(key))
            if machine is None:
                return None
            if len(self._compiled) >= _MOST_COMPILED:
                self._compiled.clear()
            compiled = self._compiled[key, delimiters] = CompiledSet(machine, key.standard, delimiters)
        return GrammarCheck(compiled)

    def shape(self, key: SetKey) -> SetShape | None:
        """Return a set's grammar with the overlays on it."""
        key = normal(key)
        shape = self._folders.shape(key)
        complaints = Complaints()
        for overlay in self._overlays:
            if shape is not None and overlay.key == key:
                shape = overlay.laid_on(shape, complaints)
        complaints.check()
        return shape

    def with_overlays(self, texts: Mapping[str, str]) -> "GrammarLibrary":
        """Return the grammars of a partner: with the overlays in `texts` (file name → text) on them.

        Raise `InvalidGrammarError` with everything that is wrong with them, by file and line.
        """
        complaints = Complaints()
        overlays = [read_overlay(text, file, complaints) for file, text in texts.items()]
        library = GrammarLibrary(self._folders, [*self._overlays, *(one for one in overlays if one)])
        for overlay in overlays:
            if overlay is not None and self._folders.shape(overlay.key) is None:
                known = [" ".join(key) for key in self._folders.known()]
                complaints.unknown(overlay.mark, "grammar", " ".join(overlay.key), known)
        for key in {overlay.key for overlay in overlays if overlay}:
            try:
                library.shape(key)
            except InvalidGrammarError as error:
                for entry in error.findings:
                    complaints.add(entry.mark, entry.message)
        complaints.check()
        return library

    def lint(self, texts: Mapping[str, str]) -> tuple[Finding, ...]:
        """Return everything that is wrong with the overlays in `texts` (file name → text)."""
        try:
            self.with_overlays(texts)
        except InvalidGrammarError as error:
            return error.findings
        return ()

    def _machine(self, key: SetKey) -> Machine | None:
        if key not in self._machines:
            shape = self.shape(key)
            self._machines[key] = None if shape is None else machine_of(shape, key.standard)
        return self._machines[key]
