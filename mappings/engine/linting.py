"""What is wrong, or likely wrong, with a mapping that compiles: it is held against its canonical model."""

from collections.abc import Sequence

from pydantic.fields import FieldInfo

from mappings.data import Data, is_object
from mappings.engine.annotations import OPEN, Shape, refusal_of, shape_of_field
from mappings.engine.compiling import Compiled
from mappings.engine.document import NOTHING, Kind
from mappings.engine.findings import Findings
from mappings.engine.plan_types import Plan
from mappings.engine.tables import CodeTable
from mappings.errors import MappingError
from mappings.suggest import did_you_mean
from mappings.syntax.base import Probing
from mappings.syntax.trees import tree_name

_MAKERS = frozenset({"table", "python", "boolean"})
"""Transforms after which a value is no longer the partner's own word."""


def lint(compiled: Compiled, findings: Findings) -> None:
    """Add what is wrong with a mapping to the findings."""
    shape = Shape(models=(compiled.mapping.model,))
    plans = compiled.mapping.parts.plans
    if compiled.mapping.reads:
        if not compiled.document.finish:
            _Reading(compiled, findings).object(plans, shape, compiled.mapping.model.__name__)
    else:
        _Writing(findings).object(plans, shape)
        _try_to_write(compiled, findings)
    _unused(compiled, findings)


class _Reading:
    """Follows the entries through the model that they fill."""

    def __init__(self, compiled: Compiled, findings: Findings) -> None:
        self._tables, self._findings = compiled.bench.tables, findings
        self._top = compiled.mapping.mark

    def object(self, plans: Sequence[Plan], shape: Shape, name: str) -> None:
        """Check the entries of one object."""
        if not shape.models:
            return
        fields = shape.fields
        for plan in plans:
            info = fields.get(plan.name)
            if info is not None:
                self.entry(plan, shape_of_field(info), info, f"{name}.{plan.name}")
            elif shape.values is None and not shape.open:
                known = did_you_mean(plan.name, fields)
                self._findings.error(plan.entry.mark, f"{name} has no field {plan.name!r}{known}")
        if len(shape.models) == 1:
            filled = {plan.name for plan in plans}
            for field, info in fields.items():
                if info.is_required() and field not in filled:
                    mark = plans[0].entry.mark if plans else self._top
                    self._findings.error(mark, f"{name}.{field} must be filled, and no entry does")

    def entry(self, plan: Plan, shape: Shape, info: FieldInfo | None, name: str) -> None:
        """Check one entry."""
        if plan.steps and plan.steps[-1].name == "python":
            return
        match plan.entry.kind:
            case Kind.FIELDS:
                self._inner(plan, shape, name)
            case Kind.EACH:
                self._each(plan, shape, name)
            case Kind.LIST:
                items = shape.items or OPEN
                for child in plan.children:
                    self.entry(child, items, None, f"{name}[]")
            case Kind.FIRST_OF:
                for child in plan.children:
                    self.entry(child, shape if not plan.steps else OPEN, info, name)
                self._single(plan, shape, info, name)
            case _:
                self._single(plan, shape, info, name)

    def _inner(self, plan: Plan, shape: Shape, name: str) -> None:
        if shape.is_single and not plan.steps:
            self._findings.error(plan.entry.mark, f"{name} is a single value: it has no fields")
        if not plan.steps:
            self.object(plan.children, shape, name)

    def _each(self, plan: Plan, shape: Shape, name: str) -> None:
        if plan.finish:
            return
        if shape.items is None and not shape.open:
            message = f"{name} is no list; `finish` can make one value of it"
            self._findings.error(plan.entry.mark, message)
        elif shape.items is not None and plan.entry.has_fields and not plan.steps:
            if shape.items.is_single:
                self._findings.error(
                    plan.entry.mark, f"the items of {name} are single values: they have no fields"
                )
            self.object(plan.children, shape.items, f"{name}[]")

    def _single(self, plan: Plan, shape: Shape, info: FieldInfo | None, name: str) -> None:
        """Check constants, defaults and code tables against the field that they go into."""
        entry = plan.entry
        if info is not None:
            constants = [entry.value] if entry.kind is Kind.VALUE else []
            constants += [] if entry.default is NOTHING else [entry.default]
            for constant in constants:
                if (reason := refusal_of(info, constant)) is not None:
                    self._findings.error(entry.mark, f"{name} can't be {constant!r}: {_lower(reason)}")
        if entry.kind is Kind.VALUE or entry.kind is Kind.FIRST_OF:
            return
        last = plan.steps[-1] if plan.steps else None
        if shape.is_code and (last is None or last.name not in _MAKERS):
            message = f"{name} is one of a closed list of words, and the partner's are taken as they come: use a table"
            self._findings.warn(entry.mark, message)
        if last is not None and last.name == "table" and info is not None:
            table = _table_of(plan, self._tables)
            if table is not None:
                self._check_table(table, info, name)

    def _check_table(self, table: CodeTable, info: FieldInfo, name: str) -> None:
        for code, word in table.codes.items():
            if word is not None and (reason := refusal_of(info, word)) is not None:
                message = f"the code table {table.name} makes {word!r} of {code!r}, which {name} can't be"
                self._findings.error(table.mark, f"{message}: {_lower(reason)}")


class _Writing:
    """Follows the paths of the entries through the model that they read."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def object(self, plans: Sequence[Plan], shape: Shape) -> None:
        """Check entries that start from a shape."""
        for plan in plans:
            here = self._path(plan, shape)
            if plan.entry.kind is Kind.EACH:
                here = here.items or OPEN
            self.object(plan.children, here if plan.path is not None else shape)

    def _path(self, plan: Plan, shape: Shape) -> Shape:
        """Follow one path; say where it leaves the model."""
        if plan.path is None or plan.path.steps is None:
            return OPEN
        for i, step in enumerate(plan.path.steps):
            if shape.open:
                return OPEN
            if isinstance(step, int) or step == "*":
                shape = shape.items or OPEN
            elif (info := shape.fields.get(step)) is not None:
                shape = shape_of_field(info)
            elif shape.values is not None:
                shape = shape.values
            else:
                mark = plan.entry.path.mark if plan.entry.path else plan.entry.mark
                before = (
                    tree_name(plan.path.steps[:i]) if i else " or ".join(m.__name__ for m in shape.models)
                )
                known = did_you_mean(step, shape.fields)
                self._findings.error(mark, f"{before or 'a single value'} has no field {step!r}{known}")
                return OPEN
        return shape


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _table_of(plan: Plan, tables: Data) -> CodeTable | None:
    """Return the table of the last transform, if it is looked up from the partner's code to the hub's word."""
    arguments = plan.entry.steps[-1].arguments
    said = arguments.plain() if arguments is not None else None
    if is_object(said):
        said = None if said.get("reverse") else said.get("name")
    found: CodeTable | None = tables.get(said)
    return found


def _try_to_write(compiled: Compiled, findings: Findings) -> None:
    """Write a sample in which every field is filled: names that the syntax can't take show then, not in production."""
    if compiled.document.finish:
        return
    try:
        syntax, sample = compiled.mapping.parts.syntax, _sample(compiled.mapping.parts.plans)
        if isinstance(syntax, Probing):
            syntax.probe(sample)
        else:
            syntax.write(sample)
    except MappingError as error:
        mark = compiled.document.entries[0].mark if compiled.document.entries else compiled.document.mark
        findings.error(mark, error.problem.reason)


def _sample(plans: Sequence[Plan]) -> dict[str, Data]:
    return {plan.name: _sample_of(plan) for plan in plans}


def _sample_of(plan: Plan) -> Data:
    match plan.entry.kind:
        case Kind.FIELDS:
            return _sample(plan.children)
        case Kind.EACH:
            return "1" if plan.finish else [_sample(plan.children) if plan.entry.has_fields else "1"]
        case Kind.LIST:
            return "1" if plan.finish else [_sample_of(child) for child in plan.children]
        case _:
            return "1"


def _unused(compiled: Compiled, findings: Findings) -> None:
    """Warn of what is declared and not used."""
    document, used = compiled.document, compiled.bench.used
    for name, table in document.tables.items():
        if f"table {name}" not in used:
            findings.warn(table.mark, f"the code table {name} is not used")
    for word, declared in (("python", document.python), ("context", document.context)):
        for said in declared:
            if f"{word} {said.text}" not in used:
                findings.warn(said.mark, f"{said.text} is declared under `{word}`, and not used")
