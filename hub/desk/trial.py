"""Test mode of a connector: a partner's document, what is made of it, or everything that is wrong with it at once.

Nothing is stored as an order, and nothing is sent. With `decide`, the document also goes through master data, rules and
stock, in a transaction that is rolled back.
"""

from typing import Any

from core.bus.port import Item, inbound
from core.engine.changes import Posting
from core.engine.rehearsal import RehearsalError, rehearse, rolled_back
from core.engine.work import Ending, Stored, data_of
from core.errors import DocumentError, Problem
from core.ids import uuid7
from core.mapping_use import listening
from core.ports import RawDocument
from core.store import messages
from core.store.sql import StoreUnavailableError
from hub.desk.access import Permission, Principal
from hub.desk.base import View
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, NotFoundError, RefusedError
from hub.desk.preview import Ledger, what_would_be
from hub.desk.preview_views import PreviewItem
from hub.desk.replay_choice import Candidate


class Trial(View):
    """What is made of a document. `decided`: what would be stored and sent, where that was asked for."""

    connector: str
    kind: str
    mapping: str | None
    """The mapping that reads it, with its version."""
    types: tuple[str, ...]
    documents: tuple[dict[str, Any], ...]
    decided: PreviewItem | None = None


async def try_document(
    ctx: DeskContext,
    principal: Principal,
    name: str,
    body: bytes,
    *,
    kind: str | None = None,
    media_type: str = "application/octet-stream",
    decide: bool = False,
) -> Trial:
    """Read a document as a connector reads it now. Raises `InvalidError` with every problem and its place."""
    principal.must(Permission.REPLAY if decide else Permission.READ)
    raw = RawDocument(_kind(ctx, name, kind), body, media_type)
    reader = ctx.connectors[name].readers[raw.kind]
    try:
        with listening() as uses:
            documents = reader(raw)
    except DocumentError as error:
        raise InvalidError(f"this is no {raw.kind} that {name} reads", problems=error.problems) from error
    except Exception as error:
        raise InvalidError(f"the reader has a defect: {type(error).__name__}: {error}") from error
    return Trial(
        connector=name,
        kind=raw.kind,
        mapping=uses[0].named if uses else None,
        types=tuple(type(document).__name__ for document in documents),
        documents=tuple(document.model_dump(mode="json") for document in documents),
        decided=await _decided(ctx, name, raw) if decide else None,
    )


def _kind(ctx: DeskContext, name: str, kind: str | None) -> str:
    if name not in ctx.connectors:
        raise NotFoundError(f"there is no connector {name}; there are: {', '.join(sorted(ctx.connectors))}")
    known = sorted(ctx.connectors[name].readers)
    if kind is None and len(known) == 1:
        return known[0]
    if kind is None or kind not in known:
        reads = ", ".join(known) or "nothing"
        problem = Problem(f"name what {name} reads: {reads}", field="kind", value=kind or "")
        raise InvalidError(str(problem), problems=[problem])
    return kind


async def _decided(ctx: DeskContext, name: str, raw: RawDocument) -> PreviewItem:
    message_id = uuid7()
    row = messages.Row(
        message_id, "in", name, raw.kind, "received", raw.media_type, raw.body, sealed=True,
        correlation_id=message_id,
    )  # fmt: skip
    try:
        async with rolled_back(ctx.database) as session:
            item = Item(
                id=message_id, type=raw.kind, subject=None, attempt=1, time=session.now, correlation_id=message_id,
                causation_id=message_id, data=data_of(Stored(message_id)),
            )  # fmt: skip
            await messages.insert(session, ctx.ring, [row])
            rehearsed = await rehearse(session, ctx.engine.world, [Posting(inbound(name), item)])
    except (RehearsalError, StoreUnavailableError) as error:
        raise RefusedError(f"it can't be said what would come of it: {error}") from error
    one = Candidate("document", message_id, name, raw.kind, "")
    shown = await what_would_be(ctx, one, rehearsed, Ledger(), None)
    if rehearsed.outcome.ending is Ending.FAILED:
        problems = [_problem(problem) for problem in shown.problems]
        raise InvalidError(f"it is read, but can't be taken: {shown.reason}", problems=problems)
    return shown


def _problem(shown: dict[str, str | int]) -> Problem:
    line, column = shown.get("line"), shown.get("column")
    texts = {name: str(shown[name]) for name in ("field", "value", "source") if name in shown}
    return Problem(
        str(shown.get("reason", "")), line=int(line) if line is not None else None,
        column=int(column) if column is not None else None, **texts,
    )  # fmt: skip
