"""What a transform is: a name, its arguments, and how it becomes a function of one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from mappings.data import Data, is_sequence
from mappings.engine.scope import Scope
from mappings.errors import Refusal
from mappings.syntax.trees import scalar_text

Run = Callable[[Data], Data]
"""From a value that is there to another, or to None for "not there"; raises `Refusal`."""

RunInScope = Callable[[Data, Data, Scope], Data]
"""As `Run`, for one that looks at its neighbours: value, node at hand, scope."""

ANY, TEXT, NUMBER, TIME, DATE, LIST, TRUTH = "any", "text", "number", "time", "date", "list", "truth"


class Args(BaseModel):
    """The arguments of a transform; an unknown one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)


class FromContext(Args):
    """Something that the caller says."""

    context: str


Elsewhere = str | FromContext
"""A path in the document, or something that the caller says."""


class NoArgs(Args):
    """A transform without arguments."""


@dataclass(frozen=True, slots=True)
class InScope:
    """A function that needs the node at hand beside the value."""

    run: RunInScope


class Tools(Protocol):
    """What a transform may ask for while it is compiled. Each raises ValueError for a name that isn't declared."""

    def table(self, name: str, *, reverse: bool) -> Run:
        """Return the look-up in a code table."""
        ...

    def python(self, name: str, arguments: Mapping[str, Data]) -> Run:
        """Return a registered Python transform."""
        ...

    def getter(self, elsewhere: Elsewhere) -> RunInScope:
        """Return a function that reads another value; it ignores the one that it is given."""
        ...

    def chain(self, steps: list[Data]) -> Run:
        """Return several transforms, one after the other."""
        ...


@dataclass(frozen=True, slots=True)
class Transform:
    """One named transform. Its docstring for authors is `says`; `main` is the argument that a bare value fills."""

    name: str
    says: str
    takes: frozenset[str]
    gives: str
    build: Callable[[Data, Tools], Run | InScope]
    args: type[Args] = NoArgs
    main: str | None = None


def simple(name: str, says: str, takes: str, gives: str, run: Run) -> Transform:
    """Return a transform without arguments."""
    return Transform(name, says, frozenset(takes.split()), gives, lambda _args, _tools: run)


def text_of(value: object) -> str:
    """Return a text, or refuse what isn't one."""
    if isinstance(value, str):
        return value
    raise Refusal(f"a text is expected here, and this is {kind_of(value)}; put `text` before this transform")


def scalar_of(value: object) -> str:
    """Return the text of a text, number or truth value, or refuse what is none of these."""
    if value.__class__ is str:
        return str(value)
    if value.__class__ is int:
        return str(value)
    try:
        return scalar_text(value)
    except TypeError:
        raise Refusal(f"a single value is expected here, and this is {kind_of(value)}") from None


def number_of(value: object) -> Decimal:
    """Return an exact number, or refuse what isn't one."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise Refusal(
        f"a number is expected here, and this is {kind_of(value)}; put `decimal` before this transform"
    )


def list_of(value: object) -> list[Data]:
    """Return a list, or refuse what isn't one."""
    if is_sequence(value):
        return list(value)
    raise Refusal(f"a list is expected here, and this is {kind_of(value)}")


def kind_of(value: object) -> str:
    """Return what a value is, in a person's words."""
    if isinstance(value, bool):
        return "true or false"
    named = {str: "a text", int: "a number", Decimal: "a number", list: "a list", dict: "an object"}
    for kind, name in named.items():
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"
