"""Puts a mail together. Equal arguments give equal bytes: nothing in it is drawn by chance, and no clock is asked."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import Parser
from email.utils import format_datetime

from connectors.mailer.addresses import MailAddress


@dataclass(frozen=True, slots=True)
class Mail:
    """What is said, by whom, to whom. Names are one line each."""

    key: str
    """The effect's key: Message-ID and boundary follow from it."""
    template: str
    order_id: str
    language: str
    sender: tuple[str, str]
    """Name and address."""
    reply_to: str | None
    recipient: tuple[str, MailAddress]
    subject: str
    text: str
    html: str
    date: datetime


def message_id(key: str, domain: str) -> str:
    """Return the Message-ID of an effect: always the same, and telling nothing."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def compose(mail: Mail) -> bytes:
    """Return the message as it travels: CRLF, 7 bit but for an address that needs SMTPUTF8."""
    name, address = mail.recipient
    rules = policy.SMTPUTF8 if address.needs_smtputf8 else policy.SMTP
    message = EmailMessage(policy=rules)
    message["From"] = Address(mail.sender[0], addr_spec=mail.sender[1])
    message["To"] = Address(name, address.local, address.domain)
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = message_id(mail.key, mail.sender[1].rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message["X-Orderhub-Template"] = mail.template
    message["X-Orderhub-Order"] = mail.order_id
    message.set_content(mail.text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = mail.language  # set last: a part would take it along
    message.set_boundary("=_" + hashlib.sha256(mail.key.encode()).hexdigest()[:32])
    return message.as_bytes()


def envelope(message: bytes) -> tuple[str, str]:
    """Return sender and recipient of a composed message, for SMTP."""
    parsed = Parser(policy=policy.SMTPUTF8).parsestr(message.decode(), headersonly=True)
    return parsed["From"].addresses[0].addr_spec, parsed["To"].addresses[0].addr_spec
