"""Writes the files: each template with the connector's name in it, none over a file that is there."""

import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from core.errors import HubError
from hub.scaffold.ports import PORTS, PortKind
from mappings.suggest import did_you_mean

TEMPLATES = Path(__file__).with_name("templates")
SUFFIX = ".tmpl"
FOLDERS: Mapping[str, str] = {"connector": "connectors", "mappings": "mappings", "tests": "tests/connectors"}
"""Where the files of each folder of templates go; below it comes the connector's own folder."""
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_MARK = re.compile(r"%%(\w+)%%")


class ScaffoldError(HubError):
    """The files can't be written: why, and what to do."""


def write_connector(name: str, port: str, root: Path) -> list[Path]:
    """Write everything that a connector of that name needs into a checkout; return the files.

    Raises `ScaffoldError`, and then nothing was written.
    """
    _check(name, port, root)
    kind = PORTS[port]
    files = dict(_files(name, kind, root))
    there = [str(file) for file in files if file.exists()]
    if there:
        raise ScaffoldError(f"{there[0]} is there already: choose another name; nothing was written")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return list(files)


def _check(name: str, port: str, root: Path) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ScaffoldError(
            f"{name!r} is no name of a connector: it is the system's, one word in lower case, such as `acme`; digits "
            "and _ may follow the first letter"
        )
    if port not in PORTS:
        raise ScaffoldError(f"there is no kind of connector {port!r}{did_you_mean(port, PORTS)}")
    if (
        not (root / "connectors" / "quality_rules.yaml").is_file()
        or not (root / "tests" / "contracts").is_dir()
    ):
        raise ScaffoldError(
            f"{root} is no checkout of orderhub: run this in one, or name it with --root. A connector from "
            "outside is a package of its own with an entry point: see docs/add-a-connector.md"
        )


def _files(name: str, kind: PortKind, root: Path) -> Iterator[tuple[Path, str]]:
    words = _words(name, kind, root)
    for template in sorted(TEMPLATES.rglob(f"*{SUFFIX}")):
        place = template.relative_to(TEMPLATES)
        part, rest = place.parts[0], Path(*place.parts[1:])
        if part == "mappings" and not kind.document:
            continue
        file = root / FOLDERS[part] / name / _filled(str(rest).removesuffix(SUFFIX), words)
        if "test_mappings" in file.name and not kind.document:
            continue
        yield file, _filled(template.read_text(encoding="utf-8"), words)


def _filled(text: str, words: Mapping[str, str]) -> str:
    return _MARK.sub(lambda match: words[match[1]], text)


def _words(name: str, kind: PortKind, root: Path) -> dict[str, str]:
    reads, title = bool(kind.document), "".join(part.capitalize() for part in name.split("_"))
    inner = (
        f"from connectors.{name}.settings import {title}Settings",
        f"from connectors.{name}.{kind.module} import {title}{kind.port}",
    )
    return {
        "name": name,
        "Name": title,
        "port": kind.port,
        "module": kind.module,
        "suite": kind.suite,
        "document": kind.document,
        "target": kind.target,
        "about": kind.about,
        "commands": ", ".join(kind.commands),
        "command_imports": ", ".join(sorted({*kind.commands, "Command"})),
        "hook": kind.hook,
        "fixture": kind.fixture,
        "hook_imports": _HOOK_IMPORTS.get(kind.port, ""),
        "inner_imports": "\n".join(sorted(inner)),
        "readers": f'\n        readers={{"{kind.document}": partial(_read, resources.mappings, name)}},'
        if reads
        else "",
        "reader": _READER.format(name=name, document=kind.document, about=kind.about) if reads else "",
        "reader_imports": "\nfrom canonical.documents import Document" if reads else "",
        "resources": "Mappings, OpenConnector, Resources" if reads else "OpenConnector, Resources",
        "raw": "\nfrom core.ports import RawDocument" if reads else "",
        "path_import": "from pathlib import Path\n\nimport mappings\n" if reads else "",
        "mappings_folder": f'\n    mappings=(Path(mappings.__path__[0]) / "{name}",),' if reads else "",
        "rules": _rules(root),
    }


_HOOK_IMPORTS = {
    "CourierBroker": "\nfrom canonical.documents import Document",
    "PaymentGateway": "\nfrom canonical.documents import Document\nfrom canonical.money import Money",
    "FraudGateway": "\nfrom canonical.documents import Document\nfrom canonical.fraud import FraudVerdict",
}


_READER = """

def _read(mappings: Mappings, name: str, raw: RawDocument) -> tuple[Document, ...]:
    return mappings.read("{name}/{document}", raw.body, {{"{about}": name}})
"""


def _rules(root: Path) -> str:
    """Return the quality ledger: every rule with a reason that is still to be given."""
    parser: Any = YAML(typ="safe")
    rules = parser.load((root / "connectors" / "quality_rules.yaml").read_text(encoding="utf-8"))["rules"]
    return "\n".join(f"# {sentence}\n{rule}:\n  exempt: ''" for rule, sentence in rules.items())
