"""What is processed is exactly what our acknowledgement accepts, however an interchange is damaged."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mappings.syntax.edi.ack.collecting import collect
from mappings.syntax.edi.ack.composing import Numbers, counts, write_edifact, write_x12
from mappings.syntax.edi.ack.contrl import contrl
from mappings.syntax.edi.ack.functional import functional, ta1
from mappings.syntax.edi.ack.outline import InterchangeOutline, group_control, set_control
from mappings.syntax.edi.ack.reading import read_contrl, read_functional
from mappings.syntax.edi.ack.verdict import Decision, Verdict, judge
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.opened import Reading
from tests.mappings.edi.ack import test_contrl
from tests.mappings.edi.ack.damaged import EDIFACT, EDIFACT_ANSWER, X12, X12_ANSWER, order, purchase_orders

READING = Reading(GrammarLibrary(GrammarFolders()))
SOUND_X12 = purchase_orders(*(order(f"{n:04d}") for n in range(1, 5))).encode()
SOUND_EDIFACT = test_contrl.orders(*(test_contrl.order(str(n)) for n in range(1, 5))).encode()
DAMAGE = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from(["cut", "put", "swap", "drop"]),
        st.sampled_from(b"~*>'+:0aZ?^"),
    ),
    max_size=4,
)


def damaged(sound: bytes, damage: list[tuple[int, str, int]]) -> bytes:
    """Damage what lies behind the first 60 bytes; `drop` takes a whole segment."""
    body = bytearray(sound)
    for where, how, byte in damage:
        at = 60 + where % max(1, len(body) - 60)
        if how == "cut":
            del body[at : at + 1 + where % 3]
        elif how == "put":
            body.insert(at, byte)
        elif how == "swap" and at < len(body):
            body[at] = byte
        else:
            end = body.find(b"~" if b"~" in body else b"'", at)
            del body[at : max(at, end)]
    return bytes(body)


def countable(verdict: Verdict, outline: InterchangeOutline) -> list[tuple[str, str, bool]]:
    """Every set that an acknowledgement can name for certain: group, number, and whether it is processed."""
    processed = {id(one) for one in verdict.accepted()}
    found = [
        (group_control(group.outline, outline), set_control(one.outline, outline), id(one) in processed)
        for group in verdict.groups
        for one in group.sets
    ]
    times = Counter((int(g) if g.isdigit() else g, int(s) if s.isdigit() else s) for g, s, _ in found)
    groups = Counter(group_control(group.outline, outline) for group in verdict.groups)
    return [
        (g, s, p) for g, s, p in found
        if s and groups[g] == 1 and times[int(g) if g.isdigit() else g, int(s) if s.isdigit() else s] == 1
    ]  # fmt: skip


def answer(written: bytes) -> InterchangeOutline:
    """Read our own answer, which is sound whatever it is about."""
    (found,) = collect([written]).interchanges
    assert not found.faults
    assert all(not group.faults and not one.faults for group in found.groups for one in group.sets)
    return found


@given(DAMAGE)
def test_a_997_and_a_999_accept_what_is_processed(damage: list[tuple[int, str, int]]) -> None:
    for outline in collect([damaged(SOUND_X12, damage)], READING).interchanges:
        verdict = judge(outline)
        if verdict.decision is Decision.REJECTED:
            assert not list(verdict.accepted())
            segment = ta1(verdict)
            assert segment is None or segment[4] == "R"
            continue
        for kind in ("997", "999"):
            bodies = functional(verdict, kind, X12)
            numbers = Numbers(1, tuple(range(1, 1 + counts(bodies)[0])), tuple(range(1, 1 + len(bodies))))
            said = [
                read_functional(one.segments, X12)
                for one in answer(write_x12(X12_ANSWER, numbers, bodies)).sets()
            ]
            for group, control, processed in countable(verdict, outline):
                told = [d for one in said if (d := one.of_set(group, control)) is not None]
                assert processed == any(d is not Decision.REJECTED for d in told), (kind, group, control)


@given(DAMAGE)
def test_a_contrl_accepts_what_is_processed(damage: list[tuple[int, str, int]]) -> None:
    for outline in collect([damaged(SOUND_EDIFACT, damage)], READING).interchanges:
        verdict = judge(outline)
        body = contrl(verdict)
        if body is None or not outline.control:
            continue
        written = write_edifact(EDIFACT_ANSWER, Numbers(1, (), (1,)), [body], "latin-1")
        (one,) = answer(written).sets()
        told = read_contrl(one.segments, EDIFACT)
        for group, control, processed in countable(verdict, outline):
            assert processed == (told.of_set(group, control) is not Decision.REJECTED), (group, control)
