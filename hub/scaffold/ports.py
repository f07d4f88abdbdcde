"""What the ports differ in, as far as the files of a new connector show it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortKind:
    """One port: what it is called, its suite of tests, and what the partner usually tells."""

    port: str
    module: str
    """The file that fills it: the same name in every connector of the kind."""
    suite: str
    """The module of `tests.contracts` with its suite."""
    document: str
    """The kind of wire document that its reader takes, and the mapping's name behind the connector's."""
    target: str
    """The canonical document that it becomes."""
    about: str
    """The context by which the document knows whose it is."""
    commands: tuple[str, ...]
    hook: str
    """What a subclass of the suite says besides how often something happened; empty for nothing."""
    fixture: str = "bench"
    """What the suite calls the open bench."""
    templates: str = "effects"
    """The folder of templates for such a port: `effects` for one that carries out commands."""


_SHIPPED = '''
    def shipped_units(self, bench: Bench, effect: Effect) -> dict[str, int]:
        """Return the units by line that the partner believes to have left by `effect`."""
        raise NotImplementedError("step 5: look into what the simulator was told")
'''
_DELIVERED = '''
    def delivered(self, bench: Bench, effect: Effect) -> list[bytes]:
        """Return the bytes that arrived for `effect`, oldest first."""
        raise NotImplementedError("step 5: look into what the simulator was told")
'''

_HELD = '''
    async def shop_holds(self, bench: Bench, amount: Money) -> str:
        """Let a shop have `amount` authorised, past the hub, and return the gateway's reference."""
        raise NotImplementedError("step 5: have the simulator hold money as a shop does")

    async def stored_method(self, bench: Bench, *, pays: bool = True) -> tuple[str, str | None]:
        """Return a stored payment method, and the customer's reference where the gateway has one."""
        raise NotImplementedError("step 5: ask the simulator for one")

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        """Return every document that the gateway's own messages became, once they have all arrived."""
        raise NotImplementedError("step 5: read what the simulator has sent")
'''

_DECIDING = '''
    def will_decide(self, bench: Bench, verdict: FraudVerdict, *, at_once: bool = True) -> None:
        """Have the gateway decide so about the order, in its answer, or only when `decide_now` is called."""
        raise NotImplementedError("step 5: plan the simulator's decision")

    async def decide_now(self, bench: Bench, verdict: FraudVerdict) -> None:
        """Have the gateway decide about the order, which it knows, and return once it has told the hub."""
        raise NotImplementedError("step 5: let somebody decide at the simulator's console")

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        """Return every document that the gateway's own messages became, once they have all arrived."""
        raise NotImplementedError("step 5: read what the simulator has sent")
'''

_SUPPLYING = '''
    async def hear(self, bench: Bench) -> tuple[Document, ...]:
        """Return all that the partner has told since the last time, read."""
        raise NotImplementedError("step 5: read what the simulator has sent")

    async def answer(
        self, bench: Bench, number: str, answer: PurchaseAnswer, **units: tuple[LineAnswer, int]
    ) -> None:
        """Have the partner answer to a purchase order, or to the wish to cancel or change it; by SKU with `LINES`."""
        raise NotImplementedError("step 5: have the simulator answer")

    async def ship(self, bench: Bench, number: str, *packages: dict[str, int]) -> None:
        """Have the partner send goods, in so many parcels, and tell of them in one notice."""
        raise NotImplementedError("step 5: have the simulator send them")

    async def charge(self, bench: Bench, number: str, units: dict[str, int]) -> None:
        """Have the partner charge units at the agreed cost."""
        raise NotImplementedError("step 5: have the simulator write an invoice")

    async def take_back(self, bench: Bench, number: str, return_id: str, authorisation: str | None) -> None:
        """Have the partner answer to a return."""
        raise NotImplementedError("step 5: have the simulator answer")

    async def report_stock(self, bench: Bench) -> None:
        """Have the partner say what it has."""
        raise NotImplementedError("step 5: have the simulator report")
'''

_SCANNED = '''
    async def scanned(self, bench: Bench, tracking_number: str) -> None:
        """Let a carrier scan a parcel on its way."""
        raise NotImplementedError("step 5: have the simulator scan it")

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        """Return every document that the broker's own messages became, once they have all arrived."""
        raise NotImplementedError("step 5: read what the simulator has sent")
'''

PORTS: Mapping[str, PortKind] = {
    "channel": PortKind(
        "ChannelUpdates", "updates", "channel_updates", "order", "OrderDocument", "channel",
        ("TellChannelShipped", "TellChannelCancelled", "TellChannelStatus"), _SHIPPED,
    ),
    "gateway": PortKind(
        "PaymentGateway", "gateway", "payment_gateway", "payment", "PaymentDocument", "gateway",
        ("AuthorisePayment", "CapturePayment", "VoidPayment", "RefundPayment"), _HELD, "partner",
    ),
    "fraud": PortKind(
        "FraudGateway", "gateway", "fraud_gateway", "decision", "FraudDecisionDocument", "gateway",
        ("ScreenOrder", "ReportToFraudGateway"), _DECIDING, "partner",
    ),
    "fulfilment": PortKind(
        "FulfilmentPoint", "fulfilment", "fulfilment_point", "dispatch", "DispatchDocument", "node",
        ("SubmitRelease", "CancelRelease"), "",
    ),
    "courier": PortKind(
        "CourierBroker", "broker", "courier_broker", "tracking", "TrackingDocument", "broker",
        ("BookLabel", "BookReturnLabel", "VoidLabel", "BookCollection", "CancelCollection", "CloseManifest"),
        _SCANNED, "partner",
    ),
    "supplier": PortKind(
        "Supplier", "supplier", "supplier", "answer", "PurchaseAnswerDocument", "supplier",
        ("PlacePurchaseOrder", "ChangePurchaseOrder", "CancelPurchaseOrder", "RequestSupplierReturn"), _SUPPLYING,
    ),
    "stock": PortKind("StockSink", "stock", "stock_sink", "", "", "", (), "", templates="stock"),
    "notifier": PortKind("Notifier", "notifier", "notifier", "", "", "", ("SendMail",), _DELIVERED),
}  # fmt: skip
