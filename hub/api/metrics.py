"""Health and Prometheus metrics. Numbers only: no personal data, no references."""

from collections.abc import Iterable, Iterator

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, Response

from hub.api import problems
from hub.api.gate import Asking, Desk
from hub.desk import stats
from hub.desk.context import DeskContext
from hub.desk.stats import Statistics

router = APIRouter(tags=["health"])


@router.get("/health/live", summary="Say that the process runs")
async def live() -> JSONResponse:
    """An orchestrator restarts what does not answer this."""
    return JSONResponse({"status": "live"})


@router.get(
    "/health/ready", summary="Say whether the hub takes work", responses={503: {"description": "Not now"}}
)
async def ready(request: Request) -> Response:
    """An orchestrator sends no work to what is not ready. The reason is in `detail`."""
    trouble: str | None = await request.app.state.hub.trouble()
    if trouble is None:
        return JSONResponse({"status": "ready"})
    return problems.problem(
        503, "not_ready", "Service Unavailable", detail=trouble, headers=problems.RETRY_AFTER
    )


@router.get("/metrics", summary="Show metrics for Prometheus", response_class=Response)
async def metrics(desk: Desk, asking: Asking) -> Response:
    """Prometheus sends the token as `authorization` of the scrape job."""
    shown = await stats.statistics(desk, asking)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot([*_stored(shown), *_engine(desk), *_bus(desk), *_runner(desk)]))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Snapshot(Collector):
    """What was counted for this one answer."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _stored(shown: Statistics) -> Iterator[Metric]:
    yield _by("orders", "Orders by status.", "status", shown.orders)
    yield _one("orders_held", "Orders with a hold.", shown.held)
    yield _one("orders_quarantined", "Orders that wait for a failure to be repaired.", shown.quarantined)
    yield _by("failures", "Failures by status.", "status", shown.failures)
    effects = GaugeMetricFamily(
        "orderhub_effects", "Effects by connector and state.", labels=["connector", "state"]
    )
    for count in shown.effects:
        effects.add_metric([count.connector, count.state], count.count)
    yield effects
    yield _by("outbox_rows", "Outbox rows by queue.", "queue", shown.outbox)
    yield _by("waiting_messages", "Messages that wait, by what for.", "kind", shown.waiting)
    yield _one("back_orders", "Orders that wait for stock, once per SKU.", shown.back_orders)
    due = shown.stock_offers_due
    yield _by("stock_offers_due", "Stock figures that a channel has not taken yet.", "connector", due)
    yield _one("timers_due", "Timers whose time has come.", shown.timers_due)
    ages = {
        "failure": shown.oldest_failure_s,
        "effect": shown.oldest_effect_s,
        "waiting": shown.oldest_waiting_s,
        "timer": shown.oldest_timer_s,
    }
    known = {name: age for name, age in ages.items() if age is not None}
    yield _by("oldest_seconds", "Age of the oldest of each backlog.", "backlog", known)


def _engine(ctx: DeskContext) -> Iterator[Metric]:
    engine = ctx.engine.statistics
    yield _count("engine_batches", "Batches committed.", engine.batches)
    yield _count("engine_items", "Items committed.", engine.items)
    yield _count("engine_deposits", "Documents stored.", engine.deposits)
    yield _count(
        "engine_retried_batches", "Batches tried again while the store was away.", engine.retried_batches
    )
    yield _count("engine_bisected", "Batches divided to find a culprit.", engine.bisected)
    yield _count("engine_busy_seconds", "Time spent committing.", engine.busy_s)
    endings = CounterMetricFamily("orderhub_engine_endings", "How items ended.", labels=["ending"])
    for name, count in sorted(engine.endings.items()):
        endings.add_metric([name], count)
    yield endings
    yield _one("engine_available", "1 while commits succeed.", 0 if ctx.engine.unavailable else 1)


def _bus(ctx: DeskContext) -> Iterator[Metric]:
    bus = ctx.bus()
    for name in ("published", "confirmed", "returned", "consumed", "redelivered", "refused"):
        yield _count(f"bus_{name}", f"Items {name}.", getattr(bus, name))
    depth = {queue: shown.depth for queue, shown in bus.queues.items() if shown.depth is not None}
    yield _by("queue_depth", "Deliveries that wait, by queue.", "queue", depth)
    flight = {queue: shown.in_flight for queue, shown in bus.queues.items()}
    yield _by("queue_in_flight", "Deliveries handed out and not settled, by queue.", "queue", flight)
    consuming = {queue: int(shown.consuming) for queue, shown in bus.queues.items()}
    yield _by("queue_consuming", "1 where this process takes from the queue.", "queue", consuming)


def _runner(ctx: DeskContext) -> Iterator[Metric]:
    if ctx.runner is None:
        return
    ends = CounterMetricFamily("orderhub_effect_ends", "How sendings ended.", labels=["connector", "end"])
    for (connector, end), count in sorted(ctx.runner.statistics.ends.items()):
        ends.add_metric([connector, end], count)
    yield ends
    open_now = {name: int(throttle.is_open) for name, throttle in ctx.runner.throttles.items()}
    yield _by(
        "breaker_open", "1 while nothing is sent because the partner keeps failing.", "connector", open_now
    )


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"orderhub_{name}", text, value=value)


def _count(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"orderhub_{name}", text, value=value)


def _by(name: str, text: str, label: str, values: dict[str, int] | dict[str, float]) -> Metric:
    family = GaugeMetricFamily(f"orderhub_{name}", text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
