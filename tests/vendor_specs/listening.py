"""Listens to everything that passes between connectors and simulators, while pytest runs, and fails who is otherwise.

Simulators answer through `LoopbackServer`, and hubs in the connectors' tests hear webhooks through it; so that is where
this listens, and nothing in the project knows of it.
"""

import re
from collections import Counter
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.loopback import LoopbackServer
from core.simulator import Faults
from tests.vendor_specs import vendors
from tests.vendor_specs.exchange import Exchange

_SIMULATOR = re.compile(r"connectors\.(\w+)\.simulator\b")
_NOW: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


class Listener:
    """A plugin of pytest: a test fails whose exchanges are not as the vendor says."""

    def __init__(self, judges: Mapping[str, vendors.Judge]) -> None:
        self._judges = judges
        self._heard: list[tuple[str | None, Exchange]] = []
        self.counted: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self._patch = pytest.MonkeyPatch()

    def pytest_configure(self) -> None:
        """Begin to listen."""
        made, strikes = LoopbackServer.__init__, Faults.strikes

        def listened(server: LoopbackServer, app: ASGIApp, port: int = 0) -> None:
            made(server, self.around(app), port)

        def noted(faults: Faults, fault: str, key: str) -> bool:
            happens = strikes(faults, fault, key)
            if happens and (exchange := _NOW.get()) is not None:
                exchange.faults.add(fault)
            return happens

        self._patch.setattr(LoopbackServer, "__init__", listened)
        self._patch.setattr(Faults, "strikes", noted)

    def pytest_unconfigure(self) -> None:
        """Listen no more."""
        self._patch.undo()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return the application, listened to."""
        matched = _SIMULATOR.match(type(app).__module__)
        vendor = matched and matched[1]

        async def listened(scope: Scope, receive: Receive, send: Send) -> None:
            exchange = _begun(scope)
            _NOW.set(exchange)
            self._heard.append((vendor, exchange))

            async def receiving() -> Message:
                message = await receive()
                exchange.body += message.get("body", b"")
                return message

            async def sending(message: Message) -> None:
                _note_answer(exchange, message)
                await send(message)

            await app(scope, receiving, sending)

        return listened

    def differences(self) -> list[str]:
        """Judge what was heard since the last time."""
        heard, self._heard = self._heard, []
        found: list[str] = []
        for vendor, exchange in heard:
            if vendor is None:
                found += [
                    f"{name}: {one}" for name, j in self._judges.items() for one in j.of_message(exchange)
                ]
            elif vendor in self._judges:
                self.counted[vendor] += 1
                found += [f"{vendor}: {one}" for one in self._judges[vendor].of_exchange(exchange)]
        self.found.update(found)
        return list(dict.fromkeys(found))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        """Fail a test that passes, but whose exchanges are not as they should be."""
        result = yield
        self._judged()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        """As above, of what was said while everything was taken down."""
        result = yield
        self._judged()
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was judged, and each difference once."""
        terminalreporter.section("held against the vendors' own descriptions")
        for name, judge in self._judges.items():
            seen = ", ".join(sorted(judge.seen)) or "nothing"
            terminalreporter.line(f"{name}: {self.counted[name]} calls: {seen}")
        for one, times in sorted(self.found.items()):
            terminalreporter.line(f"{times} × {one}", red=True)

    def _judged(self) -> None:
        if differences := self.differences():
            pytest.fail("not as the vendor says:\n  " + "\n  ".join(differences), pytrace=False)


def plugin(root: Path) -> Listener:
    """Return a listener for what `root` has."""
    return Listener(vendors.read(root))


def _begun(scope: Scope) -> Exchange:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return Exchange(
        scope["method"],
        raw_path.decode("ascii").partition("?")[0],
        scope["query_string"].decode("ascii"),
        {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
    )


def _note_answer(exchange: Exchange, message: Message) -> None:
    if message["type"] == "http.response.start":
        exchange.status = message["status"]
        told = message.get("headers", [])
        exchange.answer_headers = {n.decode().lower(): v.decode("latin-1") for n, v in told}
    else:
        exchange.answer += message.get("body", b"")
        exchange.whole = not message.get("more_body", False)
