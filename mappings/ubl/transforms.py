"""What the UBL mapping documents of drop-ship suppliers need beyond the closed set of transforms. Pure."""

from collections.abc import Callable, Mapping

from mappings.data import Data
from mappings.items import totals_by_sku

UBL_TRANSFORMS: Mapping[str, Callable[..., Data]] = {"ubl_totals": totals_by_sku}
"""`ubl_totals`: what lies at several places is one figure."""
