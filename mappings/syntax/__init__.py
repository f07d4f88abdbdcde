"""Text ⇄ tree, for each way of writing documents."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType

from mappings.data import Data
from mappings.syntax.base import Syntax, SyntaxOptions, Wire
from mappings.syntax.delimited import DelimitedSyntax
from mappings.syntax.delimited_options import DelimitedOptions
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.options import EdifactOptions, X12Options
from mappings.syntax.edi.syntax import EdifactSyntax, X12Syntax
from mappings.syntax.edi.tree import Shapes
from mappings.syntax.fixed_width import FixedWidthSyntax
from mappings.syntax.fixed_width_options import FixedWidthOptions
from mappings.syntax.json import JsonOptions, JsonSyntax
from mappings.syntax.xml import XmlOptions, XmlSyntax
from mappings.syntax.xml_schemas import XmlSchemas

__all__ = [
    "SYNTAXES", "DelimitedOptions", "DelimitedSyntax", "EdifactOptions", "EdifactSyntax", "FixedWidthOptions",
    "FixedWidthSyntax", "JsonOptions", "JsonSyntax", "Syntax", "SyntaxKind", "SyntaxOptions", "Wire", "X12Options",
    "X12Syntax", "XmlOptions", "XmlSchemas", "XmlSyntax", "edi_kinds", "syntaxes_with",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SyntaxKind:
    """A syntax that mapping documents can name: its options, and how it is made from them."""

    options: type[SyntaxOptions]
    build: Callable[[Data], Syntax]


def edi_kinds(shapes: Callable[[], Shapes]) -> Mapping[str, SyntaxKind]:
    """Return X12 and EDIFACT with grammars: those that come with the hub, or a partner's with its overlays."""
    return {
        "x12": SyntaxKind(X12Options, lambda options: X12Syntax(options, shapes())),
        "edifact": SyntaxKind(EdifactOptions, lambda options: EdifactSyntax(options, shapes())),
    }


@cache
def _packaged() -> GrammarLibrary:
    """Return the grammars that come with the hub; each is read when a set asks for it."""
    return GrammarLibrary(GrammarFolders())


SYNTAXES: Mapping[str, SyntaxKind] = MappingProxyType(
    {
        "json": SyntaxKind(JsonOptions, JsonSyntax),
        "xml": SyntaxKind(XmlOptions, XmlSyntax),
        "delimited": SyntaxKind(DelimitedOptions, DelimitedSyntax),
        "fixed_width": SyntaxKind(FixedWidthOptions, FixedWidthSyntax),
        **edi_kinds(_packaged),
    }
)
"""The syntaxes that come with the hub. A caller hands in more of them."""


def syntaxes_with(schemas: XmlSchemas) -> Mapping[str, SyntaxKind]:
    """Return the same syntaxes, with schemas that XML's options may name."""
    return {**SYNTAXES, "xml": SyntaxKind(XmlOptions, partial(XmlSyntax, schemas=schemas))}
