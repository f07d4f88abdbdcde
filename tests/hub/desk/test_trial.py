"""Test mode: what is made of a document, or everything that is wrong with it, and nothing stays."""

import pytest

from hub.desk import trial
from hub.desk.errors import ForbiddenError, InvalidError, NotFoundError
from tests.hub.desk.test_preview import everything_in
from tests.hub.stage import SUPPORT, VIEWER, Reading, Stage, order_json


async def test_a_good_document_is_shown_as_it_is_read(hub: Stage) -> None:
    found = await trial.try_document(hub.ctx, VIEWER, "shop", order_json("T-1"), kind="order")
    assert (found.types, found.documents[0]["channel_ref"], found.decided) == (
        ("OrderDocument",),
        "T-1",
        None,
    )


async def test_what_would_be_stored_and_sent_is_shown_and_nothing_stays(either: Stage) -> None:
    before = await everything_in(either)
    found = await trial.try_document(
        either.ctx, SUPPORT, "shop", order_json("T-1"), kind="order", decide=True
    )
    assert found.decided is not None
    assert (found.decided.outcome, found.decided.orders[0].reference) == ("done", "shop:T-1")
    assert [effect.connector for effect in found.decided.effects] == ["wms", "shop", "mailer"]
    assert await everything_in(either) == before


async def test_a_bad_document_is_refused_with_its_problems(hub: Stage) -> None:
    with pytest.raises(InvalidError) as refused:
        await trial.try_document(hub.ctx, VIEWER, "shop", order_json("T-1", colour="octarine"), kind="order")
    assert [(p.field, p.line, p.reason) for p in refused.value.problems] == [
        ("colour", 3, "no such colour is known")
    ]
    with pytest.raises(InvalidError, match=r"^this is no order that shop reads$") as refused:
        await trial.try_document(hub.ctx, VIEWER, "shop", b"{", kind="order")
    assert "is no JSON" in refused.value.problems[0].reason


async def test_what_the_master_data_does_not_know_is_named(either: Stage) -> None:
    document = order_json("T-1", sku="NOPE")
    with pytest.raises(InvalidError, match="it is read, but can't be taken") as refused:
        await trial.try_document(either.ctx, SUPPORT, "shop", document, kind="order", decide=True)
    assert [(p.field, p.value) for p in refused.value.problems] == [("lines[0].reference", "NOPE")]


async def test_a_readers_defect_is_told_as_one(hub: Stage) -> None:
    Reading.mended = True
    with pytest.raises(InvalidError, match="the reader has a defect: KeyError"):
        await trial.try_document(hub.ctx, VIEWER, "shop", b"{}", kind="order")


async def test_connector_and_kind_must_be_there(hub: Stage) -> None:
    with pytest.raises(NotFoundError, match="there are: mailer, shop, wms"):
        await trial.try_document(hub.ctx, VIEWER, "nobody", b"{}")
    for kind in (None, "invoice"):
        with pytest.raises(InvalidError, match="name what shop reads: cancel, order"):
            await trial.try_document(hub.ctx, VIEWER, "shop", b"{}", kind=kind)


async def test_a_viewer_does_not_see_what_would_be_decided(hub: Stage) -> None:
    with pytest.raises(ForbiddenError):
        await trial.try_document(hub.ctx, VIEWER, "shop", order_json("T-1"), kind="order", decide=True)
