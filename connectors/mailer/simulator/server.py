"""The mail server: aiosmtpd inside the running loop, with a login, a ledger, and faults."""

import asyncio
import hashlib
import hmac
import logging
import ssl
from email import message_from_bytes, policy
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from connectors.mailer.simulator import certificates
from core.simulator import Workshop

USERNAME = "orderhub"
_MOST_KEPT = 1000

# At its usual level the library's log names every address that it is given.
logging.getLogger("mail.log").setLevel(logging.ERROR)


def hashed(address: str) -> str:
    """Return an address as the ledger names it."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:16]


class MailServer:
    """A mail server.

    Options: `security` (`none`, the default; `starttls`; `tls`), `smtputf8` (default false).

    Faults by recipient (lower case): `greylist` (451), `unknown_recipient` (550). By Message-ID: `defer` (451 after
    DATA), `refuse` (554 after DATA), `timeout_before` (hangs up on DATA, keeps nothing), `timeout_after` (keeps the
    message and hangs up without an answer), `slow` (a second of hub time).

    Ledger: `mailed` (key: Message-ID; a repetition is another entry, with its `copy` number), `login_refused`.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop, self.ledger, self.faults = workshop, workshop.ledger, workshop.faults
        self._clock, self._port = workshop.clock, workshop.port
        self.kept: dict[str, list[bytes]] = {}
        """The messages by their Message-ID; the oldest go when there are very many."""
        self._password = hashlib.sha256(f"{workshop.name}:{workshop.seed}:password".encode()).hexdigest()[:32]
        self._security = str(workshop.options.get("security", "none"))
        self._smtputf8 = bool(workshop.options.get("smtputf8", False))
        self._tls: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        self.connections: set[asyncio.Transport] = set()

    async def start(self) -> dict[str, Any]:
        """Serve on loopback, and return the settings with which the hub sends."""
        settings: dict[str, Any] = {
            "host": "127.0.0.1",
            "security": self._security,
            "username": USERNAME,
            "password": self._password,
            "smtputf8": self._smtputf8,
            "sender": "orders@shop.example.com",
            "shop_name": "Example Shop",
        }
        if self._security != "none":
            settings["ca_file"] = str(self._certified())
        if self._server is None:
            outer = self._tls if self._security == "tls" else None
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._connection, "127.0.0.1", self._port, ssl=outer)
            self._port = int(self._server.sockets[0].getsockname()[1])
        return {**settings, "port": self._port}

    async def stop(self) -> None:
        """Stop serving, and hang up on everybody; what was mailed is kept."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for transport in tuple(self.connections):
            transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)  # lets the connections notice

    def _certified(self) -> str:
        certificate, key = self._workshop.folder / "certificate.pem", self._workshop.folder / "key.pem"
        if not certificate.is_file():
            certificate, key = certificates.make(self._workshop.folder)
        if self._tls is None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate, key)
        return str(certificate)

    def _connection(self) -> SMTP:
        starttls = self._security == "starttls"
        return _Connection(
            self,
            hostname="mail.example.com",
            ident="ESMTP",
            enable_SMTPUTF8=self._smtputf8,
            tls_context=self._tls if starttls else None,
            require_starttls=starttls,
            auth_require_tls=starttls,
            authenticator=self._login,
            loop=asyncio.get_running_loop(),
        )

    def _login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        fits = isinstance(data, LoginPassword) and (
            hmac.compare_digest(data.login, USERNAME.encode())
            and hmac.compare_digest(data.password, self._password.encode())
        )
        if not fits:
            self.ledger.write("login_refused", mechanism)
        return AuthResult(success=fits, handled=False)

    # --- aiosmtpd's hooks ---

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender who has logged in."""
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if self.faults.strikes("greylist", address.lower()):
            return "451 4.7.1 Greylisted, come again later"
        if self.faults.strikes("unknown_recipient", address.lower()):
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a message, or not, or without saying so."""
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.SMTPUTF8)
        key = str(message["Message-ID"] or "").strip()
        if self.faults.strikes("defer", key):
            return "451 4.3.0 Try again later"
        if self.faults.strikes("refuse", key):
            return "554 5.7.1 Message refused by policy"
        if self.faults.strikes("timeout_before", key):
            return _hang_up(server)
        if self.faults.strikes("slow", key):
            await self._clock.sleep(1)
        self._keep(key, content, envelope.rcpt_tos, message)
        if self.faults.strikes("timeout_after", key):
            return _hang_up(server)
        return f"250 2.0.0 OK: queued as {hashed(key)}"

    def _keep(self, key: str, content: bytes, recipients: list[str], message: Any) -> None:
        copies = self.kept.setdefault(key, [])
        copies.append(content)
        if len(self.kept) > _MOST_KEPT:
            del self.kept[next(iter(self.kept))]
        self.ledger.write(
            "mailed",
            key,
            template=message["X-Orderhub-Template"],
            order=message["X-Orderhub-Order"],
            to=[hashed(address) for address in recipients],
            copy=len(copies),
        )


class _Connection(SMTP):
    """A connection that its server can cut."""

    def __init__(self, handler: MailServer, **options: Any) -> None:
        super().__init__(handler, **options)
        self._owner = handler
        self._outer: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's transports are subclasses of asyncio's; they have its methods.
        self._outer = self._outer or cast("asyncio.Transport", transport)
        self._owner.connections.add(self._outer)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._outer is not None:
            self._owner.connections.discard(self._outer)
        super().connection_lost(error)

    def cut(self) -> None:
        """Hang up at once."""
        if self._outer is not None:
            self._outer.abort()


def _hang_up(server: SMTP) -> str:
    if isinstance(server, _Connection):
        server.cut()
    return "421 4.3.2 nobody hears this any more"
