"""What `events` of `hub.yaml` asks for: who is told of what, and what is wrong with it."""

from collections.abc import Iterator

from canonical.events import EVENT_BY_NAME
from core.engine.announcing import NOBODY, Subscriptions
from hub.blueprint import Placement
from hub.config.loading import CONNECTOR_NAME, HUB_ITSELF, HubConfig
from hub.config.problems import ConfigError, ConfigProblem
from hub.config.sections import QueueSubscriber, WebhookSubscriber
from hub.subscribers.webhook import SUBSCRIBER
from mappings.suggest import did_you_mean

_UNTOLD = frozenset({"NoteAdded"})
"""A person's words: not for outsiders."""
EVENT_TYPES = tuple(sorted(EVENT_BY_NAME.keys() - _UNTOLD))
"""What can be subscribed to."""


def check_subscribers(config: HubConfig) -> None:
    """Raise `ConfigError` with all that is wrong with the subscribers."""
    problems = [*_problems(config)]
    if problems:
        raise ConfigError(problems)


def subscriptions(config: HubConfig) -> Subscriptions:
    """Return who is told of what."""
    events = config.sections.events
    if not events:
        return NOBODY
    queued = frozenset(
        kind for one in events.values() if isinstance(one, QueueSubscriber) for kind in one.types
    )
    webhooks = {
        name: frozenset(one.types) for name, one in events.items() if isinstance(one, WebhookSubscriber)
    }
    return Subscriptions(queued, webhooks)


def placements(config: HubConfig) -> dict[str, Placement]:
    """Return the subscribers by webhook, as the connectors that they are to the hub."""
    return {
        name: Placement(SUBSCRIBER, one, one.limits.over(SUBSCRIBER.limits))
        for name, one in config.sections.events.items()
        if isinstance(one, WebhookSubscriber)
    }


def _problems(config: HubConfig) -> Iterator[ConfigProblem]:
    for name, one in config.sections.events.items():
        if not CONNECTOR_NAME.fullmatch(name) or name == HUB_ITSELF or name in config.connectors:
            reason = f"{name!r} is no name for a subscriber: take a word in lower case that no connector has"
            yield config.problem(("events", name), reason)
        if isinstance(one, QueueSubscriber) and config.bus.is_embedded:
            reason = (
                "the embedded bus is inside the hub's process, where nobody else can bind a queue: use `by: webhook`, "
                "or RabbitMQ as the bus"
            )
            yield config.problem(("events", name, "by"), reason)
        for i, kind in enumerate(one.types):
            if kind not in EVENT_TYPES:
                reason = f"there is no event {kind!r} to subscribe to{did_you_mean(kind, EVENT_TYPES)}"
                yield config.problem(("events", name, "types", i), reason)
