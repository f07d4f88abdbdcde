"""The webhook endpoints of the simulated account (docs.stripe.com/api/webhook_endpoints)."""

import copy
import re
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from connectors.stripe.simulator.books import Books, Obj
from connectors.stripe.simulator.delivery import WebhookDelivery
from connectors.stripe.simulator.forms import Parameters
from connectors.stripe.simulator.journal import Call
from connectors.stripe.simulator.problems import StripeRefusalError, invalid

_MOST = 16
_LONGEST_URL, _LONGEST_DESCRIPTION = 5000, 5000
_KIND = re.compile(r"\*|[a-z0-9_]+(\.[a-z0-9_]+)+")
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
_LOOPBACK = {"127.0.0.1", "localhost"}
_NEEDED = {"GET": {"read", "write"}, "POST": {"write"}, "DELETE": {"write"}}


class WebhookEndpoints:
    """Endpoints made by the API, each delivered to with its own secret, beside the one that options gave.

    Unlike Stripe's, they may be on loopback and by http, as the simulator is itself.
    """

    def __init__(
        self,
        books: Books,
        given: WebhookDelivery,
        deliver: Callable[[str], WebhookDelivery],
        permission: str,
    ) -> None:
        self._books, self._given, self._deliver, self._permission = books, given, deliver, permission
        self._deliveries: dict[str, WebhookDelivery] = {}
        """By the endpoint's id."""

    def check_permission(self, method: str, path: str) -> None:
        """Refuse what a restricted key may not do with endpoints."""
        if not path.startswith("/v1/webhook_endpoints") or self._permission in _NEEDED.get(method, set()):
            return
        wanted = "rak_webhook_read" if method == "GET" else "rak_webhook_write"
        message = (
            "The provided key 'rk_test_***' does not have the required permissions for this endpoint on account"
            f" 'acct_simulated'. Having the '{wanted}' permission would allow this request to continue."
        )
        raise StripeRefusalError(403, "invalid_request_error", message)

    # --- the API ---

    def create(self, _: Call, parameters: Parameters) -> Obj:
        """Make an endpoint; only this answer tells its secret."""
        parameters.only("url", "enabled_events", "api_version", "description", "metadata", "connect")
        url = _url(parameters.required("url"))
        kinds = _kinds(parameters)
        if kinds is None:
            message = "Missing required param: enabled_events."
            raise invalid(message, code="parameter_missing", param="enabled_events")
        version = parameters.text("api_version")
        if version is not None and not _VERSION.fullmatch(version):
            raise invalid(f"Invalid API version: {version}", param="api_version")
        parameters.flag("connect", default=False)
        if len(self._books.endpoints) >= _MOST:
            raise invalid(f"You have reached the maximum of {_MOST} test webhook endpoints.")
        made: Obj = {
            "id": self._books.new_id("we"),
            "object": "webhook_endpoint",
            "api_version": version,
            "application": None,
            "created": self._books.now(),
            "description": _description(parameters),
            "enabled_events": kinds,
            "livemode": False,
            "metadata": parameters.metadata({}),
            "status": "enabled",
            "url": url,
        }
        secret = self._books.new_id("whsec")
        self._books.endpoints[made["id"]] = made
        delivery = self._deliveries[made["id"]] = self._deliver(secret)
        delivery.url = url
        delivery.start()
        return {**made, "secret": secret}

    def update(self, _: Call, parameters: Parameters, endpoint_id: str) -> Obj:
        """Change an endpoint; its version and its secret stay."""
        made = self._books.find(self._books.endpoints, endpoint_id, "webhook_endpoint")
        parameters.only("url", "enabled_events", "description", "metadata", "disabled")
        changed: Obj = {"metadata": parameters.metadata(made["metadata"])}
        if (url := parameters.text("url")) is not None:
            changed["url"] = _url(url)
        if (kinds := _kinds(parameters)) is not None:
            changed["enabled_events"] = kinds
        if "description" in parameters:
            changed["description"] = _description(parameters)
        if "disabled" in parameters:
            changed["status"] = "disabled" if parameters.flag("disabled", default=False) else "enabled"
        made.update(changed)
        self._deliveries[endpoint_id].url = made["url"]
        return made

    def delete(self, _: Call, parameters: Parameters, endpoint_id: str) -> Obj:
        """Take an endpoint away; what waits for it is never delivered."""
        self._books.find(self._books.endpoints, endpoint_id, "webhook_endpoint")
        parameters.only()
        del self._books.endpoints[endpoint_id]
        delivery = self._deliveries[endpoint_id]
        delivery.waiting.clear()
        delivery.url = None
        return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}

    # --- deliveries ---

    @property
    def waiting(self) -> bool:
        """Whether an event is on its way to anybody."""
        return any(delivery.waiting for delivery in self._all())

    def add(self, event: Obj) -> None:
        """Deliver an event to everybody who wants it."""
        wanting = [
            self._deliveries[one["id"]]
            for one in self._books.endpoints.values()
            if one["status"] == "enabled" and {event["type"], "*"} & set(one["enabled_events"])
        ]
        for delivery in (self._given, *wanting):
            delivery.add(copy.deepcopy(event))

    async def strike_first(self, events: list[Obj]) -> None:
        """Deliver events before their call is answered, where a fault says so."""
        if self._given.strikes_first(events):
            for delivery in self._all():
                await delivery.now(events)

    def start(self) -> None:
        """Begin to deliver."""
        for delivery in self._all():
            delivery.start()

    async def stop(self) -> None:
        """Stop delivering; what waits keeps waiting."""
        for delivery in (self._given, *self._deliveries.values()):
            await delivery.stop()

    def _all(self) -> list[WebhookDelivery]:
        return [self._given, *(self._deliveries[name] for name in self._books.endpoints)]


def _url(url: str) -> str:
    parts = urlsplit(url)
    if len(url) > _LONGEST_URL or not parts.hostname:
        message = "Invalid URL: An explicit scheme (such as https) must be provided."
        raise invalid(message, code="url_invalid", param="url")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise invalid("Invalid URL: The URL must be an HTTPS URL.", code="url_invalid", param="url")
    return url


def _kinds(parameters: Parameters) -> list[str] | None:
    if "enabled_events" not in parameters:
        return None
    value = parameters["enabled_events"]
    if not isinstance(value, list) or not value:
        raise invalid("Invalid array", param="enabled_events")
    for position, kind in enumerate(kinds := cast("list[object]", value)):
        if not isinstance(kind, str) or not _KIND.fullmatch(kind):
            param = f"enabled_events[{position}]"
            raise invalid(f"Invalid {param}: must be the type of an event", param=param)
    return [str(kind) for kind in kinds]


def _description(parameters: Parameters) -> str | None:
    description = parameters.text("description")
    if description is not None and len(description) > _LONGEST_DESCRIPTION:
        raise invalid("Invalid string: too long", param="description")
    return description
