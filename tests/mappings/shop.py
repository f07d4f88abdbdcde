"""A small canonical model, and what makes mappings of it."""

from collections.abc import Mapping as AnyMapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from mappings import Environment, InvalidMappingError, Mapping, MappingRegistry, Problem, compile_mapping
from mappings.engine.environment import PythonTransform


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Status(StrEnum):
    PLACED = "placed"
    PAID = "paid"


class Person(Value):
    name: Annotated[str, Field(min_length=1)]
    country: str = "GB"
    email: str | None = None
    lines: tuple[str, ...] = ()


class Line(Value):
    sku: str
    quantity: Annotated[int, Field(gt=0)] = 1
    price: Decimal | None = None
    currency: str | None = None
    number: int | None = None
    attributes: dict[str, str] = {}


class Order(Value):
    ref: str
    placed_at: AwareDatetime | None = None
    status: Status = Status.PLACED
    kind: Literal["web", "shop"] = "web"
    total: Decimal | None = None
    gift: bool = False
    buyer: Person | None = None
    lines: tuple[Line, ...] = ()
    tags: tuple[str, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _skus_are_distinct(self) -> Self:
        if len({line.sku for line in self.lines}) != len(self.lines):
            raise ValueError("two lines have one SKU")
        return self


MODELS: AnyMapping[str, type[BaseModel]] = {"Order": Order, "Line": Line, "Person": Person}


def environment(python: AnyMapping[str, PythonTransform] | None = None) -> Environment:
    return Environment(MODELS, python or {})


def mapping(text: str, python: AnyMapping[str, PythonTransform] | None = None, **others: str) -> Mapping:
    return compile_mapping(text, environment(python), **others)


def reading(fields: str, head: str = "", *, target: str = "Order", syntax: str = "json") -> str:
    return f"mapping: m\nversion: 1\nreads: {syntax}\ntarget: {target}\n{head}\nfields:\n{indented(fields)}"


def writing(fields: str, head: str = "", *, source: str = "Order", syntax: str = "json") -> str:
    return f"mapping: m\nversion: 1\nwrites: {syntax}\nsource: {source}\n{head}\nfields:\n{indented(fields)}"


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip("\n").split("\n"))


def findings(*texts: str, python: AnyMapping[str, PythonTransform] | None = None) -> list[str]:
    named = {f"{chr(97 + i)}.yaml": text for i, text in enumerate(texts)}
    return [str(finding) for finding in MappingRegistry(environment(python)).lint(named)]


def refused(text: str, python: AnyMapping[str, PythonTransform] | None = None, **others: str) -> str:
    """Return why a mapping can't be loaded."""
    try:
        mapping(text, python, **others)
    except InvalidMappingError as error:
        return str(error)
    raise AssertionError("the mapping loads")


def problem(made: Mapping, raw: bytes, **context: object) -> Problem:
    """Return the one thing that is wrong with a document."""
    found = made.check(raw, context)
    assert len(found) == 1, found
    return found[0]
