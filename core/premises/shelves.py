"""What lies on the shelves, and what of it is promised."""

from collections import Counter
from collections.abc import Mapping


class Shelves:
    """Units by SKU. A SKU that was never put here is not known."""

    def __init__(self, on_hand: Mapping[str, int]) -> None:
        self.on_hand = dict(on_hand)
        self.promised: Counter[str] = Counter()

    def put(self, sku: str, quantity: int) -> None:
        """Set what lies there of a SKU."""
        self.on_hand[sku] = quantity

    def add(self, lines: Mapping[str, int]) -> None:
        """Put more there."""
        for sku, quantity in lines.items():
            self.on_hand[sku] = self.on_hand.get(sku, 0) + quantity

    def lacking(self, lines: Mapping[str, int]) -> tuple[str, ...]:
        """Return the SKUs of which there is too little for somebody new."""
        return tuple(
            sku for sku, quantity in lines.items() if self.on_hand.get(sku, 0) - self.promised[sku] < quantity
        )

    def promise(self, lines: Mapping[str, int]) -> None:
        """Keep units for somebody."""
        self.promised.update(lines)

    def unpromise(self, lines: Mapping[str, int]) -> None:
        """Keep them no longer."""
        self.promised.subtract(lines)

    def ship(self, lines: Mapping[str, int]) -> None:
        """Promised units leave."""
        for sku, quantity in lines.items():
            self.on_hand[sku] -= quantity
            self.promised[sku] -= quantity

    def write_off(self, lines: Mapping[str, int]) -> None:
        """Promised units were not there after all."""
        self.ship(lines)

    def figures(self, basis: str) -> dict[str, int]:
        """Return what a report says: ON_HAND, or AVAILABLE (less what is promised); never below nothing."""
        promised = self.promised if basis == "AVAILABLE" else Counter[str]()
        return {sku: max(0, quantity - promised[sku]) for sku, quantity in self.on_hand.items()}
