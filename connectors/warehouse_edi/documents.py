"""Which set says what, in X12: the mapping that writes each command, those that read each set."""

from collections.abc import Mapping

from canonical.commands import Command, ReleaseInstruction
from connectors.warehouse_edi.settings import WarehouseEdiSettings
from core.connector import Mappings, Reader
from core.mapped_reader import MappedReader
from core.ports import EffectContext
from core.releasing import instruction_of
from core.trading.port import Instruct, Instruction

_READ_BY: Mapping[str, tuple[str, ...]] = {
    "945": ("fulfilment/x12/945-parcels", "fulfilment/x12/945-whole", "fulfilment/x12/945-answer"),
    "944": ("fulfilment/x12/944", "fulfilment/x12/944-damaged"),
    "846": ("x12/846",),
}
"""What has left comes before what will not: a refusal ends a release."""


def instructing(settings: WarehouseEdiSettings) -> Instruct:
    """Return what says how each command to the node is written."""
    node, site, told = settings.node, settings.site or settings.node, settings.told()

    def instruct(command: Command, context: EffectContext) -> Instruction:
        values = instruction_of(command, context, node, site)
        if isinstance(values, ReleaseInstruction):
            return Instruction("940", "fulfilment/x12/940", values, values.release_id, told)
        # Without a reference: nobody owes a 945 for what is cancelled.
        return Instruction("940", "fulfilment/x12/940-cancel", values, None, told)

    return instruct


def readers(mappings: Mappings, told: Mapping[str, str]) -> Mapping[str, Reader]:
    """Return a reader for each type of set that a warehouse sends."""
    return {kind: MappedReader(names, mappings, told) for kind, names in _READ_BY.items()}
