"""All transforms, by name. The set is closed: what it can't say is said by a registered Python transform."""

from collections.abc import Mapping
from types import MappingProxyType

from mappings.engine.transforms.amounts import AMOUNT_TRANSFORMS
from mappings.engine.transforms.base import Transform
from mappings.engine.transforms.codes import CODE_TRANSFORMS
from mappings.engine.transforms.lists import LIST_TRANSFORMS
from mappings.engine.transforms.matching import MATCHING_TRANSFORMS
from mappings.engine.transforms.numbers import NUMBER_TRANSFORMS
from mappings.engine.transforms.texts import TEXT_TRANSFORMS
from mappings.engine.transforms.times import TIME_TRANSFORMS

_ALL: tuple[Transform, ...] = (
    *TEXT_TRANSFORMS, *MATCHING_TRANSFORMS, *NUMBER_TRANSFORMS, *AMOUNT_TRANSFORMS, *TIME_TRANSFORMS,
    *CODE_TRANSFORMS, *LIST_TRANSFORMS,
)  # fmt: skip

TRANSFORMS: Mapping[str, Transform] = MappingProxyType({transform.name: transform for transform in _ALL})
