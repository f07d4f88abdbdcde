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
    "notifier": PortKind("Notifier", "notifier", "notifier", "", "", "", ("SendMail",), _DELIVERED),
}  # fmt: skip
