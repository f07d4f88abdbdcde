"""The seam between the engine and a way of writing documents: JSON, XML, flat files, and EDI after them."""

import codecs
from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from mappings.data import Data
from mappings.errors import ErrorCode, MappingError, Position, Problem
from mappings.suggest import did_you_mean

MEGABYTE = 1024 * 1024

ENCODINGS = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii",
    "iso-8859-1": "latin-1", "latin-1": "latin-1", "latin1": "latin-1", "iso-8859-2": "iso8859-2",
    "iso-8859-15": "iso8859-15", "windows-1250": "cp1250", "windows-1252": "cp1252", "cp1250": "cp1250",
    "cp1252": "cp1252", "cp437": "cp437", "cp850": "cp850", "utf-16": "utf-16", "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be", "shift_jis": "shift_jis", "cp932": "cp932", "windows-31j": "cp932",
    "euc-jp": "euc_jp", "gb18030": "gb18030", "big5": "big5", "euc-kr": "euc_kr",
    "cp037": "cp037", "cp273": "cp273", "cp500": "cp500", "cp1140": "cp1140",
}  # fmt: skip
"""Names that partners use, and Python's codec for each. Closed: Python knows codecs that aren't encodings."""

EBCDIC = frozenset({"cp037", "cp273", "cp500", "cp1140"})
"""The mainframes' encodings among them: no byte order mark is to be looked for, and a line may end with NEL."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

Place = Data
"""Where a value stands in a parsed document, in a form that only the document itself understands."""


class SyntaxOptions(BaseModel):
    """What every syntax lets a mapping say about its documents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=20 * MEGABYTE, ge=1, le=512 * MEGABYTE)
    """A larger document is refused before it is looked at."""
    max_depth: int = Field(default=64, ge=1, le=200)
    """How deep values may be nested."""


class Wire(Protocol):
    """A parsed document: what the paths start from, and what is known about its places.

    `root` is a tree of dict, list, text, int, `Decimal`, bool and None for syntaxes whose paths are JMESPath, and
    an lxml element for those whose paths are XPath. A `place` is a tuple of keys and indexes in the first case
    and an `XmlPlace` in the second. Looking a place up may be slow: it is done only for errors.
    """

    @property
    def root(self) -> Data:
        """What paths start from."""
        ...

    def name(self, place: Place) -> str:
        """Return `place` as a path that a person can read."""
        ...

    def position(self, place: Place) -> Position | None:
        """Return where `place` stands in the text; the nearest known place around one that isn't there."""
        ...


class Syntax(Protocol):
    """One way of writing documents, with its options: text ⇄ tree.

    `read` raises `MappingError`, with a position, for every text that isn't what it should be; never anything
    else, however broken the text. `write` takes a tree of dict, list and scalars and keeps its order.
    """

    @property
    def paths(self) -> Literal["jmespath", "xpath"]:
        """The language of the paths into its trees."""
        ...

    def read(self, raw: bytes) -> Wire:
        """Return the parsed document."""
        ...

    def write(self, tree: object, *, exact: bool = False) -> bytes:
        """Return the text of `tree`; raise `MappingError` where the tree can't be written.

        `exact`: the caller has made sure that there is no float in it.
        """
        ...


@runtime_checkable
class Probing(Protocol):
    """A syntax that can't write every sample, because a document needs values that only a caller has."""

    def probe(self, sample: object) -> None:
        """Raise `MappingError` for names in `sample`, in which every field is a text, that can't be written."""
        ...


def refuse(reason: str, position: Position | None = None, code: ErrorCode = ErrorCode.SYNTAX) -> MappingError:
    """Return the error that a syntax raises."""
    return MappingError(Problem(reason, code, position=position))


def codec_of(encoding: str) -> str:
    """Return Python's codec for a partner's name of an encoding; raise ValueError for an unknown one."""
    key = encoding.strip().lower().replace("_", "-")
    codec = ENCODINGS.get(key) or ENCODINGS.get(key.replace("-", "_"))
    if codec is None:
        raise ValueError(f"{encoding!r} is not a known encoding{did_you_mean(encoding, ENCODINGS)}")
    return codec


def check_size(raw: bytes, options: SyntaxOptions) -> None:
    """Refuse a document that is empty or larger than agreed."""
    if len(raw) > options.max_bytes:
        reason = f"the document has {len(raw):,} bytes, and no more than {options.max_bytes:,} are agreed"
        advice = "raise `syntax.max_bytes` in the mapping if such documents are expected"
        raise refuse(f"{reason}; {advice}", Position(offset=options.max_bytes), ErrorCode.LIMIT)
    if not raw.strip():
        raise refuse("the document is empty", Position(line=1, column=1, offset=0))


def split_bom(raw: bytes) -> tuple[str | None, bytes]:
    """Return the encoding that a byte order mark names, and the rest."""
    for bom, codec in _BOMS:
        if raw.startswith(bom):
            return codec, raw[len(bom) :]
    return None, raw


def check_mark(named: str | None, codec: str, encoding: str) -> None:
    """Refuse a document whose byte order mark names another encoding than the agreed one."""
    if named is not None and not named.startswith(codec) and not codec.startswith(named):
        raise refuse(
            f"the document starts with the mark of {named}, and {encoding} is agreed", Position(offset=0)
        )


def decode(raw: bytes, codec: str) -> str:
    """Return the text of `raw`; a byte that isn't as `codec` says, and NUL, are errors with a position."""
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode(codec, errors="replace")
        wrong = raw[error.start : error.start + 1].hex()
        reason = f"the byte 0x{wrong} is not {codec}: the document is in another encoding, or was damaged"
        raise refuse(reason, position_of(before, len(before))) from None
    if "\0" in text:
        raise refuse("the text holds a NUL character", position_of(text, text.index("\0")))
    return text


def position_of(text: str, offset: int) -> Position:
    """Return line and column of a character."""
    line = text.count("\n", 0, offset) + 1
    return Position(line=line, column=offset - (text.rfind("\n", 0, offset) + 1) + 1, offset=offset)
