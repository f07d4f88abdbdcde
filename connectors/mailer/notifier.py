"""Fills the port `Notifier`: a mail per effect, the same to the byte however often it is sent."""

from canonical.commands import Command, SendMail
from connectors.mailer.addresses import display_name, parse
from connectors.mailer.client import SmtpClient
from connectors.mailer.composing import Mail, compose, envelope
from connectors.mailer.rendering import templates
from connectors.mailer.settings import MailerSettings
from connectors.mailer.views import Customer, Shop, view
from core.errors import RejectedError
from core.ports import Answer, Effect, EffectContext, Outgoing


class Mailer:
    """Writes and sends mails.

    A mail server can't be asked about a message, so `look_up` never finds one: a mail whose answer was lost is sent
    again, under its first Message-ID and date. That is the one repetition that the hub allows itself.
    """

    commands: frozenset[type[Command]] = frozenset({SendMail})

    def __init__(self, settings: MailerSettings, client: SmtpClient) -> None:
        self._settings, self._client = settings, client
        self.deadline_s, self.settle_s = settings.deadline_s, settings.settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the mail, in the order's language or the nearest one there is."""
        if not isinstance(command, SendMail):
            raise RejectedError(f"a mailer does not take {type(command).__name__}", code="command")
        if context.parties is None:
            message = "the order's personal data was erased, so there is nobody to write to"
            raise RejectedError(message, code="erased")
        buyer, settings = context.parties.buyer, self._settings
        if not buyer.email or not buyer.email.strip():
            raise RejectedError("the order names no e-mail address of the buyer", code="no_address")
        address = parse(buyer.email, smtputf8=settings.smtputf8)
        own = settings.shop(context.order.channel)
        known = templates(own.templates, settings.fallback_language, settings.time_zone)
        language = known.language(command.template, context.order.language)
        shop = Shop(display_name(own.shop_name or ""), own.shop_url or "")
        name = display_name(buyer.name)
        variables = view(command, context.order, shop, Customer(name), language)
        subject, text, html = known.write(command.template, language, variables)
        mail = Mail(
            key=command.key, template=command.template, order_id=str(command.order_id), language=language,
            sender=(shop.name, own.sender or settings.sender), reply_to=own.reply_to, recipient=(name, address),
            subject=display_name(subject), text=text, html=html, date=context.now,
        )  # fmt: skip
        return Outgoing(compose(mail), "message/rfc822")

    async def send(self, effect: Effect) -> Answer:
        """Hand the message to the server, which has it for certain once this returns."""
        sender, recipient = envelope(effect.outgoing.body)
        smtputf8 = not recipient.isascii()
        said = await self._client.deliver(sender, recipient, effect.outgoing.body, smtputf8=smtputf8)
        return Answer(body=said.encode(), media_type="text/plain")

    async def look_up(self, effect: Effect) -> Answer | None:
        """Return None: nobody knows, and a mail may be repeated."""
        return None
