"""The grammars at hand, compiled once, with partners' overlays on them."""

from collections.abc import Mapping, Sequence

from mappings.errors import Finding
from mappings.syntax.edi.grammar.check import GrammarCheck
from mappings.syntax.edi.grammar.compiled import CompiledSet, machine_of
from mappings.syntax.edi.grammar.folders import GrammarFolders
from mappings.syntax.edi.grammar.machine import Machine
from mappings.syntax.edi.grammar.needs import NeedsCheck
from mappings.syntax.edi.grammar.overlays import Overlay, read_overlay
from mappings.syntax.edi.grammar.shapes import InvalidGrammarError, SetShape
from mappings.syntax.edi.grammar.text import Complaints
from mappings.syntax.edi.model import Delimiters, SetKey, Standard

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


class GrammarLibrary:
    """The grammars at hand, with a partner's overlays on them; it fills `Grammars`."""

    def __init__(self, folders: GrammarFolders, overlays: Sequence[Overlay] = ()) -> None:
        self._folders = folders
        self._overlays = overlays
        self._machines: dict[SetKey, Machine] = {}
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
        return NeedsCheck(compiled) if compiled.machine.shape.needs else GrammarCheck(compiled)

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
                complaints.take(error)
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
        known = self._machines.get(key)
        if known is None and (shape := self.shape(key)) is not None:
            known = self._machines[key] = machine_of(shape, key.standard)
        return known
