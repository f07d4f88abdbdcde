"""Which set says what, in X12: the mapping that writes each command, the one that reads each answer."""

from collections.abc import Mapping

from canonical.commands import Command
from canonical.purchase_instructions import (
    PurchaseCancelInstruction,
    PurchaseChangeInstruction,
    PurchaseInstruction,
    SupplierReturnInstruction,
)
from core.connector import Mappings, Reader
from core.mapped_reader import MappedReader
from core.ports import EffectContext
from core.purchasing import instruction_of
from core.trading.port import Instruct, Instruction

_SAID_BY: Mapping[type[object], tuple[str, str]] = {
    PurchaseInstruction: ("850", "dropship/x12/850"),
    PurchaseChangeInstruction: ("860", "dropship/x12/860"),
    PurchaseCancelInstruction: ("860", "dropship/x12/860-cancel"),
    SupplierReturnInstruction: ("180", "dropship/x12/180"),
}
_READ_BY: Mapping[str, str] = {
    "855": "dropship/x12/855",
    "865": "dropship/x12/865",
    "856": "dropship/x12/856",
    "810": "dropship/x12/810",
    "846": "x12/846",
    "180": "dropship/x12/180-answer",
}


def instructing(node: str, told: Mapping[str, str]) -> Instruct:
    """Return what says how each command to the supplier of `node` is written."""

    def instruct(command: Command, context: EffectContext) -> Instruction:
        values = instruction_of(command, context, node)
        kind, mapping = _SAID_BY[type(values)]
        return Instruction(kind, mapping, values, values.purchase_id, told)

    return instruct


def readers(mappings: Mappings, told: Mapping[str, str]) -> Mapping[str, Reader]:
    """Return a reader for each type of set that a supplier sends."""
    return {kind: MappedReader(mapping, mappings, told) for kind, mapping in _READ_BY.items()}
