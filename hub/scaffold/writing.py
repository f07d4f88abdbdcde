"""Writes the files: each template with the connector's name in it, none over a file that is there."""

import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from core.errors import HubError
from hub.scaffold.ports import PORTS, PortKind
from hub.scaffold.words import port_words, shared_words
from mappings.suggest import did_you_mean

TEMPLATES = Path(__file__).with_name("templates")
SUFFIX = ".tmpl"
FOLDERS: Mapping[str, str] = {"connector": "connectors", "mappings": "mappings", "tests": "tests/connectors"}
"""Where the files of each folder of templates go; below it comes the connector's own folder."""
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_MARK = re.compile(r"%%(\w+)%%")


class ScaffoldError(HubError):
    """The files can't be written: why, and what to do."""


def write_connector(name: str, ports: Sequence[str], root: Path) -> list[Path]:
    """Write everything that a connector of that name needs into a checkout, to fill these ports; return the files.

    Raises `ScaffoldError`, and then nothing was written.
    """
    _check(name, ports, root)
    files = dict(_files(name, [PORTS[port] for port in ports], root))
    there = [str(file) for file in files if file.exists()]
    if there:
        raise ScaffoldError(f"{there[0]} is there already: choose another name; nothing was written")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return list(files)


def _check(name: str, ports: Sequence[str], root: Path) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ScaffoldError(
            f"{name!r} is no name of a connector: it is the system's, one word in lower case, such as `acme`; digits "
            "and _ may follow the first letter"
        )
    for port in ports:
        if port not in PORTS:
            raise ScaffoldError(f"there is no kind of connector {port!r}{did_you_mean(port, PORTS)}")
    if not ports or len(set(ports)) < len(ports):
        raise ScaffoldError("a connector fills at least one port, and each of them once")
    if (
        not (root / "connectors" / "quality_rules.yaml").is_file()
        or not (root / "tests" / "contracts").is_dir()
    ):
        raise ScaffoldError(
            f"{root} is no checkout of orderhub: run this in one, or name it with --root. A connector from "
            "outside is a package of its own with an entry point: see docs/add-a-connector.md"
        )


def _files(name: str, kinds: Sequence[PortKind], root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of the connector as a whole, then those of each port."""
    shared = shared_words(name, kinds, root)
    folders = (
        ["connector", "tests"] if any(kind.document for kind in kinds) else ["connector", "tests/__init__*"]
    )
    for folder in folders:
        yield from _written(name, root, folder, shared)
    for kind in kinds:
        words = {**shared, **port_words(kind, kinds)}
        yield from _written(name, root, f"{kind.templates}/*", words)
        if kind.document:
            yield from _written(name, root, "mappings", words)


def _written(name: str, root: Path, pattern: str, words: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    places = [place for found in TEMPLATES.glob(pattern) for place in (found, *found.rglob("*"))]
    for template in sorted(place for place in places if place.suffix == SUFFIX):
        part = next(one for one in template.relative_to(TEMPLATES).parts if one in FOLDERS)
        inner = str(template).rpartition(f"/{part}/")[2].removesuffix(SUFFIX)
        yield root / FOLDERS[part] / name / _filled(inner, words), _filled(template.read_text("utf-8"), words)


def _filled(text: str, words: Mapping[str, str]) -> str:
    return _MARK.sub(lambda match: words[match[1]], text)
