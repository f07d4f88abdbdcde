"""All files together: which is a mapping, an overlay or a library, and what is built on what."""

from collections.abc import Mapping, Sequence

from mappings.engine.document import Said
from mappings.engine.findings import Findings
from mappings.engine.loading import read_library
from mappings.engine.located import Node, parse_yaml
from mappings.engine.overlay import merge
from mappings.engine.tables import CodeTable
from mappings.errors import InvalidMappingError
from mappings.suggest import did_you_mean


class Shelf:
    """The files of one load. What is wrong with them goes to the findings."""

    def __init__(self, texts: Mapping[str, str], findings: Findings) -> None:
        self._findings = findings
        self._mappings: dict[str, Node] = {}
        self._overlays: dict[str, Node] = {}
        self._libraries: dict[str, Node] = {}
        self._merged: dict[str, Node | None] = {}
        for file, text in sorted(texts.items()):
            try:
                self._sort(parse_yaml(text, file))
            except InvalidMappingError as error:
                for finding in error.findings:
                    findings.error(finding.mark, finding.message)

        self._tables = {name: read_library(node, findings) for name, node in self._libraries.items()}

    def _sort(self, root: Node) -> None:
        kinds = {"mapping": self._mappings, "overlay": self._overlays, "library": self._libraries}
        key = next((key for key in kinds if key in root.fields), None)
        if key is None:
            self._findings.error(
                root.mark, "a file begins with `mapping: name`, `overlay: name` or `library: name`"
            )
            return
        name = root.fields[key].value
        if not isinstance(name, str) or not name:
            self._findings.error(root.key_mark(key), f"a {key} has a name")
            return
        known = self._libraries if key == "library" else {**self._mappings, **self._overlays}
        if name in known:
            where, article = (
                known[name].mark.file,
                "a library" if key == "library" else "a mapping or overlay",
            )
            self._findings.error(root.key_mark(key), f"there is {article} {name!r} in {where} already")
            return
        kinds[key][name] = root

    def documents(self) -> dict[str, Node]:
        """Return all mappings by name, overlays merged onto their bases."""
        found = {name: self._document(name, ()) for name in (*self._mappings, *self._overlays)}
        return {name: node for name, node in found.items() if node is not None}

    def _document(self, name: str, built_on_it: Sequence[str]) -> Node | None:
        if name in self._mappings:
            return self._mappings[name]
        if name not in self._merged:
            self._merged[name] = self._merge(name, built_on_it)
        return self._merged[name]

    def _merge(self, name: str, built_on_it: Sequence[str]) -> Node | None:
        overlay = self._overlays[name]
        base = overlay.fields.get("base")
        base_name = str(base.value) if base is not None else ""
        mark = base.mark if base is not None else overlay.mark
        if base_name in (name, *built_on_it):
            self._findings.error(mark, f"the overlay {name} is built on itself")
            return None
        if base_name not in self._mappings and base_name not in self._overlays:
            known = did_you_mean(base_name, [*self._mappings, *self._overlays])
            self._findings.error(
                mark, f"an overlay has a `base`, and there is no mapping {base_name!r}{known}"
            )
            return None
        found = self._document(base_name, (*built_on_it, name))
        return merge(found, overlay, self._lent_to(found), self._findings) if found is not None else None

    def _lent_to(self, document: Node) -> dict[str, Node]:
        """Return the code tables of the libraries that a document uses, as they are written."""
        used = document.fields.get("use", Node([], document.mark)).items
        libraries = [self._libraries[str(one.value)] for one in used if str(one.value) in self._libraries]
        written = [one.fields["tables"] for one in libraries if "tables" in one.fields]
        return {name: table for tables in written for name, table in tables.fields.items()}

    def tables_for(self, libraries: Sequence[Said]) -> dict[str, CodeTable]:
        """Return the code tables of some libraries."""
        found: dict[str, CodeTable] = {}
        for library in libraries:
            if library.text not in self._tables:
                known = did_you_mean(library.text, self._tables)
                self._findings.error(library.mark, f"there is no library {library.text!r}{known}")
            for name, table in self._tables.get(library.text, {}).items():
                if name in found:
                    self._findings.error(library.mark, f"two of these libraries have a code table {name!r}")
                found[name] = table
        return found

    def contents_for(self, libraries: Sequence[Said]) -> list[object]:
        """Return what some libraries say, for the digest of what uses them."""
        return [self._libraries[name.text].plain() for name in libraries if name.text in self._libraries]
