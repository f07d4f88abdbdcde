"""The mailer's `Notifier`, held to the port's contract and to its own words."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.order import Order
from canonical.parties import Parties
from connectors.mailer.composing import message_id
from connectors.mailer.opening import open_mailer
from connectors.mailer.settings import MailerSettings
from connectors.mailer.simulator import MailServer, hashed
from core.clock import ManualClock, SystemClock
from core.connector import OpenConnector, Resources
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError
from core.ports import Effect
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.webstore.resources import NoCursors, NoMappings
from tests.contracts.building import NOON, a_context, an_effect, somebody
from tests.contracts.effect_port import Bench
from tests.contracts.notifier import NotifierContract

SENDERS_DOMAIN = "shop.example.com"


def opened(settings: dict[str, Any], **changes: Any) -> OpenConnector:
    known = MailerSettings.model_validate({**settings, **changes})
    return open_mailer("mailer", known, Resources(ManualClock(NOON), NoMappings(), NoCursors()))


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


class TestMailer(NotifierContract):
    refusing_for_now = ("greylist", "defer")
    breaking_before = ("timeout_before",)
    breaking_after = ("timeout_after",)
    refusing_for_good = ("unknown_recipient", "refuse")
    security = "none"

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[Bench]:
        clock = ManualClock(NOON)
        ledger, faults = Ledger(clock), Faults()
        options = {"security": self.security, "smtputf8": True}
        server = MailServer(Workshop("mailer", clock, ledger, faults, tmp_path, options=options))
        settings = await server.start()
        password = str(settings["password"])
        yield Bench(
            opened(settings).effects[0],
            server,
            ledger,
            faults,
            (password,),
            lambda: opened(settings, password="wrong").effects[0],
        )
        await server.stop()

    def fault_keys(self, effect: Effect) -> set[str]:
        return {message_id(effect.key, SENDERS_DOMAIN), "a.customer@example.com"}

    def happened(self, bench: Bench, effect: Effect) -> int:
        return sum(e["key"] == message_id(effect.key, SENDERS_DOMAIN) for e in bench.ledger.of("mailed"))

    def delivered(self, bench: Bench, effect: Effect) -> list[bytes]:
        assert isinstance(bench.simulator, MailServer)
        return bench.simulator.kept[message_id(effect.key, SENDERS_DOMAIN)]

    async def test_what_arrives_is_what_was_stored(self, bench: Bench) -> None:
        effect = self._first(bench)
        await bench.port.send(effect)
        assert self.delivered(bench, effect) == [effect.outgoing.body]

    async def test_the_ledger_knows_no_address(self, bench: Bench) -> None:
        await bench.port.send(self._first(bench))
        (entry,) = bench.ledger.of("mailed")
        assert entry["to"] == [hashed("a.customer@example.com")]
        assert entry["template"] == "shipment_dispatched"
        assert "@example.com" not in str(entry)

    async def test_a_refused_address_is_told_by_its_code_alone(self, bench: Bench) -> None:
        effect = self._planned(bench, "unknown_recipient")
        with pytest.raises(RejectedError) as refused:
            await bench.port.send(effect)
        assert refused.value.code == "550 5.1.1"
        assert "example.com" not in str(refused.value)
        assert refused.value.__suppress_context__
        assert refused.value.__cause__ is None

    @pytest.mark.parametrize(
        "address",
        ["jürgen@example.com", "用户@例子.测试", "a.customer@bücher.example", "o'neil+tag@sub.example.co"],
    )
    async def test_an_address_in_any_script_arrives(self, bench: Bench, address: str) -> None:
        parties = Parties(buyer=somebody(email=address, name="Jürgen, O’Neil <x@y>"), ship_to=somebody())
        command = self.mail()
        assert isinstance(bench.simulator, MailServer)
        port = opened({**await bench.simulator.start()}).effects[0]
        effect = an_effect(command, port.render(command, a_context(parties=parties)))
        await port.send(effect)
        assert self.happened(bench, effect) == 1

    async def test_the_connectors_test_says_that_the_server_lets_us_in(self, bench: Bench) -> None:
        assert isinstance(bench.simulator, MailServer)
        settings = await bench.simulator.start()
        assert "lets us in as orderhub" in await opened(settings).test()
        with pytest.raises(UnauthorisedError, match="535"):
            await opened(settings, password="wrong").test()
        await bench.simulator.stop()
        with pytest.raises(RetryableError):
            await opened(settings).test()

    async def test_a_server_that_wants_a_login_gets_one(self, bench: Bench) -> None:
        assert isinstance(bench.simulator, MailServer)
        settings = {**await bench.simulator.start(), "username": None, "password": None}
        port = opened(settings).effects[0]
        with pytest.raises(UnauthorisedError, match="530"):
            await port.send(self._first(bench))


class TestMailerWithStartTls(TestMailer):
    security = "starttls"


class TestMailerWithTls(TestMailer):
    security = "tls"


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[tuple[MailServer, dict[str, Any]]]:
    """A server with a certificate that nobody has heard of."""
    clock = ManualClock(NOON)
    options = {"security": "starttls"}
    server = MailServer(Workshop("mailer", clock, Ledger(clock), Faults(), tmp_path, options=options))
    yield server, await server.start()
    await server.stop()


def an_example(connector: OpenConnector, order: Order | None = None) -> Effect:
    command = NotifierContract().mail()
    return an_effect(command, connector.effects[0].render(command, a_context(order)))


async def test_a_certificate_that_is_not_trusted_is_no_matter_of_patience(
    strict: tuple[MailServer, dict[str, Any]],
) -> None:
    connector = opened(strict[1], ca_file=None)
    with pytest.raises(UnauthorisedError, match="certificate"):
        await connector.effects[0].send(an_example(connector))


async def test_a_server_without_starttls_is_not_sent_a_mail_in_the_clear(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    server = MailServer(Workshop("mailer", clock, Ledger(clock), Faults(), tmp_path))
    connector = opened(await server.start(), security="starttls")
    with pytest.raises(UnauthorisedError, match="STARTTLS"):
        await connector.effects[0].send(an_example(connector))
    await server.stop()


async def test_a_server_without_smtputf8_is_not_sent_such_an_address(
    strict: tuple[MailServer, dict[str, Any]],
) -> None:
    connector = opened(strict[1], smtputf8=True)
    parties = Parties(buyer=somebody(email="jürgen@example.com"), ship_to=somebody())
    command = NotifierContract().mail()
    outgoing = connector.effects[0].render(command, a_context(parties=parties))
    with pytest.raises(RejectedError, match="SMTPUTF8"):
        await connector.effects[0].send(an_effect(command, outgoing))


class SlowServer:
    """A server that takes what it is sent up to a command, and says no more from there."""

    def __init__(self, last: bytes) -> None:
        self._last = last
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> dict[str, Any]:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return {**PLAIN, "port": port, "deadline_s": 60}

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._serving)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = b"220 here\r\n" if self._last else b""
        while line:
            writer.write(line)
            said = await reader.readline()
            line = b"" if said.startswith(self._last) else b"250 here\r\n"
        await reader.read()
        writer.close()


PLAIN = {"host": "127.0.0.1", "security": "none", "sender": "a@b.example", "shop_name": "S"}


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (b"", RetryableError),
        (b"EHLO", RetryableError),
        (b"MAIL", RetryableError),
        (b"RCPT", RetryableError),
        (b"DATA", OutcomeUnknownError),
    ],
)
async def test_a_server_that_falls_silent_is_left_at_the_deadline(
    last: bytes, error: type[Exception]
) -> None:
    async with SlowServer(last) as settings:
        resources = Resources(SystemClock(speed=120), NoMappings(), NoCursors())
        connector = open_mailer("mailer", MailerSettings.model_validate(settings), resources)
        with pytest.raises(error, match="TimeoutError"):
            await connector.effects[0].send(an_example(connector))


class Script:
    """A server that answers each command with what the test says, and every other with 250."""

    def __init__(self, **answers: bytes) -> None:
        self._answers = {"HELLO": b"220 here", "DATA": b"354 go on", "END": b"250 taken", **answers}
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> OpenConnector:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        settings = MailerSettings.model_validate({**PLAIN, "port": port, "deadline_s": 60})
        return open_mailer("mailer", settings, Resources(SystemClock(speed=200), NoMappings(), NoCursors()))

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._serving)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        word = "HELLO"
        while True:
            answer = self._answers.get(word, b"250 fine")
            writer.write(answer + b"\r\n")
            if word == "DATA" and answer.startswith(b"354"):
                while (line := await reader.readline()) not in {b".\r\n", b""}:
                    pass
                word = "END" if line else ""
            else:
                word = (await reader.readline())[:4].decode("latin-1").strip().upper()
            if not word:
                break
        writer.close()


@pytest.mark.parametrize(
    ("command", "answer", "error"),
    [
        ("HELLO", b"421 4.3.2 too busy", RetryableError),
        ("HELLO", b"554 5.7.1 not from there", UnauthorisedError),
        ("MAIL", b"451 4.3.0 later", RetryableError),
        ("MAIL", b"530 5.7.0 log in first", UnauthorisedError),
        ("MAIL", b"553 5.7.1 not your address", UnauthorisedError),
        ("RCPT", b"450 4.2.1 mailbox busy", RetryableError),
        ("RCPT", b"452 4.2.2 mailbox full", RetryableError),
        ("RCPT", b"550 5.1.1 unknown", RejectedError),
        ("DATA", b"451 4.3.0 later", RetryableError),
        ("DATA", b"503 5.5.1 no", RejectedError),
        ("END", b"421 4.3.2 shutting down", RetryableError),
        ("END", b"452 4.3.1 disk full", RetryableError),
        ("END", b"554 5.7.1 spam", RejectedError),
    ],
)
async def test_each_answer_says_what_to_do_next(
    command: str, answer: bytes, error: type[PartnerError]
) -> None:
    async with Script(**{command: answer}) as connector:
        with pytest.raises(error, match=answer[:9].decode()):
            await connector.effects[0].send(an_example(connector))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["HELLO", "EHLO", "MAIL", "RCPT", "DATA", "END"]),
    st.binary(max_size=40)
    | st.sampled_from([b"250", b"250-", b"25", b"999 x", b"250 \xff", b"354 \r\n250 x"]),
)
async def test_whatever_a_server_says_is_an_answer_or_a_partners_error(command: str, answer: bytes) -> None:
    async with Script(**{command: answer}) as connector:
        try:
            assert (await connector.effects[0].send(an_example(connector))).body.startswith(b"250")
        except PartnerError as error:
            assert "@" not in str(error)  # noqa: PT017 - both ends are right


async def test_an_effect_is_never_found() -> None:
    connector = opened(PLAIN)
    assert await connector.effects[0].look_up(replace(an_example(connector), attempt=2)) is None
