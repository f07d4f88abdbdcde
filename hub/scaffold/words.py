"""What stands in the templates' gaps: words of the connector as a whole, and words of each port."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hub.scaffold.ports import PortKind

_HOOK_IMPORTS = {
    "CourierBroker": "\nfrom canonical.documents import Document",
    "PaymentGateway": "\nfrom canonical.documents import Document\nfrom canonical.money import Money",
    "FraudGateway": "\nfrom canonical.documents import Document\nfrom canonical.fraud import FraudVerdict",
    "Supplier": "\nfrom canonical.documents import Document\nfrom canonical.purchase_documents import PurchaseAnswer"
    "\nfrom canonical.purchases import LineAnswer",
}
_READER = """

def {reader}(mappings: Mappings, name: str, raw: RawDocument) -> tuple[Document, ...]:
    return mappings.read("{name}/{document}", raw.body, {{"{about}": name}})
"""


def shared_words(name: str, kinds: Sequence[PortKind], root: Path) -> dict[str, str]:
    """Return what is said once in a connector that fills these ports; `root` is the checkout."""
    title = "".join(part.capitalize() for part in name.split("_"))
    modules = [f"from connectors.{name}.{module_of(kind, kinds)} import {title}{kind.port}" for kind in kinds]
    return {
        "name": name,
        "Name": title,
        "ports": ", ".join(f'"{kind.port}"' for kind in kinds),
        "ports_told": ", ".join(f"`{kind.port}`" for kind in kinds),
        "inner_imports": "\n".join(
            sorted([f"from connectors.{name}.settings import {title}Settings", *modules])
        ),
        "filled": _filled(title, kinds),
        "rules": _rules(root),
        **_reading(name, [kind for kind in kinds if kind.document]),
    }


def port_words(kind: PortKind, kinds: Sequence[PortKind]) -> dict[str, str]:
    """Return what is said of one port beside the others."""
    effects = _effects(kinds)
    return {
        "port": kind.port,
        "module": module_of(kind, kinds),
        "suite": kind.suite,
        "document": kind.document,
        "target": kind.target,
        "about": kind.about,
        "commands": ", ".join(kind.commands),
        "command_imports": ", ".join(sorted({*kind.commands, "Command"})),
        "hook": kind.hook,
        "hook_imports": _HOOK_IMPORTS.get(kind.port, ""),
        "fixture": kind.fixture,
        "index": str(effects.index(kind)) if kind in effects else "",
    }


def module_of(kind: PortKind, kinds: Sequence[PortKind]) -> str:
    """Return the name of the file that fills a port: the suite's where another port's would have the same."""
    alone = sum(other.module == kind.module for other in kinds) == 1
    return kind.module if alone else kind.suite


def _effects(kinds: Sequence[PortKind]) -> list[PortKind]:
    return [kind for kind in kinds if kind.templates == "effects"]


def _filled(title: str, kinds: Sequence[PortKind]) -> str:
    """Return the lines that fill the ports of an `OpenConnector`."""
    made = [f"{title}{kind.port}(settings, client)" for kind in _effects(kinds)]
    lines = [f"effects=({_several(made)},),"] if made else []
    lines += [f"stock={title}{kind.port}(settings, client)," for kind in kinds if kind.templates == "stock"]
    return "".join(f"\n        {line}" for line in lines)


def _several(parts: Sequence[str]) -> str:
    """Return the parts with commas between, each on a line of its own where they are several."""
    gap = "" if len(parts) == 1 else "\n            "
    return ",".join(gap + part for part in parts)


def _reading(name: str, kinds: Sequence[PortKind]) -> dict[str, str]:
    """Return what has to do with documents that come in; all of it is empty where none do."""
    readers = {kind.document: "_read" if len(kinds) == 1 else f"_read_{kind.document}" for kind in kinds}
    named = [f'"{one}": partial({read}, resources.mappings, name)' for one, read in readers.items()]
    return {
        "readers": f"\n        readers={{{_several(named)}}}," if kinds else "",
        "reader": "".join(
            _READER.format(reader=readers[kind.document], name=name, document=kind.document, about=kind.about)
            for kind in kinds
        ),
        "reader_imports": "\nfrom canonical.documents import Document" if kinds else "",
        "resources": "Mappings, OpenConnector, Resources" if kinds else "OpenConnector, Resources",
        "raw": "\nfrom core.ports import RawDocument" if kinds else "",
        "path_import": "from pathlib import Path\n\nimport mappings\n" if kinds else "",
        "mappings_folder": f'\n    mappings=(Path(mappings.__path__[0]) / "{name}",),' if kinds else "",
    }


def _rules(root: Path) -> str:
    """Return the quality ledger: every rule with a reason that is still to be given."""
    parser: Any = YAML(typ="safe")
    rules = parser.load((root / "connectors" / "quality_rules.yaml").read_text(encoding="utf-8"))["rules"]
    return "\n".join(f"# {sentence}\n{rule}:\n  exempt: ''" for rule, sentence in rules.items())
