"""The one base of all canonical values: frozen, closed, checked on every change."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

type_name = StringConstraints(strip_whitespace=True, min_length=1, max_length=200)

Name = Annotated[str, type_name]
"""A short text that is never empty: an id, a reference, a SKU."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=600)]
"""A key that is put together of several names: an effect's, a fact's, a ledger entry's."""

Quantity = Annotated[int, Field(ge=0, le=1_000_000)]
"""A count of sellable units."""

Instant = AwareDatetime
"""An aware point in time; kept in UTC."""


class Value(BaseModel):
    """A frozen value. Two values with equal fields are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    def replace(self, **changes: Any) -> Self:
        """Return a copy with `changes`, validated like a new value.

        `model_copy(update=...)` would accept any nonsense; this refuses an unknown field and a wrong type. Only what
        is changed is looked at: the rest was, and stays the very same objects, so that `before.lines is after.lines`
        tells whether the lines were touched.
        """
        checks = _checks(type(self))
        if checks is None:
            return type(self)(**{**self.__dict__, **changes})
        try:
            checked = {name: checks[name].validate_python(value) for name, value in changes.items()}
        except (KeyError, ValidationError):
            return type(self)(**{**self.__dict__, **changes})  # which says what is wrong, by field
        return self.model_copy(update=checked)


@cache
def _checks(kind: type[Value]) -> Mapping[str, TypeAdapter[Any]] | None:
    """Return each field's own check; None where fields are checked together, or otherwise than their types say."""
    rules = kind.__pydantic_decorators__
    if rules.model_validators or rules.field_validators or kind.model_config != Value.model_config:
        return None
    return {name: TypeAdapter(field.rebuild_annotation()) for name, field in kind.model_fields.items()}
