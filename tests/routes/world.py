"""The world that rules are tried in: the hub's cascade over one order, a stockroom, and a clock that is set by hand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from canonical.commands import Command, SubmitRelease
from canonical.events import (
    Event,
    GoodsDispatched,
    OrderPlaced,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    ReleaseAccepted,
    ReleaseCancelled,
    ReleaseCancelRefused,
    ReleaseRefused,
)
from canonical.lines import Discount, Line, Row, Shipping, Tax
from canonical.money import Money, total
from canonical.numbers import release_number
from canonical.order import Order
from canonical.parties import Destination
from canonical.payment import PaymentMethod, Tender
from canonical.policy import Policy
from canonical.statuses import OrderType, RowStatus
from canonical.steps import Forget, Remind, StockMoved
from canonical.stock import Node, StockLevel, StockMoveKind, StockView, moved
from core.engine.cascade import Decision, decide
from routes.catalogue import RULES
from routes.workflow import WORKFLOW_FILE, Workflow, parse_workflow

ORDER_ID = UUID("00000000-0000-4000-8000-000000000001")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WORKFLOW: Workflow = parse_workflow(WORKFLOW_FILE.read_text(encoding="utf-8"), RULES)

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


def eur(amount: str | int) -> Money:
    return Money.of(amount, "EUR")


def line(
    line_id: str,
    sku: str,
    quantity: int = 1,
    price: str = "10.00",
    *,
    discount: str | None = None,
    tax: str | None = None,
) -> Line:
    return Line(
        id=line_id,
        sku=sku,
        ordered=quantity,
        unit_price=eur(price),
        discounts=(Discount(code="promo", amount=eur(discount)),) if discount else (),
        taxes=(Tax(code="vat", rate=Decimal("0.19"), amount=eur(tax)),) if tax else (),
        rows=(Row(status=RowStatus.CREATED, quantity=quantity),),
    )


def tender(
    n: int,
    amount: str,
    method: PaymentMethod = PaymentMethod.ADOPT,
    *,
    gateway: str = "stripe",
    reference: str | None = None,
    may_reauthorise: bool = False,
) -> Tender:
    prepaid = method is PaymentMethod.PREPAID
    return Tender(
        n=n,
        gateway=gateway,
        method=method,
        reference=None if prepaid else reference or f"pi_{n}",
        customer_reference="cus_1" if may_reauthorise else None,
        may_reauthorise=may_reauthorise,
        amount=eur(amount),
    )


def placed(
    *lines: Line,
    tenders: tuple[Tender, ...] | None = None,
    shipping: str = "5.00",
    stated: str | None = None,
    method: str = "standard",
    prices_include_tax: bool = True,
    channel: str = "webstore",
) -> OrderPlaced:
    """An order of `lines`, paid by one adopted authorisation of exactly its total unless said otherwise."""
    goods = total((x.goods() for x in lines), "EUR")
    if not prices_include_tax:
        goods += total((x.tax() for x in lines), "EUR")
    sum_of_all = eur(stated) if stated else goods + eur(shipping)
    return OrderPlaced(
        order_id=ORDER_ID,
        fact_key=f"placed:{channel}:1001",
        channel=channel,
        channel_ref="1001",
        type=OrderType.STANDARD,
        placed_at=NOON,
        currency="EUR",
        prices_include_tax=prices_include_tax,
        language="en",
        destination=Destination(country="DE"),
        lines=lines,
        shipping=Shipping(method=method, amount=eur(shipping)),
        total=sum_of_all,
        tenders=tenders if tenders is not None else (tender(1, str(sum_of_all.amount)),),
    )


def node(
    node_id: str,
    country: str = "DE",
    priority: int = 100,
    *,
    enabled: bool = True,
    methods: tuple[str, ...] = (),
) -> Node:
    return Node(
        id=node_id,
        connector=f"{node_id}-wms",
        country=country,
        priority=priority,
        enabled=enabled,
        methods=methods,
    )


class Stock:
    """A stockroom in which everything is locked."""

    def __init__(self, nodes: Iterable[Node], levels: Iterable[StockLevel]) -> None:
        self.content = StockView(levels, {n.id: n for n in nodes})

    def view(self, skus: frozenset[str]) -> StockView:
        return self.content


def stock(on_hand: dict[str, dict[str, int]], *nodes: Node, safety: int = 0) -> Stock:
    """Stock by node and SKU; nodes that are not described are ordinary ones."""
    described = {n.id: n for n in nodes}
    return Stock(
        [described.get(name) or node(name) for name in on_hand],
        [
            StockLevel(sku=sku, node=name, on_hand=quantity, safety=safety)
            for name, levels in on_hand.items()
            for sku, quantity in levels.items()
        ],
    )


@dataclass
class World:
    """One order and everything around it. Each telling is one decision; what it yielded is kept."""

    stock: Stock
    policy: Policy = field(default_factory=Policy)
    now: datetime = NOON
    order_or_none: Order | None = None
    events: list[Event] = field(default_factory=list[Event])
    commands: list[Command] = field(default_factory=list[Command])
    ledger: list[StockMoved] = field(default_factory=list[StockMoved])
    timers: dict[str, Remind] = field(default_factory=dict[str, Remind])
    last: Decision = field(default_factory=lambda: Decision(None))

    @property
    def order(self) -> Order:
        assert self.order_or_none is not None
        return self.order_or_none

    def tell(self, *events: Event) -> Decision:
        """Apply events as the engine would."""
        self.now += timedelta(seconds=1)
        decision = decide(self.order_or_none, events, WORKFLOW, self.policy, self.stock, self.now)
        self.order_or_none = decision.order
        self.events += decision.events
        self.commands += decision.commands
        self.ledger += decision.moves
        for name, step in decision.reminders.items():
            if isinstance(step, Forget):
                self.timers.pop(name, None)
            else:
                self.timers[name] = step
        self.last = decision
        return decision

    def pass_time(self, until: timedelta) -> None:
        """Let time pass; timers that come due happen, the earliest first."""
        end = self.now + until
        while due := sorted((t for t in self.timers.values() if t.at <= end), key=lambda t: t.at):
            timer = due[0]
            del self.timers[timer.name]
            self.now = max(self.now, timer.at)
            self.tell(timer.event)
        self.now = end

    def sent(self, kind: type[C]) -> list[C]:
        """The commands of a kind so far."""
        return [command for command in self.commands if isinstance(command, kind)]

    def seen(self, kind: type[E]) -> list[E]:
        """The events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def rows(self) -> dict[str, int]:
        """How many units stand where."""
        counted: dict[str, int] = {}
        for x in self.order.lines:
            for row in x.rows:
                counted[row.status.value] = counted.get(row.status.value, 0) + row.quantity
        return counted

    def adjust(self, sku: str, node_id: str, quantity: int) -> None:
        """A feed corrects a node's stock."""
        level = self.stock.content.level(sku, node_id)
        self.stock.content.put(moved(level, StockMoveKind.ADJUST, quantity))

    # --- what partners do ---------------------------------------------------------------------------------------

    def authorised(
        self,
        reference: str = "pi_1",
        amount: str | None = None,
        *,
        key: str | None = None,
        multicapture: bool = False,
        capture_before: datetime | None = None,
        gateway: str = "stripe",
    ) -> Decision:
        return self.tell(
            PaymentAuthorised(
                order_id=ORDER_ID,
                fact_key=f"{gateway}:{reference}:authorised",
                key=key or f"{gateway}:{reference}",
                gateway=gateway,
                reference=reference,
                amount=eur(amount) if amount else self.order.total,
                multicapture=multicapture,
                capture_before=capture_before,
            )
        )

    def declined(self, key: str = f"authorise:{ORDER_ID}:1:1", amount: str | None = None) -> Decision:
        return self.tell(
            PaymentDeclined(
                order_id=ORDER_ID,
                fact_key=f"stripe:{key}:declined",
                key=key,
                gateway="stripe",
                amount=eur(amount) if amount else self.order.total,
                reason="insufficient funds",
            )
        )

    def captured(self, operation: str = "ch_1") -> Decision:
        """The gateway answers the oldest capture that is still open."""
        pending = next(
            e for e in self.order.payment.latest() if (e.kind, e.outcome) == ("capture", "requested")
        )
        return self.tell(
            PaymentCaptured(
                order_id=ORDER_ID,
                fact_key=f"{pending.gateway}:{operation}:captured",
                key=pending.key,
                gateway=pending.gateway,
                reference=pending.reference or "",
                amount=pending.amount,
            )
        )

    def accept(self, release_id: str) -> Decision:
        return self.tell(
            ReleaseAccepted(
                order_id=ORDER_ID, release_id=release_id, fact_key=f"release:{release_id}:accepted"
            )
        )

    def refuse(self, release_id: str, *skus: str, reason: str = "not today") -> Decision:
        return self.tell(
            ReleaseRefused(
                order_id=ORDER_ID,
                release_id=release_id,
                reason=reason,
                skus=skus,
                fact_key=f"release:{release_id}:refused",
            )
        )

    def lacks(self, release_id: str, *units: tuple[str, int], n: int = 1, short: bool = False) -> Decision:
        """The node's n-th refusal of some units."""
        return self.tell(
            ReleaseRefused(
                order_id=ORDER_ID,
                release_id=release_id,
                reason="not found",
                skus=tuple(sku for sku, _ in units) if short else (),
                units=units,
                fact_key=f"release:{release_id}:refused:{n}",
            )
        )

    def dispatch(self, release_id: str, shipment_id: str, *skus: tuple[str, int]) -> Decision:
        return self.tell(
            GoodsDispatched(
                order_id=ORDER_ID,
                release_id=release_id,
                shipment_id=shipment_id,
                carrier="carrier",
                tracking_number=f"T{shipment_id}",
                skus=skus,
                fact_key=f"dispatch:{release_id}:{shipment_id}",
            )
        )

    def stopped(self, release_id: str, *units: tuple[str, int]) -> Decision:
        return self.tell(
            ReleaseCancelled(
                order_id=ORDER_ID,
                release_id=release_id,
                units=units,
                fact_key=f"release:{release_id}:cancelled:{units}",
            )
        )

    def not_stopped(self, release_id: str, reason: str = "it is packed") -> Decision:
        return self.tell(
            ReleaseCancelRefused(
                order_id=ORDER_ID,
                release_id=release_id,
                reason=reason,
                fact_key=f"release:{release_id}:cancel_refused",
            )
        )

    def releases(self) -> Iterator[SubmitRelease]:
        """What nodes were asked to send."""
        return iter(self.sent(SubmitRelease))


def release_id(n: int = 1) -> str:
    return release_number(ORDER_ID, n)
