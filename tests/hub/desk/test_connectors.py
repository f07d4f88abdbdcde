"""Connectors, numbers and the audit log at the desk."""

from dataclasses import replace

import pytest

from core.errors import UnauthorisedError
from hub.desk import auditing, connectors, stats
from hub.desk.auditing import AuditFilter
from hub.desk.errors import ForbiddenError, NotFoundError, RefusedError
from tests.hub.stage import ENGINEER, SUPPORT, VIEWER, Stage


async def test_a_connector_is_shown_as_it_runs(hub: Stage) -> None:
    await hub.placed("R-1")
    await hub.settled()
    shown = {connector.name: connector for connector in await connectors.list_connectors(hub.ctx, VIEWER)}
    assert sorted(shown) == ["mailer", "shop", "wms"]
    assert shown["shop"].last_in is not None
    assert shown["shop"].doors[0] == "POST /orders"
    assert shown["wms"].last_out is not None
    assert shown["wms"].breaker == "closed"
    assert shown["wms"].type == "bench"
    assert "SubmitRelease" in shown["wms"].takes


async def test_a_paused_connector_is_sent_nothing_until_it_goes_on(hub: Stage) -> None:
    await connectors.pause(hub.ctx, ENGINEER, "wms", "moving house")
    await hub.until(lambda: _is_paused(hub))
    await hub.placed("R-1")
    shown = await hub.until(lambda: _waiting(hub))
    assert (shown.paused, shown.paused_by, shown.paused_reason) == (True, "mapper", "moving house")
    assert hub.partners["wms"].took == []
    await connectors.resume(hub.ctx, ENGINEER, "wms")
    await hub.until(
        lambda: hub.rows("SELECT id FROM effects WHERE connector = 'wms' AND state = 'confirmed'")
    )


async def _is_paused(hub: Stage) -> bool:
    return "wms" in hub.hub.runner.paused


async def _waiting(hub: Stage) -> connectors.ConnectorView | None:
    shown = await connectors.show_connector(hub.ctx, VIEWER, "wms")
    return shown if shown.effects.get("pending") else None


async def test_pausing_is_for_engineers_and_for_what_is_there(hub: Stage) -> None:
    with pytest.raises(ForbiddenError):
        await connectors.pause(hub.ctx, SUPPORT, "wms", "no")
    with pytest.raises(NotFoundError, match="there are: mailer, shop, wms"):
        await connectors.pause(hub.ctx, ENGINEER, "nobody", "no")
    with pytest.raises(RefusedError, match="not paused"):
        await connectors.resume(hub.ctx, ENGINEER, "wms")


async def test_trying_out_says_what_the_partner_said(hub: Stage) -> None:
    async def refuse() -> str:
        raise UnauthorisedError("the key is not known")

    closed = replace(hub.ctx.connectors["wms"], test=refuse)
    ctx = replace(hub.ctx, connectors={"wms": closed})
    tried = await connectors.test(ctx, ENGINEER, "wms")
    assert (tried.ok, tried.said) == (False, "the key is not known")


async def test_the_numbers_add_up(hub: Stage) -> None:
    await hub.placed("R-1")
    await hub.failed()
    await hub.settled()
    await hub.run("UPDATE effects SET state = 'parked' WHERE connector = 'mailer'")
    shown = await stats.statistics(hub.ctx, VIEWER)
    assert shown.orders == {"in_progress": 1}
    assert shown.open_failures() == 1
    assert shown.oldest_failure_s is not None
    assert shown.oldest_effect_s is None
    assert {(count.connector, count.state) for count in shown.effects} == {("mailer", "parked")}


async def test_the_audit_log_is_for_engineers_and_filtered(hub: Stage) -> None:
    with pytest.raises(ForbiddenError):
        await auditing.list_audit(hub.ctx, SUPPORT)
    everything = await auditing.list_audit(hub.ctx, ENGINEER, limit=1)
    assert everything.next is not None
    found = await auditing.list_audit(hub.ctx, ENGINEER, AuditFilter(actor="root", action="nodes.import"))
    assert [entry.detail for entry in found.items] == ["nodes.csv: 1 new, 0 changed, 0 same"]
