"""What of JMESPath goes to the library, and what of it is refused: all that isn't exact."""

from collections.abc import Callable

import jmespath
from jmespath import exceptions, functions

from mappings.data import Data, is_object
from mappings.engine.paths import Getter, View
from mappings.engine.scope import Scope
from mappings.errors import Refusal
from mappings.suggest import did_you_mean

_INEXACT = {
    "abs": "`absolute`", "avg": "a registered one", "ceil": "`round`", "floor": "`round`", "sum": "`sum`",
    "to_number": "`decimal` or `int`", "to_string": "`text`",
}  # fmt: skip
"""Functions that turn exact numbers into floats, or refuse them, and the transforms that don't."""


def searcher(text: str, view: View | None) -> Getter:
    """Return a getter that asks the library; raise ValueError for an expression that it can't or mustn't be asked."""
    try:
        compiled = jmespath.compile(text)
    except exceptions.JMESPathError as error:
        raise ValueError(_said(error)) from None
    except RecursionError:
        raise ValueError("the path is nested too deep") from None
    _check_tree(compiled.parsed)
    search: Callable[[Data], Data] = compiled.search

    def go(node: Data, _scope: Scope) -> Data:
        try:
            return search(node if view is None else view(node))
        except exceptions.JMESPathError as error:
            raise Refusal(f"the path fails here: {_said(error)}") from None
        except (TypeError, ValueError, ArithmeticError) as error:
            raise Refusal(f"the path fails here: {error}") from None

    return go


def _said(error: Exception) -> str:
    """Return the library's message without its drawing of the expression."""
    return str(error).partition("\n")[0].rstrip(":")[:200]


def _check_tree(tree: Data) -> None:
    """Refuse functions that don't exist, that JMESPath computes in floats, and float literals."""
    stack: list[Data] = [tree]
    while stack:
        node = stack.pop()
        if not is_object(node):
            continue
        if node["type"] == "function_expression":
            _check_function(str(node["value"]), len(node["children"]))
        elif node["type"] == "literal" and isinstance(node["value"], float):
            raise ValueError(f"the number {node['value']} isn't exact in JMESPath; compare it in a transform")
        stack += node.get("children", [])


def _check_function(name: str, count: int) -> None:
    known = functions.Functions.FUNCTION_TABLE
    if name in _INEXACT:
        raise ValueError(f"the function {name}() isn't exact: use {_INEXACT[name]} as a transform")
    if name not in known:
        raise ValueError(f"there is no function {name}(){did_you_mean(name, known)}")
    signature = known[name]["signature"]
    variadic = bool(signature) and signature[-1].get("variadic", False)
    if count != len(signature) and not (variadic and count >= len(signature)):
        raise ValueError(f"the function {name}() takes {len(signature)} arguments, not {count}")
