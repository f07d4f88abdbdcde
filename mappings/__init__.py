"""Translation between partners' documents and the canonical model. Pure: bytes and values in, values and bytes out."""

from mappings.engine.environment import Environment, PythonTransform
from mappings.engine.loading import Case
from mappings.engine.mapping import Mapping, Outcome
from mappings.engine.registry import MappingRegistry, MappingSet, compile_mapping
from mappings.engine.schema import mapping_schema
from mappings.engine.translating import Provenance
from mappings.errors import (
    ErrorCode,
    Finding,
    InvalidMappingError,
    MappingError,
    MappingErrors,
    Mark,
    Position,
    Problem,
    Severity,
)

__all__ = [
    "Case", "Environment", "ErrorCode", "Finding", "InvalidMappingError", "Mapping", "MappingError", "MappingErrors",
    "MappingRegistry", "MappingSet", "Mark", "Outcome", "Position", "Problem", "Provenance", "PythonTransform",
    "Severity", "compile_mapping", "mapping_schema",
]  # fmt: skip
