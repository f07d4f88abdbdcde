"""Names that begin with two digits, as the elements of EDI segments do: `BEG.03` for JMESPath's `BEG."03"`.

In JMESPath itself a number stands only in brackets (`[0]`, `[1:2]`) and in literals, so nothing else means
anything else.
"""

import re

_TOKEN = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)|(?P<name>[A-Za-z_]\w*)|(?P<number>[0-9]{2}(?:_\w+)?(?!\w))|\w+|\S"""
)
_INDEXES = frozenset("[:-")
"""What stands before a number that is an index or a part of a slice."""


def with_numbers(text: str) -> str:
    """Return a path with the names that begin with two digits in quotes."""
    if not any(char.isdigit() for char in text):
        return text
    out: list[str] = []
    end, before = 0, ""
    for match in _TOKEN.finditer(text):
        if match["number"] is not None and before not in _INDEXES:
            out += [text[end : match.start()], f'"{match[0]}"']
            end = match.end()
        before = match[0][-1]
    return "".join(out) + text[end:]
