"""Which set, message or document says what: the mapping that writes each command, the one that reads each answer."""

from collections.abc import Mapping

from canonical.commands import Command
from canonical.purchase_instructions import (
    PurchaseCancelInstruction,
    PurchaseChangeInstruction,
    PurchaseInstruction,
    SupplierReturnInstruction,
)
from connectors.dropship_edi.settings import DropshipSettings
from core.connector import Mappings, Reader
from core.errors import RejectedError
from core.mapped_reader import MappedReader
from core.ports import EffectContext
from core.purchasing import instruction_of
from core.trading.port import Instruct, Instruction

_SAID_BY: Mapping[str, Mapping[type[object], tuple[str, str]]] = {
    "x12": {
        PurchaseInstruction: ("850", "dropship/x12/850"),
        PurchaseChangeInstruction: ("860", "dropship/x12/860"),
        PurchaseCancelInstruction: ("860", "dropship/x12/860-cancel"),
        SupplierReturnInstruction: ("180", "dropship/x12/180"),
    },
    "edifact": {
        PurchaseInstruction: ("ORDERS", "dropship/edifact/orders"),
        PurchaseChangeInstruction: ("ORDCHG", "dropship/edifact/order-change"),
        PurchaseCancelInstruction: ("ORDCHG", "dropship/edifact/order-cancel"),
        SupplierReturnInstruction: ("RETANN", "dropship/edifact/return-announcement"),
    },
    "ubl": {
        PurchaseInstruction: ("Order", "ubl/order"),
        PurchaseChangeInstruction: ("OrderChange", "ubl/order-change"),
        PurchaseCancelInstruction: ("OrderCancellation", "ubl/order-cancellation"),
    },
    "cxml": {
        # One document in cXML, but what is owed after an order isn't owed after its deletion.
        PurchaseInstruction: ("OrderRequest", "cxml/order-request"),
        PurchaseChangeInstruction: ("OrderRequestUpdate", "cxml/order-update"),
        PurchaseCancelInstruction: ("OrderRequestDelete", "cxml/order-deletion"),
    },
}
_READ_BY: Mapping[str, Mapping[str, str]] = {
    "x12": {
        "855": "dropship/x12/855",
        "865": "dropship/x12/865",
        "856": "dropship/x12/856",
        "810": "dropship/x12/810",
        "846": "x12/846",
        "180": "dropship/x12/180-answer",
    },
    "edifact": {
        "ORDRSP": "dropship/edifact/order-response",
        "DESADV": "dropship/edifact/despatch-advice",
        "INVOIC": "dropship/edifact/invoice",
        "INVRPT": "edifact/inventory-report",
        "RETINS": "dropship/edifact/return-answer",
    },
    "ubl": {
        "OrderResponse": "ubl/order-response",
        "DespatchAdvice": "ubl/despatch-advice",
        "Invoice": "ubl/invoice",
        "InventoryReport": "ubl/inventory-report",
    },
    "cxml": {
        "ConfirmationRequest": "cxml/confirmation-request",
        "ShipNoticeRequest": "cxml/ship-notice-request",
        "InvoiceDetailRequest": "cxml/invoice-detail-request",
    },
}


def instructing(settings: DropshipSettings) -> Instruct:
    """Return what says how each command to the supplier is written."""
    standard, told = settings.partner.standard, settings.told()
    said_by = _SAID_BY[standard]

    def instruct(command: Command, context: EffectContext) -> Instruction:
        values = instruction_of(command, context, settings.node)
        if type(values) not in said_by:
            raise RejectedError(
                f"{standard} has no document for a {type(command).__name__}: agree with the supplier by mail or phone, "
                "and have its answer noted with the order; goods that come back are reported like any return",
                code="no_document",
            )
        kind, mapping = said_by[type(values)]
        return Instruction(kind, mapping, values, values.purchase_id, told)

    return instruct


def readers(settings: DropshipSettings, mappings: Mappings) -> Mapping[str, Reader]:
    """Return a reader for each type of set, message or document that the supplier sends."""
    read_by, told = _READ_BY[settings.partner.standard], settings.told()
    return {kind: MappedReader(mapping, mappings, told) for kind, mapping in read_by.items()}
