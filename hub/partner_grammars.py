"""A partner's grammars: those that come with the hub, with the overlays of a folder or of files on them."""

from collections.abc import Iterable
from pathlib import Path

from core.errors import HubError
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary, InvalidGrammarError


class OverlayError(HubError):
    """Overlays can't be used: every reason, with file and line."""


def overlaid(paths: Iterable[Path], library: GrammarLibrary | None = None) -> GrammarLibrary:
    """Return the grammars with overlays on them: files, or folders of `*.overlay` files; raise `OverlayError`."""
    texts: dict[str, str] = {}
    for path in paths:
        found = sorted(path.glob("*.overlay")) if path.is_dir() else [path]
        if not found:
            raise OverlayError(f"there is no *.overlay file in {path}")
        for file in found:
            try:
                texts[str(file)] = file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                raise OverlayError(f"{file} is no overlay: it is not UTF-8") from None
            except OSError as error:
                raise OverlayError(f"the overlay {file} can't be read: {error.strerror}") from None
    try:
        return (library or GrammarLibrary(GrammarFolders())).with_overlays(texts)
    except InvalidGrammarError as error:
        raise OverlayError("\n".join(str(finding) for finding in error.findings)) from None
