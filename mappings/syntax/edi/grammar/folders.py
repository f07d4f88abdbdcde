"""Reads grammars from folders: `x12/004010/dictionary.grammar`, `x12/004010/850.grammar`, `edifact/D96A/…`.

Several folders are looked through in turn, so that a licensed table takes the place of what comes with the hub. A
set is read with the dictionary of its own folder, or else of the next one that has the version.
"""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from mappings.errors import Mark
from mappings.syntax.edi.grammar.reading import read_set, read_version
from mappings.syntax.edi.grammar.shapes import Dictionary, InvalidGrammarError, SetShape
from mappings.syntax.edi.grammar.text import Complaints
from mappings.syntax.edi.model import SetKey, Standard

PACKAGED: Traversable = files("mappings.syntax.edi") / "grammars"
"""The grammars that come with the hub."""
SUFFIX = ".grammar"
DICTIONARY = "dictionary"
"""The file of a version's elements and segments; no set has that name."""

_MOST_UNKNOWN = 1_000
"""Types and versions come from outside: what isn't there is remembered only within bounds."""


class GrammarFolders:
    """The grammars of some folders, read when they are first asked for, and kept."""

    def __init__(self, folders: Sequence[Traversable] = (PACKAGED,)) -> None:
        self._folders = folders
        self._dictionaries: dict[tuple[Standard, str, int], tuple[Dictionary, str | None]] = {}
        self._shapes: dict[SetKey, SetShape] = {}
        self._unknown: set[SetKey] = set()

    def shape(self, key: SetKey) -> SetShape | None:
        """Return a set's grammar, or None if there is none; raise `InvalidGrammarError` for one with mistakes."""
        known = self._shapes.get(key)
        if known is not None or key in self._unknown:
            return known
        shape = None if key.type == DICTIONARY else self._read(key)
        if shape is not None:
            self._shapes[key] = shape
            return shape
        if len(self._unknown) >= _MOST_UNKNOWN:
            self._unknown.clear()
        self._unknown.add(key)
        return None

    def known(self) -> Iterator[SetKey]:
        """Yield the sets that have a file."""
        found: set[SetKey] = set()
        for folder in self._folders:
            for standard in Standard:
                root = folder / standard.value
                for version in root.iterdir() if root.is_dir() else ():
                    names = [entry.name for entry in version.iterdir()] if version.is_dir() else []
                    types = [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]
                    found |= {SetKey(standard, name, version.name) for name in types if name != DICTIONARY}
        yield from sorted(found)

    def check(self) -> None:
        """Read everything; raise `InvalidGrammarError` with all that is wrong with it."""
        complaints = Complaints()
        for key in self.known():
            try:
                self.shape(key)
            except InvalidGrammarError as error:
                complaints.take(error)
        complaints.check()

    def dictionary(
        self, standard: Standard, version: str, first: int = 0
    ) -> tuple[Dictionary, str | None] | None:
        """Return a version's dictionary, of the `first` folder or one behind it, and the version it is based on."""
        text, file, at = self._text(standard, version, DICTIONARY, first)
        if text is None:
            return None
        known = self._dictionaries.get((standard, version, at))
        if known is None:
            complaints = Complaints()
            known = read_version(text, file, lambda base: self.dictionary(standard, base, at), complaints)
            complaints.check()
            self._dictionaries[standard, version, at] = known
        return known

    def _read(self, key: SetKey) -> SetShape | None:
        text, file, at = self._text(key.standard, key.version, key.type)
        found = self.dictionary(key.standard, key.version, at)
        if found is None:
            return None
        dictionary, base = found
        complaints = Complaints()
        below = self.shape(key._replace(version=base)) if base else None
        if text is None:
            return None if below is None else SetShape(below.type, below.title, below.items, dictionary)
        shape = read_set(text, file, dictionary, below, complaints)
        if shape.type != key.type:
            complaints.add(Mark(file), f"the file is named after {key.type}, and holds the set {shape.type}")
        complaints.check()
        return shape

    def _text(
        self, standard: Standard, version: str, name: str, first: int = 0
    ) -> tuple[str | None, str, int]:
        """Return a file's text, its name, and which folder it is in."""
        file = f"{standard.value}/{version}/{name}{SUFFIX}"
        # Both come from outside: only plain words are names of files.
        if version.isalnum() and name.isalnum():
            for at, folder in enumerate(self._folders[first:], first):
                path = folder / standard.value / version / f"{name}{SUFFIX}"
                if path.is_file():
                    return path.read_text(encoding="utf-8"), file, at
        return None, file, 0
