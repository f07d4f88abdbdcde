"""What a model's annotations say about its fields, as far as lint needs it."""

import types
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from mappings.data import Data


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand at one place of a canonical document. `open` says that anything may."""

    models: tuple[type[BaseModel], ...] = ()
    items: "Shape | None" = None
    """What the items of a list are, where it may be a list."""
    values: "Shape | None" = None
    """What the values of a dict are, where it may be a dict."""
    is_code: bool = False
    """It is one word out of a closed list."""
    open: bool = False

    @property
    def fields(self) -> dict[str, FieldInfo]:
        """The fields of the models that may stand here."""
        return {name: info for model in self.models for name, info in model.model_fields.items()}

    @property
    def is_single(self) -> bool:
        """Whether only a single value may stand here."""
        return not (self.models or self.items or self.values or self.open)


OPEN = Shape(open=True)


def shape_of(annotation: Data) -> Shape:
    """Return the shape that an annotation allows."""
    found = [_shape(one) for one in _alternatives(annotation)]
    items = next((shape.items for shape in found if shape.items is not None), None)
    values = next((shape.values for shape in found if shape.values is not None), None)
    return Shape(
        models=tuple(model for shape in found for model in shape.models),
        items=items,
        values=values,
        is_code=any(shape.is_code for shape in found),
        open=any(shape.open for shape in found),
    )


def _alternatives(annotation: Data) -> Iterator[Data]:
    """Yield the members of a union, all wrapping taken off, without None."""
    origin: Data = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin is Union or isinstance(annotation, types.UnionType):
        for one in get_args(annotation):
            yield from _alternatives(one)
    elif hasattr(annotation, "__value__"):
        yield from _alternatives(annotation.__value__)
    elif annotation is not types.NoneType:
        yield annotation


def _shape(annotation: Data) -> Shape:
    origin: Data = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Literal:
        return Shape(is_code=True)
    kind: Data = origin or annotation
    if not isinstance(kind, type):
        return OPEN
    if issubclass(kind, BaseModel | Enum):
        return Shape(is_code=True) if issubclass(kind, Enum) else Shape(models=(kind,))
    if issubclass(kind, Mapping):
        return Shape(values=shape_of(arguments[1]) if len(arguments) > 1 else OPEN)
    if issubclass(kind, Collection) and not issubclass(kind, str | bytes):
        return Shape(items=shape_of(arguments[0]) if arguments else OPEN)
    return OPEN if kind in (object, Data) else Shape()


def shape_of_field(info: FieldInfo) -> Shape:
    """Return the shape of a model's field."""
    return shape_of(info.annotation)


def refusal_of(info: FieldInfo, value: Data) -> str | None:
    """Return why a field refuses a constant; None if it takes it."""
    annotation: Data = info.annotation
    for constraint in info.metadata:
        annotation = Annotated[annotation, constraint]
    adapter: TypeAdapter[Data] = TypeAdapter(annotation)
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return error.errors()[0]["msg"].removeprefix("Value error, ")
    return None
