"""The model of a whole `hub.yaml`, made of its sections and of the settings of every type of connector."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, cast

from pydantic import BaseModel, Field, create_model

from core.connector import Connector
from hub.config.sections import ConnectorSection, HubSection

TYPE = "type"
_CONNECTORS = "The connectors, each by a name of its own: what channels, gateways and nodes are called."


def file_model(catalogue: Mapping[str, Connector]) -> type[HubSection]:
    """Return the model: `connectors` is a tagged union of the types' settings, each with the common keys."""
    made: Any = create_model  # its overloads can't say that fields come by name
    sections = tuple(_section(connector) for connector in catalogue.values())
    entry: Any = Union[sections] if sections else ConnectorSection  # noqa: UP007 - put together while running
    if len(sections) > 1:
        entry = Annotated[entry, Field(discriminator=TYPE)]
    model = made(
        "HubFile",
        __base__=HubSection,
        __doc__="The configuration of a hub.",
        connectors=(dict[str, entry], Field(default_factory=dict[str, Any], description=_CONNECTORS)),
    )
    return cast("type[HubSection]", model)


def _section(connector: Connector) -> type[BaseModel]:
    """Return the settings of one type with the keys that every connector has: still settings of that type."""
    made: Any = create_model
    common = {
        name: (field.annotation, field)
        for name, field in ConnectorSection.model_fields.items()
        if name != TYPE
    }
    section = made(
        f"{connector.name}_connector",
        __base__=connector.settings,
        __doc__=connector.summary,
        **{TYPE: (Literal[connector.name], Field(description=connector.summary))},
        **common,
    )
    return cast("type[BaseModel]", section)
