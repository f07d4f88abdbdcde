"""Puts a mail together. Equal arguments give equal bytes: nothing in it is drawn by chance, and no clock is asked."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import Header
from email.parser import Parser
from email.quoprimime import body_encode
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
    """Return the message as it travels: CRLF, 7 bit but for an address that needs SMTPUTF8.

    Written by hand from the library's encoders: its message objects parse every header that they are given, and took
    a third of the time of a whole order.
    """
    name, address = mail.recipient
    headers = [
        ("From", _mailbox(mail.sender[0], mail.sender[1])),
        ("To", _mailbox(name, f"{address.local}@{address.domain}")),
        *([("Reply-To", _one_line(mail.reply_to))] if mail.reply_to else ()),
        ("Subject", _encoded("Subject", mail.subject)),
        ("Date", format_datetime(mail.date)),
        ("Message-ID", message_id(mail.key, mail.sender[1].rpartition("@")[2])),
        ("Auto-Submitted", "auto-generated"),
        ("X-Orderhub-Template", _one_line(mail.template)),
        ("X-Orderhub-Order", _one_line(mail.order_id)),
        ("MIME-Version", "1.0"),
        ("Content-Language", _one_line(mail.language)),
    ]
    boundary = "=_" + hashlib.sha256(mail.key.encode()).hexdigest()[:32]
    headers.append(("Content-Type", f'multipart/alternative;{_EOL} boundary="{boundary}"'))
    head = "".join(f"{name}: {value}{_EOL}" for name, value in headers)
    parts = "".join(
        f'--{boundary}{_EOL}Content-Type: text/{kind}; charset="utf-8"{_EOL}'
        f"Content-Transfer-Encoding: quoted-printable{_EOL}{_EOL}{_body(text)}{_EOL}"
        for kind, text in (("plain", mail.text), ("html", mail.html))
    )
    return f"{head}{_EOL}{parts}--{boundary}--{_EOL}".encode()


_EOL = "\r\n"


def _mailbox(name: str, address: str) -> str:
    """Write a name and an address; a name outside ASCII as an encoded word (RFC 2047)."""
    shown = _encoded("From", name) if not name.isascii() else _quoted(name)
    return f"{shown} <{_one_line(address)}>" if name else _one_line(address)


def _quoted(name: str) -> str:
    plain = _one_line(name)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return plain if all(c.isalnum() or c in " -_'" for c in plain) else f'"{escaped}"'


def _encoded(header: str, value: str) -> str:
    text = _one_line(value)
    if text.isascii() and len(text) + len(header) < _LONGEST_LINE:
        return text
    return Header(text, "utf-8", header_name=header).encode(linesep=_EOL)


_LONGEST_LINE = 76


def _one_line(value: str) -> str:
    """Return a value that is one line; a header in a header is refused."""
    if any(c in value for c in "\r\n\0"):
        raise ValueError("a line break in a mail's header is refused")
    return value


def _body(text: str) -> str:
    """Return a part's text, quoted-printable (RFC 2045, 6.7)."""
    octets = "\n".join(text.splitlines()).encode().decode("latin-1")
    return body_encode(octets, eol="\n").replace("\n", _EOL)


def envelope(message: bytes) -> tuple[str, str]:
    """Return sender and recipient of a composed message, for SMTP."""
    parsed = Parser(policy=policy.SMTPUTF8).parsestr(message.decode(), headersonly=True)
    return parsed["From"].addresses[0].addr_spec, parsed["To"].addresses[0].addr_spec
