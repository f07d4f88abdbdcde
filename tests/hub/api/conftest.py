"""The API of a small hub, and clients with tokens of each role."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from hub.api.app import create_app
from hub.desk import tokens
from hub.desk.access import Role
from hub.desk.context import DeskContext
from tests.hub.stage import ADMIN, Stage

LOCAL = "http://127.0.0.1:8080"


@dataclass
class View:
    """A hub, as its API sees it; tests say what troubles it."""

    desk: DeskContext
    said: str | None = None
    document: Mapping[str, Any] = field(
        default_factory=lambda: {
            "asyncapi": "3.0.0",
            "info": {"title": "orderhub", "version": "1.0.0"},
            "channels": {"in.shop": {"address": "in.shop", "description": "<b>work</b>"}},
            "operations": {"read": {"action": "receive", "channel": {"$ref": "#/channels/in.shop"}}},
            "components": {"schemas": {"Item": {"properties": {"id": {"type": "string", "format": "uuid"}}}}},
        }
    )

    async def trouble(self) -> str | None:
        return self.said

    def asyncapi(self) -> Mapping[str, Any]:
        return self.document


@dataclass
class Api:
    """An application, and clients for it."""

    stage: Stage
    view: View
    app: FastAPI
    secrets: dict[Role, str]
    clients: list[httpx.AsyncClient] = field(default_factory=list[httpx.AsyncClient])

    def client(
        self,
        role: Role | None = None,
        *,
        address: str = "203.0.113.9",
        base_url: str = "http://hub.example.com",
    ) -> httpx.AsyncClient:
        """Return a client with the token of a role, or with none."""
        transport = httpx.ASGITransport(self.app, client=(address, 5000))
        headers = {"authorization": f"Bearer {self.secrets[role]}"} if role else {}
        client = httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers)
        self.clients.append(client)
        return client


@asynccontextmanager
async def serve(stage: Stage, **options: Any) -> AsyncIterator[Api]:
    view = View(stage.ctx)
    secrets = {
        role: (await tokens.create_token(stage.ctx, ADMIN, f"{role.value}-1", role)).secret for role in Role
    }
    api = Api(stage, view, create_app(view, **options), secrets)
    yield api
    for client in api.clients:
        await client.aclose()


@pytest.fixture
async def api(hub: Stage) -> AsyncIterator[Api]:
    async with serve(hub) as served:
        yield served
