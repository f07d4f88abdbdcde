"""From a document's text to a mapping."""

import hashlib
import json
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from mappings.data import Data
from mappings.engine.environment import Environment
from mappings.engine.findings import Findings
from mappings.engine.jmes import Jmes
from mappings.engine.loading import MappingDocument
from mappings.engine.mapping import Mapping
from mappings.engine.paths import Path, PathLanguage
from mappings.engine.plan import Planner
from mappings.engine.steps import Workbench, options_mark, said
from mappings.engine.tables import CodeTable
from mappings.engine.translating import Parts
from mappings.engine.xpaths import XPaths
from mappings.suggest import did_you_mean
from mappings.syntax.base import Syntax


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping, and what lint needs to know of how it was made."""

    mapping: Mapping
    document: MappingDocument
    bench: Workbench


def compile_document(
    document: MappingDocument,
    environment: Environment,
    tables: AnyMapping[str, CodeTable],
    digest: str,
    findings: Findings,
) -> Compiled | None:
    """Return a compiled document; None where it can't even be tried. What is wrong goes to the findings."""
    syntax, prefixes = _syntax(document, environment, findings)
    model = _model(document, environment, findings)
    if syntax is None or model is None:
        return None
    xpath = syntax.paths == "xpath" and document.reads
    blank = document.keep_blank
    language: PathLanguage = (
        XPaths(prefixes, keep_blank=blank) if xpath else Jmes(keep_blank=blank, models=not document.reads)
    )
    declared = frozenset(name.text for name in document.python)
    context = frozenset(name.text for name in document.context)
    bench = Workbench(language, tables, environment.python, declared, context, findings, set())
    planner = Planner(bench, blank, document.reads)
    around = len(document.documents)
    plans = planner.plans(document.entries, around)
    parts = Parts(
        document.mark, document.reads, syntax, language, model, plans,
        build=planner.object_of(plans, always=True),
        finish=bench.steps(document.finish, around),
        documents=_documents(document, language, findings),
    )  # fmt: skip
    mapping = Mapping(document.name, document.version, digest, document.mark, document.reads, parts)
    return Compiled(mapping, document, bench)


def digest_of(contents: list[Data]) -> str:
    """Return the SHA-256 of what documents say, whatever their comments and layout."""
    text = json.dumps(contents, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _syntax(
    document: MappingDocument, environment: Environment, findings: Findings,
) -> tuple[Syntax | None, AnyMapping[str, str]]:  # fmt: skip
    name = document.syntax.text
    kind = environment.syntaxes.get(name)
    if kind is None:
        if name:
            known = did_you_mean(name, environment.syntaxes)
            findings.error(document.syntax.mark, f"there is no syntax {name!r}{known}")
        return None, {}
    node = document.options
    try:
        options = kind.options.model_validate(node.plain() if node else {})
        return kind.build(options), getattr(options, "namespaces", {})
    except ValidationError as error:
        mark = options_mark(node, error, document.syntax.mark)
        findings.error(mark, f"the options of {name}: {said(error)}")
    except ValueError as error:
        findings.error(node.mark if node else document.syntax.mark, f"the options of {name}: {error}")
    return None, {}


def _model(document: MappingDocument, environment: Environment, findings: Findings) -> type[BaseModel] | None:
    name = document.model
    found = environment.models.get(name.text)
    if found is None and name.text:
        known = did_you_mean(name.text, environment.models)
        findings.error(name.mark, f"there is no canonical model {name.text!r}{known}")
    return found


def _documents(document: MappingDocument, language: PathLanguage, findings: Findings) -> tuple[Path, ...]:
    found: list[Path] = []
    for around, path in enumerate(document.documents):
        try:
            found.append(language.path(path.text).must_start_within(around))
        except ValueError as error:
            findings.error(path.mark, f"`documents`: {error}")
    return tuple(found)
