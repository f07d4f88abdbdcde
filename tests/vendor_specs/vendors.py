"""Which of a vendor's files are read, and what in an exchange they are held against."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import yaml

from tests.vendor_specs.exchange import OK, Exchange
from tests.vendor_specs.openapi import OpenApi, Operation
from tests.vendor_specs.schemas import UNKNOWN, Obj, Schemas, Younger
from tests.vendor_specs.shapes import Shapes
from tests.vendor_specs.xml_feeds import XmlFeeds

_ANSWER = "it"
_BROKEN = frozenset({"malformed", "truncated"})
"""Faults by which a partner's proxy answers, and not the partner."""


_YOUNGER = Younger(
    fields=frozenset({"capture_before", "final_capture", "pending_reason", "request_multicapture"}),
    values=frozenset({"2026-10-28.endive", "expired", "refund.failed"}),
)
"""What Stripe has brought in since the document of September 2023: all of it in the types of stripe-python 16.1."""


class Judge(Protocol):
    """What a vendor says of its own interface."""

    seen: set[str]
    """The operations and messages that were judged."""

    def of_exchange(self, exchange: Exchange) -> Iterator[str]:
        """Yield what is otherwise in a call to the vendor and its answer."""
        ...

    def of_message(self, exchange: Exchange) -> Iterator[str]:
        """Yield what is otherwise in what the vendor sends on its own account."""
        ...


class Documents:
    """OpenAPI documents, one for each part of an interface."""

    overlooks = True
    """Whether the vendor takes a request that has parameters too many."""

    def __init__(
        self, documents: Mapping[str, OpenApi], outside: Callable[[Exchange], bool] | None = None
    ) -> None:
        self._documents, self._outside, self.seen = documents, outside, set[str]()

    def of_exchange(self, exchange: Exchange) -> Iterator[str]:
        """A connector sends nothing but what it should; of others, wrong values and gaps are refused.

        What others send too much is their own affair where the vendor overlooks it, and so does its simulator.
        """
        if self._outside is not None and self._outside(exchange):
            return
        found = self._find(exchange)
        if found is None:
            if exchange.sent_by_us or not exchange.refused:
                yield f"{exchange.method} {exchange.path}: there is no such operation"
            return
        document, operation = found
        self.seen.add(operation.name)
        if exchange.sent_by_us or (exchange.status is not None and not exchange.refused):
            for one in document.wrong_in_request(operation, exchange):
                if exchange.sent_by_us or not (self.overlooks and one.endswith(UNKNOWN)):
                    yield f"{operation.name} request {one}"
        if exchange.whole and not exchange.faults & _BROKEN:
            wrong = document.wrong_in_answer(operation, exchange)
            yield from (f"{operation.name} answer {exchange.status} {one}" for one in wrong)

    def of_message(self, exchange: Exchange) -> Iterator[str]:
        return iter(())

    def _find(self, exchange: Exchange) -> tuple[OpenApi, Operation] | None:
        for document in self._documents.values():
            if operation := document.find(exchange):
                return document, operation
        return None


class Amazon(Documents):
    """The Selling Partner API: models in OpenAPI 2.0, and the schema of the notification."""

    FILES = ("orders_2026-01-01", "ordersV0", "feeds_2021-06-30", "listingsItems_2021-08-01")

    def __init__(self, folder: Path) -> None:
        read = {name: OpenApi(_json(folder / f"{name}.json")) for name in self.FILES}
        super().__init__(read, _not_in_the_models)
        self._notification: Obj = _json(folder / "OrderChangeNotification.json")
        self._schemas = Schemas(self._notification)
        self._feeds = XmlFeeds(folder / "xsd")

    def of_exchange(self, exchange: Exchange) -> Iterator[str]:
        yield from super().of_exchange(exchange)
        if exchange.path.startswith("/presigned/") and exchange.status == OK:
            yield from self._wrong_in_feed(exchange.body or exchange.answer)
        if exchange.headers.get("x-amz-target") == "AmazonSQS.ReceiveMessage" and exchange.status == OK:
            for message in json.loads(exchange.answer).get("Messages", []):
                yield from self._wrong_in_notification(message["Body"])

    def _wrong_in_feed(self, raw: bytes) -> Iterator[str]:
        text = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        for one in self._feeds.problems(text):
            yield f"feed {one}"
        self.seen.update(f"<{name}>" for name in self._feeds.read)

    def _wrong_in_notification(self, text: str) -> Iterator[str]:
        if '"NotificationType": "ORDER_CHANGE"' in text:
            self.seen.add("ORDER_CHANGE")
            wrong = self._schemas.problems(json.loads(text), self._notification)
            yield from (f"ORDER_CHANGE {one}" for one in wrong)


class Stripe(Documents):
    """Stripe's API: one document in OpenAPI 3.0, whose schemas are those of the events' objects too."""

    overlooks = False

    def __init__(self, folder: Path) -> None:
        with gzip.open(next(folder.glob("spec3-*.yaml.gz"))) as file:
            # The loader that is written in C: Stripe's document has 112,000 lines.
            document = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        newest = frozenset(_names(_json(max(folder.glob("fixtures3-*.json")))))
        self._api = OpenApi(document, Younger(newest | _YOUNGER.fields, _YOUNGER.values))
        super().__init__({"api": self._api})

    def of_message(self, exchange: Exchange) -> Iterator[str]:
        if "stripe-signature" in exchange.headers and exchange.body:
            event = json.loads(exchange.body)
            self.seen.add(event["type"])
            for kind, value in (
                ("event", event),
                (event["data"]["object"]["object"], event["data"]["object"]),
            ):
                schema = self._api.schemas.document["components"]["schemas"][kind]
                wrong = self._api.schemas.problems(value, schema)
                yield from (f"{event['type']} {kind} {one}" for one in wrong)


class EasyPost:
    """No description is published: recordings of the API and examples of its documentation show what is answered."""

    def __init__(self, folder: Path) -> None:
        self._shapes, self.seen = Shapes("object"), set[str]()
        for file in sorted(folder.glob("vcr-cassettes/*.yaml")):
            for one in yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"]:
                if text := one["response"]["body"]["string"]:
                    self._shapes.learn(json.loads(text), _ANSWER)
        for file in sorted(folder.glob("docs-responses/*/*.json")):
            self._shapes.learn(json.loads(file.read_text(encoding="utf-8")), _ANSWER)
        self._shapes.learn(_json(folder / "fixtures" / "event-body.json"), _ANSWER)

    def of_exchange(self, exchange: Exchange) -> Iterator[str]:
        told = exchange.whole and not exchange.faults & _BROKEN
        if told and "json" in exchange.answer_headers.get("content-type", ""):
            yield from self._judged(exchange.answer, f"{exchange.method} answer {exchange.status}")

    def of_message(self, exchange: Exchange) -> Iterator[str]:
        if "x-hmac-signature" in exchange.headers and exchange.body:
            yield from self._judged(exchange.body, "webhook")

    def _judged(self, raw: bytes, what: str) -> Iterator[str]:
        value = json.loads(raw)
        self.seen.add(value.get("object", "a list or an error"))
        yield from (f"{what} {one}" for one in self._shapes.problems(value, _ANSWER))


class Signifyd:
    """One webhook's body is all that is published."""

    def __init__(self, folder: Path) -> None:
        self._shapes, self.seen = Shapes(None), set[str]()
        self._shapes.learn(_json(folder / "review-v3-payload.json"), _ANSWER)

    def of_exchange(self, exchange: Exchange) -> Iterator[str]:
        return iter(())

    def of_message(self, exchange: Exchange) -> Iterator[str]:
        if "signifyd-sec-hmac-sha256" in exchange.headers and exchange.body:
            self.seen.add(exchange.headers.get("signifyd-topic", "webhook"))
            problems = self._shapes.problems(json.loads(exchange.body), _ANSWER)
            yield from (f"webhook {one}" for one in problems)


VENDORS: Mapping[str, Callable[[Path], Judge]] = {
    "amazon": Amazon,
    "easypost": EasyPost,
    "signifyd": Signifyd,
    "stripe": Stripe,
}


def read(root: Path) -> dict[str, Judge]:
    """Read what there is of each vendor."""
    return {name: made(root / name) for name, made in VENDORS.items() if (root / name).is_dir()}


def _not_in_the_models(exchange: Exchange) -> bool:
    """Whether it is Login with Amazon, a presigned address, or the queue."""
    return exchange.path.startswith(("/auth/", "/presigned/")) or "x-amz-target" in exchange.headers


def _json(file: Path) -> Obj:
    return cast("Obj", json.loads(file.read_text(encoding="utf-8")))


def _names(node: Any) -> Iterator[str]:
    """Yield the name of every field, however deep."""
    if isinstance(node, dict):
        for name, value in cast("Obj", node).items():
            yield name
            yield from _names(value)
    elif isinstance(node, list):
        for one in node:
            yield from _names(one)
