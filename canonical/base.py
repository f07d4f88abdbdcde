"""The one base of all canonical values: frozen, closed, checked on every change."""

from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

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

        `model_copy(update=...)` would accept any nonsense; this refuses an unknown field and a wrong type.
        Nested values are taken as they are, so the cost is that of one level.
        """
        return type(self)(**{**self.__dict__, **changes})
