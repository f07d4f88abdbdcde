"""A partner's variation of a mapping: a few lines that change, add and remove, merged before anything is compiled."""

from collections.abc import Mapping

from mappings.data import is_list, is_object
from mappings.engine.document import MODIFIERS, SOURCES
from mappings.engine.entry_reader import long_form
from mappings.engine.findings import Findings
from mappings.engine.located import Node
from mappings.errors import Mark
from mappings.suggest import did_you_mean

KEYS = (
    "overlay",
    "base",
    "version",
    "note",
    "change",
    "add",
    "remove",
    "tables",
    "syntax",
    "context",
    "python",
    "use",
    "tests",
)

_CODE_KEYS = ("add", "remove", "source")


def merge(base: Node, overlay: Node, lent: Mapping[str, Node], findings: Findings) -> Node:
    """Return the base document with the overlay's lines in it; each line still knows which file it is from.

    `lent` are the code tables of the libraries that the base uses: codes can be added to them, and removed, too.
    """
    for key in overlay.fields:
        if key not in KEYS:
            findings.error(overlay.key_mark(key), f"an overlay has no key {key!r}{did_you_mean(key, KEYS)}")
    merged = Node(dict(base.fields), overlay.mark, dict(base.keys))
    _put(merged, "mapping", overlay.fields.get("overlay", base), overlay.key_mark("overlay"))
    for key in ("version", "note", "tests"):
        if key in overlay.fields:
            _put(merged, key, overlay.fields[key], overlay.key_mark(key))
    for key in ("context", "python", "use"):
        if key in overlay.fields:
            both = [*merged.fields.get(key, Node([], overlay.mark)).items, *overlay.fields[key].items]
            _put(merged, key, Node(list(both), overlay.key_mark(key)), overlay.key_mark(key))
    if "syntax" in overlay.fields:
        options = _with_keys(merged.fields.get("syntax", Node({}, overlay.mark)), overlay.fields["syntax"])
        _put(merged, "syntax", options, overlay.key_mark("syntax"))
    if "tables" in overlay.fields:
        _put(
            merged,
            "tables",
            _tables(merged.fields.get("tables"), overlay.fields["tables"], lent, findings),
            overlay.mark,
        )
    if "fields" in merged.fields:
        fields = _Fields(merged.fields["fields"], findings)
        fields.apply(overlay)
        _put(merged, "fields", fields.root, merged.key_mark("fields"))
    return merged


def _put(node: Node, key: str, value: Node, mark: Mark) -> None:
    node.fields[key] = value
    node.keys[key] = mark


def _with_keys(base: Node, over: Node) -> Node:
    return Node({**base.fields, **over.fields}, over.mark, {**base.keys, **over.keys})


def _tables(base: Node | None, over: Node, lent: Mapping[str, Node], findings: Findings) -> Node:
    """Tables that the base has, or uses, get codes added and removed; others are new ones."""
    merged = Node(dict(base.fields), base.mark, dict(base.keys)) if base else Node({}, over.mark)
    for name, change in over.fields.items():
        known = merged.fields.get(name, lent.get(name))
        is_change = "add" in change.fields or "remove" in change.fields
        if known is None and is_change:
            advice = did_you_mean(name, [*merged.fields, *lent])
            findings.error(over.key_mark(name), f"the base has no code table {name!r}{advice}")
        elif known is None or not is_change:
            _put(merged, name, change, over.key_mark(name))
        else:
            _put(merged, name, _table(name, known, change, findings), over.key_mark(name))
    return merged


def _table(name: str, base: Node, change: Node, findings: Findings) -> Node:
    for key in change.fields:
        if key not in _CODE_KEYS:
            advice = did_you_mean(key, _CODE_KEYS)
            findings.error(change.key_mark(key), f"a changed code table has no key {key!r}{advice}")
    old = base.fields.get("codes", Node({}, base.mark))
    codes = _with_keys(old, change.fields.get("add", Node({}, change.mark)))
    for gone in change.fields.get("remove", Node([], change.mark)).items:
        if codes.fields.pop(str(gone.value), None) is None:
            advice = did_you_mean(str(gone.value), old.fields)
            findings.error(gone.mark, f"the code table {name} has no code {gone.value!r}{advice}")
    table = Node(dict(base.fields), base.mark, dict(base.keys))
    _put(table, "codes", codes, change.mark)
    if "source" in change.fields:
        _put(table, "source", change.fields["source"], change.key_mark("source"))
    return table


class _Fields:
    """The entries of a base, copied where they change."""

    def __init__(self, fields: Node, findings: Findings) -> None:
        self.root = _copied(fields)
        self._findings = findings

    def apply(self, overlay: Node) -> None:
        """Change, add, and remove."""
        change, add = overlay.fields.get("change"), overlay.fields.get("add")
        for path, entry in change.fields.items() if change else ():
            self._change(path, entry, change.key_mark(path) if change else entry.mark)
        for path, entry in add.fields.items() if add else ():
            self._add(path, entry, add.key_mark(path) if add else entry.mark)
        for gone in overlay.fields.get("remove", Node([], overlay.mark)).items:
            self._remove(str(gone.value), gone.mark)

    def _change(self, path: str, entry: Node, mark: Mark) -> None:
        found = self._find(path, mark)
        if found is None:
            return
        fields, name = found
        fields.fields[name] = _changed(long_form(fields.fields[name]), long_form(entry))
        fields.keys[name] = mark

    def _add(self, path: str, entry: Node, mark: Mark) -> None:
        parent, _, name = path.rpartition(".")
        fields = self._fields_of(parent, mark) if parent else self.root
        if fields is None:
            return
        if name in fields.fields:
            self._findings.error(mark, f"the base has a field {path!r} already: put it under `change`")
            return
        _put(fields, name, entry, mark)

    def _remove(self, path: str, mark: Mark) -> None:
        found = self._find(path, mark)
        if found is not None:
            del found[0].fields[found[1]]

    def _find(self, path: str, mark: Mark) -> tuple[Node, str] | None:
        """Return the `fields` that hold an entry, and its name in them; None, and a finding, if it isn't there."""
        parent, _, name = path.rpartition(".")
        fields = self._fields_of(parent, mark) if parent else self.root
        if fields is None:
            return None
        if name not in fields.fields:
            prefix = f"{parent}." if parent else ""
            advice = did_you_mean(path, [prefix + known for known in fields.fields])
            self._findings.error(mark, f"the base has no field {path!r}{advice}")
            return None
        return fields, name

    def _fields_of(self, path: str, mark: Mark) -> Node | None:
        """Return the inner `fields` of an entry."""
        found = self._find(path, mark)
        if found is None:
            return None
        fields, name = found
        inner = fields.fields[name].fields.get("fields")
        if inner is None:
            self._findings.error(mark, f"the field {path!r} of the base has no fields of its own")
        return inner


def _copied(node: Node) -> Node:
    """Copy the dicts and lists, so that merging never changes the base."""
    if is_object(node.value):
        return Node({key: _copied(child) for key, child in node.value.items()}, node.mark, dict(node.keys))
    if is_list(node.value):
        return Node([_copied(child) for child in node.value], node.mark)
    return node


def _changed(base: Node, change: Node) -> Node:
    """Merge key by key; a new source takes the place of the old one, and null takes a key away."""
    kept = dict(base.fields)
    new_sources = [key for key in change.fields if key in SOURCES]
    if new_sources and new_sources != ["fields"]:
        for key in SOURCES:
            if key != "fields" or not {"from", "each"} & set(new_sources):
                kept.pop(key, None)
    kept.update(change.fields)
    for key in MODIFIERS:
        if key in change.fields and change.fields[key].value is None:
            kept.pop(key, None)
    return Node(kept, change.mark, {**base.keys, **change.keys})
