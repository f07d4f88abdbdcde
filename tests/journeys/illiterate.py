"""A hub that can't read what its shop sends, as after a mapping was changed by mistake: each order is a failure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from canonical.documents import Document
from core.connector import OpenConnector, Resources
from core.errors import DocumentError, Problem
from core.ports import RawDocument
from hub.blueprint import Blueprint
from tests.journeys.hubfile import HubFile


class IlliterateFile(HubFile):
    """The hub of a file, but for the reader of the web shop's orders."""

    def blueprint(self) -> Blueprint:
        """Return what it describes."""
        plan = super().blueprint()
        shop = plan.connectors["webstore"]
        connectors = {
            **plan.connectors,
            "webstore": replace(shop, connector=replace(shop.connector, open=_Opening(shop.connector.open))),
        }
        return replace(plan, connectors=connectors)


class _Opening:
    """Opens the shop's connector, and takes its glasses away."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __call__(self, name: str, settings: Any, resources: Resources) -> OpenConnector:
        opened: OpenConnector = self._inner(name, settings, resources)
        readers: Mapping[str, Any] = {**opened.readers, "order": _unreadable}
        return replace(opened, readers=readers)


def _unreadable(raw: RawDocument) -> tuple[Document, ...]:
    raise DocumentError(
        (Problem("the mapping reads another version", field="lines", source="webstore/order"),)
    )
