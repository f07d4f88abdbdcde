"""Pages to look around in, health, metrics and the API's own description."""

import re

import httpx
from prometheus_client.parser import text_string_to_metric_families

from hub.desk.access import Role
from tests.hub.api.conftest import Api
from tests.hub.defects import quarantined
from tests.hub.stage import EMAIL, NAME, order_json

EVIL = "<script>alert(1)</script>"


async def _in(api: Api, role: Role = Role.SUPPORT) -> httpx.AsyncClient:
    client = api.client()
    await client.post("/console/login", data={"token": api.secrets[role]})
    return client


async def test_the_first_page_shows_counts_orders_and_failures(api: Api) -> None:
    await api.stage.placed("R-1")
    await api.stage.failed()
    text = (await (await _in(api)).get("/")).text
    assert "R-1" in text
    assert "open failures" in text
    assert "shop | read | DocumentError" in text


async def test_no_page_fetches_anything_from_elsewhere_or_runs_a_script(api: Api) -> None:
    order_id = await api.stage.placed("R-1")
    failure_id, message_id = await api.stage.failed()
    client = await _in(api)
    pages = [
        "/", "/docs", "/asyncapi", "/console/orders", f"/console/orders/{order_id}", "/console/failures",
        f"/console/failures/{failure_id}", "/console/messages", f"/console/messages/{message_id}",
        "/console/orders?text=R-1&status=", "/console/failures?signature=x", "/console/messages?connector=shop",
    ]  # fmt: skip
    for page in pages:
        answer = await client.get(page)
        assert answer.status_code == 200, (page, answer.text)
        assert "<script" not in answer.text
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", answer.text), page


async def test_what_people_wrote_is_escaped(api: Api) -> None:
    order_id = await api.stage.placed(EVIL, name=EVIL)
    client = await _in(api)
    sql = "SELECT id FROM messages WHERE direction = 'in'"
    message_id = (await api.stage.rows(sql))[0]["id"]
    for page in ("/", "/console/orders", f"/console/orders/{order_id}", f"/console/messages/{message_id}"):
        text = (await client.get(page)).text
        assert EVIL not in text, page
        assert "&lt;script&gt;" in text or "\\u003cscript" in text, page


async def test_an_orders_page_tells_its_story_in_order(api: Api) -> None:
    order_id = await api.stage.placed("R-1")
    await api.stage.settled()
    text = (await (await _in(api)).get(f"/console/orders/{order_id}")).text
    assert NAME in text
    assert (
        text.index("From shop: Order")
        < text.index("<b>Order placed</b>")
        < text.index("To wms: Submit release")
    )


async def test_a_failures_page_marks_the_line_that_is_wrong(api: Api) -> None:
    failure_id, _ = await api.stage.failed()
    text = (await (await _in(api)).get(f"/console/failures/{failure_id}")).text
    assert "\n<mark>   3" in text


async def test_a_page_of_an_order_that_waits_leads_to_its_failure(api: Api) -> None:
    _, order_id, failure_id = await quarantined(api.stage)
    client = await _in(api)
    for page in (f"/console/orders/{order_id}", "/", "/console/orders?quarantined=true"):
        answer = await client.get(page)
        assert answer.status_code == 200
        assert f"/console/failures/{failure_id}" in answer.text
    assert "a defect of the rule" in (await client.get(f"/console/failures/{failure_id}")).text


async def test_a_viewers_pages_are_masked(api: Api) -> None:
    order_id = await api.stage.placed("R-1")
    failure_id, message_id = await api.stage.failed()
    client = await _in(api, Role.VIEWER)
    for page in (f"orders/{order_id}", f"failures/{failure_id}", f"messages/{message_id}"):
        text = (await client.get(f"/console/{page}")).text
        assert NAME not in text
        assert EMAIL not in text


async def test_a_page_that_is_not_there_is_a_page(api: Api) -> None:
    answer = await (await _in(api)).get("/console/orders/00000000-0000-7000-8000-000000000000")
    assert answer.status_code == 404
    assert "there is no order" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_page_with_a_bad_filter_says_so(api: Api) -> None:
    answer = await (await _in(api)).get("/console/orders?held=perhaps")
    assert answer.status_code == 422
    assert "held" in answer.text


async def test_health_says_why_it_is_not_ready(api: Api) -> None:
    client = api.client()
    assert (await client.get("/health/live")).json() == {"status": "live"}
    assert (await client.get("/health/ready")).json() == {"status": "ready"}
    api.view.said = "the broker does not answer"
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the broker does not answer"


async def test_metrics_are_read_by_prometheus_and_name_nobody(api: Api) -> None:
    await api.stage.placed("R-1")
    await api.stage.failed()
    await api.stage.settled()
    answer = await api.client(Role.VIEWER).get("/metrics")
    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert values["orderhub_orders", "in_progress"] == 1
    assert values["orderhub_failures", "open"] == 1
    assert values["orderhub_effect_ends_total", "confirmed", "wms"] == 1
    assert values["orderhub_engine_items_total",] >= 2
    assert values["orderhub_breaker_open", "wms"] == 0
    assert "R-1" not in answer.text


async def test_the_api_describes_itself_with_its_doors(api: Api) -> None:
    document = (await api.client().get("/openapi.json")).json()
    assert document["paths"]["/connectors/shop/orders/{ref}"]["get"]["parameters"][0]["name"] == "ref"
    assert "OrderDetail" in document["components"]["schemas"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    ids = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    assert len(ids) == len(set(ids))
    text = (await api.client().get("/docs")).text
    assert "/orders/{order_id}/explain" in text


async def test_the_bus_is_described_and_escaped(api: Api) -> None:
    assert (await api.client().get("/asyncapi.json")).json()["asyncapi"] == "3.0.0"
    text = (await api.client().get("/asyncapi")).text
    assert "&lt;b&gt;work" in text
    assert "string (uuid)" in text


async def test_a_message_is_downloaded_byte_for_byte(api: Api) -> None:
    body = order_json("R-1")
    message_id = await api.stage.receive(body)
    answer = await api.client(Role.SUPPORT).get(f"/messages/{message_id}/body")
    assert answer.content == body
    assert answer.headers["content-disposition"].startswith("attachment")
