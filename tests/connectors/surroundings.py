"""What tests put around a connector: a desk that keeps documents, its mapping documents, and the way to its door."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from canonical.documents import DOCUMENT_BY_NAME, Document
from canonical.order import Order
from core.connector import Connector
from core.errors import DocumentError, DoorError, Problem
from core.ports import DoorRequest, DoorResponse, RawDocument, Receipt
from mappings import Environment, MappingError, MappingRegistry
from tests.connectors.webstore.resources import NoMappings


class KeptDesk:
    """What a door may ask of the hub: keeps documents in memory, each telling once."""

    def __init__(self) -> None:
        self.kept: dict[str, RawDocument] = {}
        self.receipts: list[Receipt] = []
        self.refusing: DoorError | None = None

    async def receive(self, raw: RawDocument) -> Receipt:
        if self.refusing is not None:
            raise self.refusing
        assert raw.external_id
        before = self.kept.setdefault(raw.external_id, raw)
        receipt = Receipt(uuid4(), duplicate=before is not raw, same_body=before.body == raw.body)
        self.receipts.append(receipt)
        return receipt

    async def find_order(self, channel_ref: str) -> Order | None:
        raise AssertionError("this connector's doors ask for no order")

    async def message_status(self, message_id: UUID) -> tuple[str, str | None] | None:
        raise AssertionError("this connector's doors ask for no message")

    async def available(self, references: tuple[str, ...]) -> Mapping[str, int | None]:
        raise AssertionError("this connector's doors ask for no stock")


class UntouchedCursors:
    """For a connector that keeps nothing."""

    async def get(self, name: str) -> str | None:
        raise AssertionError(name)

    async def put(self, name: str, value: str) -> None:
        raise AssertionError(name)


class ReadMappings(NoMappings):
    """A connector's mapping documents, all of which read."""

    def __init__(self, connector: Connector) -> None:
        texts = {
            file.name: file.read_text() for folder in connector.mappings for file in folder.glob("*.yaml")
        }
        environment = Environment(models=DOCUMENT_BY_NAME, python=connector.python_transforms)
        self.every = MappingRegistry(environment).load(texts)
        assert self.every.warnings == ()

    def read(self, mapping: str, raw: bytes, context: Mapping[str, str]) -> tuple[Document, ...]:
        try:
            return tuple(self.every[mapping].read_all(raw, context, expect=Document))
        except MappingError as error:
            problems = (Problem(one.reason, field=one.source, value=one.value) for one in error.problems)
            raise DocumentError(tuple(problems)) from error


def webhook_app(knock: Callable[[DoorRequest], Awaitable[DoorResponse]]) -> Starlette:
    """Return a server whose `POST /webhook` is answered by a connector's door."""

    async def webhook(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = DoorRequest("POST", "/webhook", headers, {}, {}, await request.body())
        try:
            answer = await knock(asked)
        except DoorError as error:
            return Response(status_code=error.status)
        return Response(answer.body, answer.status)

    return Starlette(routes=[Route("/webhook", webhook, methods=["POST"])])
