"""Fills the port `ChannelUpdates`: what became of its order travels to the shop as a signed webhook."""

from canonical.commands import Command, TellChannelCancelled, TellChannelShipped, TellChannelStatus
from connectors.webstore import webhooks
from connectors.webstore.client import Reply, WebhookClient
from connectors.webstore.settings import WebstoreSettings
from core.errors import RejectedError
from core.ports import Answer, Effect, EffectContext, Outgoing


class WebstoreUpdates:
    """Tells a shop. The webhook's id is the effect's key, by which the shop takes each telling once.

    So a repetition is harmless by contract, and `look_up` may say "not found" for a shop that can't be asked.
    """

    commands: frozenset[type[Command]] = frozenset(
        {TellChannelShipped, TellChannelCancelled, TellChannelStatus}
    )

    def __init__(self, settings: WebstoreSettings, client: WebhookClient) -> None:
        self.deadline_s, self.settle_s = settings.deadline_s, settings.settle_s
        self._told, self._may_ask = settings.webhook_url is not None, settings.webhook_lookup
        self._client = client

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the webhook's body; it says nothing about people."""
        if not self._told:
            message = "the shop has no webhook_url: set one, or `tell: false` in the channel's policy"
            raise RejectedError(message, code="no_webhook_url")
        return Outgoing(webhooks.write(command, context.order, context.now))

    async def send(self, effect: Effect) -> Answer:
        """Post the webhook, signed as of now; any 2xx means that the shop has it."""
        webhook_id = webhooks.webhook_id(effect.key)
        reply = await self._client.post(webhook_id, effect.outgoing.body, effect.outgoing.media_type)
        return _answer(webhook_id, reply)

    async def look_up(self, effect: Effect) -> Answer | None:
        """Ask the shop for the webhook where it can be asked; else None: a repetition is harmless."""
        if not self._may_ask:
            return None
        webhook_id = webhooks.webhook_id(effect.key)
        reply = await self._client.find(webhook_id)
        return None if reply is None else _answer(webhook_id, reply)


def _answer(webhook_id: str, reply: Reply) -> Answer:
    return Answer(reference=webhook_id, body=reply.body, media_type=reply.media_type)
