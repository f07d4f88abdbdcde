"""What every port does that carries out commands at a partner: the suite on which the ports' suites build."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest

from canonical.commands import Command, SendInterchange
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.ports import PORT_COMMANDS, Answer, Effect, EffectContext, EffectPort
from core.simulator import Faults, Ledger, Simulator
from tests.contracts.building import a_context, an_effect

MOST_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Bench:
    """A port that is connected to its partner's simulator."""

    port: EffectPort
    simulator: Simulator
    ledger: Ledger
    faults: Faults
    secrets: tuple[str, ...]
    """What must appear nowhere."""
    locked_out: Callable[[], EffectPort]
    """Gives the same port with credentials that the partner does not accept."""


class EffectPortContract:
    """Subclass it per implementation: say how its partner fails, how to count effects, and what `bench` is.

    `bench` is a fixture of the subclass that gives a `Bench`, and takes it down again.
    """

    port_name: ClassVar[str]
    unsayable: ClassVar[frozenset[type[Command]]] = frozenset()
    """Commands for which the partner's standard has no document: refused for good, with a way out."""
    refusing_for_now: ClassVar[tuple[str, ...]] = ()
    """Faults after which the partner has certainly done nothing, and says so."""
    breaking_before: ClassVar[tuple[str, ...]] = ()
    """Faults that break the call before the partner has done anything."""
    breaking_after: ClassVar[tuple[str, ...]] = ()
    """Faults that break the call after the partner has done it."""
    refusing_for_good: ClassVar[tuple[str, ...]] = ()
    also: ClassVar[frozenset[type[Command]]] = frozenset()
    """What the same object takes as another port."""
    effects_when_answer_is_lost: ClassVar[int] = 1
    """How often it happens when an answer is lost: more than once only where the port allows it."""

    def commands(self) -> tuple[Command, ...]:
        """Return a command of each type that the port takes, about the order of `context`."""
        raise NotImplementedError

    def context(self) -> EffectContext:
        """Return what `render` may look at."""
        return a_context()

    def fault_keys(self, effect: Effect) -> set[str]:
        """Return the keys by which the simulator's faults know `effect`."""
        return {effect.key}

    def happened(self, bench: Bench, effect: Effect) -> int:
        """Return how often the partner did what `effect` asks."""
        raise NotImplementedError

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        lists = {
            "refusal_for_now": self.refusing_for_now,
            "break_before": self.breaking_before,
            "break_after": self.breaking_after,
            "refusal_for_good": self.refusing_for_good,
        }
        for name in lists.keys() & set(metafunc.fixturenames):
            metafunc.parametrize(name, lists[name])

    # --- the suite ---

    def test_every_command_of_the_port_has_an_example(self) -> None:
        assert {type(command) for command in self.commands()} == PORT_COMMANDS[
            self.port_name
        ] - self.unsayable

    async def test_it_takes_the_commands_of_its_port(self, bench: Bench) -> None:
        beside = {SendInterchange, *self.also}  # what is owed to trading partners goes out by the same port
        assert bench.port.commands - beside == PORT_COMMANDS[self.port_name]

    async def test_equal_arguments_give_equal_bytes(self, bench: Bench) -> None:
        for command in self.commands():
            first, second = (bench.port.render(command, self.context()) for _ in range(2))
            assert first == second

    async def test_no_secret_is_in_what_is_stored(self, bench: Bench) -> None:
        for command in self.commands():
            outgoing = bench.port.render(command, self.context())
            stored = outgoing.body.decode("latin-1") + outgoing.target + str(dict(outgoing.headers))
            assert bench.secrets
            assert [secret for secret in bench.secrets if secret in stored] == []

    async def test_a_command_of_another_port_is_refused(self, bench: Bench) -> None:
        other = Command(order_id=self.context().order.id, connector="elsewhere", key="elsewhere:1")
        with pytest.raises(RejectedError, match="Command"):
            bench.port.render(other, self.context())

    async def test_each_command_takes_effect_once(self, bench: Bench) -> None:
        for command in self.commands():
            effect = self._effect(bench, command)
            assert isinstance(await bench.port.send(effect), Answer)
            assert self.happened(bench, effect) == 1

    async def test_a_partner_that_is_away_is_asked_again_later(self, bench: Bench) -> None:
        effect = self._first(bench)
        await bench.simulator.stop()
        with pytest.raises(RetryableError):
            await bench.port.send(effect)
        assert self.happened(bench, effect) == 0
        await bench.simulator.start()
        await bench.port.send(effect)
        assert self.happened(bench, effect) == 1

    async def test_a_refusal_for_now_had_no_effect_and_is_retried(
        self, bench: Bench, refusal_for_now: str
    ) -> None:
        effect = self._planned(bench, refusal_for_now)
        with pytest.raises(RetryableError):
            await bench.port.send(effect)
        assert self.happened(bench, effect) == 0
        await self._settle(bench, effect)
        assert self.happened(bench, effect) == 1

    async def test_a_call_that_breaks_before_the_effect_ends_in_one_effect(
        self, bench: Bench, break_before: str
    ) -> None:
        effect = self._planned(bench, break_before)
        with pytest.raises((RetryableError, OutcomeUnknownError)):
            await bench.port.send(effect)
        assert self.happened(bench, effect) == 0
        await self._settle(bench, effect)
        assert self.happened(bench, effect) == 1

    async def test_a_call_that_breaks_after_the_effect_is_in_doubt(
        self, bench: Bench, break_after: str
    ) -> None:
        effect = self._planned(bench, break_after)
        with pytest.raises(OutcomeUnknownError):
            await bench.port.send(effect)
        assert self.happened(bench, effect) == 1
        await self._settle(bench, effect, in_doubt=True)
        assert self.happened(bench, effect) == self.effects_when_answer_is_lost

    async def test_a_refusal_for_good_is_told_as_one(self, bench: Bench, refusal_for_good: str) -> None:
        effect = self._planned(bench, refusal_for_good)
        with pytest.raises(RejectedError) as refused:
            await bench.port.send(effect)
        assert refused.value.code
        assert self.happened(bench, effect) == 0

    async def test_wrong_credentials_pause_the_connector(self, bench: Bench) -> None:
        effect = self._first(bench)
        with pytest.raises(UnauthorisedError) as refused:
            await bench.locked_out().send(effect)
        assert [secret for secret in bench.secrets if secret in str(refused.value)] == []
        assert self.happened(bench, effect) == 0

    # --- what the tests are made of ---

    def _effect(self, bench: Bench, command: Command) -> Effect:
        return an_effect(command, bench.port.render(command, self.context()))

    def _first(self, bench: Bench) -> Effect:
        return self._effect(bench, self.commands()[0])

    def _planned(self, bench: Bench, fault: str) -> Effect:
        effect = self._first(bench)
        bench.faults.plan.setdefault(fault, set()).update(self.fault_keys(effect))
        return effect

    async def _settle(self, bench: Bench, effect: Effect, *, in_doubt: bool = False) -> Answer:
        """Do what the engine does: look an effect in doubt up, and repeat it only when it was not found."""
        for _ in range(MOST_ATTEMPTS):
            try:
                found = await bench.port.look_up(effect) if in_doubt else None
                return found or await bench.port.send(effect)
            except OutcomeUnknownError:
                in_doubt = True
            except RetryableError:
                continue
        pytest.fail(f"the effect did not settle in {MOST_ATTEMPTS} attempts")
