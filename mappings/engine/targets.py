"""What a canonical model refuses, said in terms of the partner's document and of the mapping."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel, ValidationError

from mappings.engine.trace import Record, Trace
from mappings.errors import ErrorCode, Mark, Problem
from mappings.syntax.trees import TreePlace, tree_name

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "string_type": "put `text` in its `transform`",
        "enum": "look it up in a code table",
        "literal_error": "look it up in a code table",
        "timezone_aware": "use the transform `datetime`, with a `zone`",
        "datetime_parsing": "use the transform `datetime`, with a `format`",
        "datetime_from_date_parsing": "use the transform `datetime`, with a `format`",
        "date_from_datetime_parsing": "use the transform `date`, with a `format`",
        "decimal_parsing": "use the transform `decimal`",
        "int_parsing": "use the transform `int`",
        "int_from_float": "use the transforms `round` and `int`",
        "bool_parsing": "use the transform `boolean`",
    },
)


def add_refusals(error: ValidationError, trace: Trace, target: type[BaseModel], mark: Mark) -> None:
    """Add to a trace what the model refused of its values."""
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        loc: TreePlace = tuple(one["loc"])
        if any(bad[: len(loc)] == loc or loc[: len(bad)] == bad for bad in trace.bad):
            continue
        record = nearest_record(loc, trace)
        reason = _reason(one["type"], one["msg"], loc, record, target)
        if record is None:
            place = tree_name(loc) if loc else None
            trace.problems.append(Problem(reason, ErrorCode.TARGET, mark, target=place))
        else:
            missing = one["type"] == "missing"
            held = Record(loc, record.plan, record.scope, None if missing else record.value, record.personal)
            trace.add(held, reason, ErrorCode.MISSING if missing else ErrorCode.TARGET)


def nearest_record(loc: TreePlace, trace: Trace) -> Record | None:
    """Return what filled a field, or the object or list around it."""
    for length in range(len(loc), 0, -1):
        if (found := trace.records.get(loc[:length])) is not None:
            return found
    return None


def _reason(kind: str, message: str, loc: TreePlace, record: Record | None, target: type[BaseModel]) -> str:
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind == "missing":
        name = f"{target.__name__}.{tree_name(loc)}"
        if record is None or record.target != loc or record.value is not None:
            return f"{name} must be filled, and the mapping doesn't"
        return f"there is no value here, and {name} must be filled"
    advice = _ADVICE.get(kind)
    message = message[:1].lower() + message[1:]
    return f"{message}; {advice}" if advice else message
