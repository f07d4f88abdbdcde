"""Making a plan: a frozen list of what will be replayed, with all that somebody must know who agrees to it."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from core.ids import uuid7
from core.store.sql import Session, bulk_insert
from hub.desk import replay_choice
from hub.desk.access import Permission, Principal
from hub.desk.auditing import audit
from hub.desk.base import View
from hub.desk.context import DeskContext
from hub.desk.errors import ForbiddenError, InvalidError, RefusedError
from hub.desk.failures import FailureFilter
from hub.desk.messages import MessageFilter
from hub.desk.replay_choice import MOST, Candidate
from hub.desk.replay_manifest import Content, contents_of, in_turn, manifest_of
from hub.desk.replay_standing import locked, status_of
from hub.desk.replay_views import Manifest, ReplayOrdering, ReplayState, ReplayStatus, ReplayVerb

_INSERT = (
    "INSERT INTO replays (id, state, verb, ordering, actor, role, selection, manifest, needs_approval, recorded_at) "
    "VALUES ($1, 'planned', $2, $3, $4, $5, $6, $7, $8, $9)"
)
_ITEMS = bulk_insert(
    "replay_items",
    "replay_id uuid, seq int, what text, failure_id uuid, message_id uuid, effect_id uuid, order_id uuid, lane text, "
    "origin uuid, signature text, status text, reason text",
)
_APPROVE = "UPDATE replays SET approved_by = $2, approved_at = $3 WHERE id = $1"
_SHOWN_REASONS = 3


class Selection(View):
    """What a plan is about: failures by their ids or by a filter, or messages by a filter.

    `verb` failed: `ids` or `failures`. unsent: `messages` narrows it, or is left out. all: `messages` and `reason`.
    """

    verb: ReplayVerb = ReplayVerb.FAILED
    ids: tuple[UUID, ...] = ()
    failures: FailureFilter | None = None
    messages: MessageFilter | None = None
    ordering: ReplayOrdering = ReplayOrdering.AGE
    reason: str = ""

    def said(self) -> str:
        """Say it in a line, for lists and for the audit log."""
        if self.ids:
            return f"{len(self.ids)} named failures"
        filters = (self.failures, self.messages)
        given = {
            name: str(value)
            for one in filters
            if one is not None
            for name, value in one.model_dump(mode="json", exclude_none=True).items()
        }
        plain = {
            ReplayVerb.FAILED: "all open failures",
            ReplayVerb.UNSENT: "all that was never done",
            ReplayVerb.ALL: "everything",
        }[self.verb]
        return orjson.dumps(given).decode() if given else plain


async def make_plan(ctx: DeskContext, principal: Principal, wanted: Selection) -> ReplayStatus:
    """Fix what will be replayed. Nothing moves yet. Raises `InvalidError`, and `RefusedError` if there is nothing."""
    principal.must(Permission.REPLAY_IN_BULK)
    async with ctx.database.reading() as session:
        found, contents = await choose(session, ctx, wanted)
    manifest = manifest_of(ctx, found, contents)
    replay_id = uuid7()
    async with ctx.database.transaction() as session:
        await session.run(
            _INSERT, replay_id, wanted.verb.value, wanted.ordering.value, principal.name, principal.role.value,
            wanted.said(), manifest.model_dump_json(), manifest.approval is not None, session.now,
        )  # fmt: skip
        await session.write(_ITEMS, _rows(replay_id, found, contents, wanted.ordering))
        detail = f"{wanted.verb.value}: {wanted.said()}; {_sum(manifest, len(found))} {wanted.reason}".strip()
        await audit(session, ctx, principal, "replay.plan", str(replay_id), detail)
        return await status_of(session, replay_id)


async def choose(
    session: Session, ctx: DeskContext, wanted: Selection
) -> tuple[list[Candidate], dict[int, Content]]:
    """Return what a selection finds, and what is known about each; refuse what makes no sense, or finds nothing."""
    found: list[Candidate] = []
    match wanted.verb:
        case ReplayVerb.FAILED:
            if bool(wanted.ids) == (wanted.failures is not None):
                raise InvalidError(
                    "a replay is of named failures, or of those that a filter finds: give one of the two"
                )
            if len(wanted.ids) > MOST:
                raise InvalidError(f"a replay has at most {MOST} failures: divide it")
            found = await replay_choice.failed(session, ctx, wanted.ids, wanted.failures)
        case ReplayVerb.UNSENT:
            found = await replay_choice.unsent(session, ctx, wanted.messages or MessageFilter())
        case ReplayVerb.ALL:
            if not wanted.reason.strip():
                raise InvalidError("a replay of everything needs a reason: it goes into the audit log")
            found = await replay_choice.everything(session, ctx, wanted.messages or MessageFilter())
    if all(one.refused is not None for one in found):
        why = "; ".join(str(one.refused) for one in found[:_SHOWN_REASONS])
        raise RefusedError(f"there is nothing to replay: {why or 'nothing of that is there'}")
    return found, await contents_of(session, ctx, found)


async def approve(ctx: DeskContext, principal: Principal, replay_id: UUID) -> ReplayStatus:
    """Agree to somebody else's plan, after which it may run."""
    principal.must(Permission.REPLAY_IN_BULK)
    async with ctx.database.transaction() as session:
        row = await locked(session, replay_id)
        if row["state"] != ReplayState.PLANNED.value:
            raise RefusedError(f"replay {replay_id} is {row['state']}: only a planned one is agreed to")
        if row["actor"] == principal.name:
            raise ForbiddenError(f"{principal.name} made this plan: somebody else must agree to it")
        if row["approved_by"] is not None:
            raise RefusedError(f"{row['approved_by']} has agreed to it already")
        await session.run(_APPROVE, replay_id, principal.name, session.now)
        await audit(session, ctx, principal, "replay.approve", str(replay_id), str(row["selection"]))
        return await status_of(session, replay_id)


def _rows(
    replay_id: UUID, found: Sequence[Candidate], contents: dict[int, Content], ordering: ReplayOrdering
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for seq, place in enumerate(in_turn(found, contents, ordering), start=1):
        one = found[place]
        state = "planned" if one.refused is None else "skipped"
        rows.append(
            (
                replay_id, seq, one.what, one.failure_id, one.message_id, one.effect_id, one.order_id,
                contents[place].lane, one.origin, one.signature, state, one.refused,
            ),
        )  # fmt: skip
    return rows


def _sum(manifest: Manifest, total: int) -> str:
    money = ", ".join(f"{amount} {currency}" for currency, amount in manifest.money.items())
    return f"{total - manifest.refused} items of {manifest.orders} orders" + (f", {money}" if money else "")
