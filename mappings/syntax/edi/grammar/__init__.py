"""Grammars as data, and the checks that they make: order, repetition, loops, elements, rules, partners' overlays."""

from mappings.syntax.edi.grammar.check import GrammarCheck
from mappings.syntax.edi.grammar.codes import IMPLEMENTATION_CODES
from mappings.syntax.edi.grammar.folders import PACKAGED, GrammarFolders
from mappings.syntax.edi.grammar.library import GrammarLibrary
from mappings.syntax.edi.grammar.shapes import InvalidGrammarError, SetShape

__all__ = [
    "IMPLEMENTATION_CODES", "PACKAGED", "GrammarCheck", "GrammarFolders", "GrammarLibrary", "InvalidGrammarError",
    "SetShape",
]  # fmt: skip
