"""Regression cases that are run: a document that failed once, read by the mappings as they are now.

`orderhub failures fixture` writes a case and a test of a few lines that calls `read_case`. It is red as long as the
document can't be read, and green from the moment that the mapping is mended. Needs no secrets and no store.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from canonical.documents import Document
from core.connector import Reader
from core.errors import DocumentError
from core.mapping_use import MappingUse, listening
from core.ports import RawDocument
from hub.catalogue import catalogue
from hub.config import folders_of_mappings, mappings_of_connector
from hub.fixtures import Case
from hub.mappings import MappingLibrary, sources

_TEST = '''"""A document that failed once: red until it is read, green from then on."""

from pathlib import Path

from hub.cases import read_case

HERE = Path(__file__).parent


def test_{function}_is_read() -> None:
    """{said}"""
    read_case(HERE / "{case}", config={config})
'''
_LONGEST = 90


class CaseFailedError(AssertionError):
    """The case is not read yet: one line for each problem, with its place."""


def with_reading(case: Case, reader: Reader | None, kind: str, media_type: str) -> Case:
    """Return the case with the mapping that its reader uses, and what that is told beside the document."""
    if reader is None:
        return case
    with listening() as uses:
        still_fails = _fails(reader, RawDocument(kind, case.body, media_type))
    whole = [use for use in uses if use.raw == case.body]
    unsure = case.unsure
    if not still_fails:
        unsure = "without the people in it the document can be read: put back what it was that failed"
    return replace(case, reading=_reading(whole[0]) if whole else None, unsure=unsure)


def _fails(reader: Reader, raw: RawDocument) -> bool:
    try:
        reader(raw)
    except DocumentError:
        return True
    except Exception:  # noqa: BLE001 - a reader's own defect makes a case like any other
        return True
    return False


def _reading(use: MappingUse) -> Mapping[str, Any]:
    return {"reads": use.asked, "context": dict(use.context)}


def write_test(case: Case, facts: Path, config: Path | None) -> Path | None:
    """Write the test beside the case; None where no mapping reads its document as a whole."""
    if case.reading is None:
        return None
    stem = facts.name.removesuffix(".case.json")
    function = "".join(c if c.isalnum() else "_" for c in stem).strip("_")
    file = facts.with_name(f"test_{function}.py")
    reason = str(case.facts.get("reason", "")).splitlines()
    said = (reason[0] if reason else "It failed.").replace("\\", "/").replace('"""', "'")[:_LONGEST]
    where = "None"
    if config is not None:
        relative = Path(os.path.relpath(config.absolute(), facts.absolute().parent)).as_posix()
        where = f'HERE / "{relative}"'
    text = _TEST.format(function=function, said=said.rstrip('"'), case=facts.name, config=where)
    file.write_text(text, encoding="utf-8")
    return file


def read_case(file: Path, *, config: Path | None = None) -> tuple[Document, ...]:
    """Read a case's document as its connector would today; raise `CaseFailedError` with every problem.

    `config` is the hub.yaml whose mappings count beside those of the connectors; None: theirs alone. Where
    `NAME.expected.json` lies beside the case, what was read must be that.
    """
    facts: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    body = (file.parent / facts["document"]).read_bytes()
    folders = folders_of_mappings(config) if config is not None else ()
    replacing = mappings_of_connector(config, facts.get("name", "")) if config is not None else {}
    library = MappingLibrary.load(sources(catalogue().values(), folders))
    asked: str = facts["reads"]
    try:
        documents = library.read_for(asked, replacing.get(asked, asked), body, facts["context"])
    except DocumentError as error:
        lines = "\n".join(str(problem) for problem in error.problems)
        raise CaseFailedError(f"{facts['document']} is not read yet:\n{lines}") from None
    expected = file.with_name(file.name.replace(".case.json", ".expected.json"))
    if expected.exists():
        found = [document.model_dump(mode="json") for document in documents]
        if found != json.loads(expected.read_text(encoding="utf-8")):
            raise CaseFailedError(f"{facts['document']} is read, but not as {expected.name} says: {found}")
    return documents
