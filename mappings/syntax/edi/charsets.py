"""The character sets that interchanges name, and those that partners agree on."""

from dataclasses import dataclass

from mappings.suggest import did_you_mean
from mappings.syntax.base import codec_of

SYNTAX_IDENTIFIERS = {
    "UNOA": "ascii", "UNOB": "ascii", "UNOC": "latin-1", "UNOD": "iso8859-2", "UNOE": "iso8859-5", "UNOF": "iso8859-7",
    "UNOG": "iso8859-3", "UNOH": "iso8859-4", "UNOI": "iso8859-6", "UNOJ": "iso8859-8", "UNOK": "iso8859-9",
    "UNOL": "iso8859-15", "UNOW": "utf-8", "UNOY": "utf-8",
}  # fmt: skip
"""Code list 0001 of ISO 9735, and Python's codec for each. UNOX (ISO 2022) isn't there: its escapes hold delimiters."""


@dataclass(frozen=True, slots=True)
class Charset:
    """What the bytes of one interchange mean. Nothing is guessed: a byte that isn't in it is an error."""

    name: str
    """As the interchange or the partner's agreement calls it: `UNOC`, `utf-8`."""
    codec: str | None
    """Python's; None where the set isn't known: then only ASCII can be read."""

    def text(self, raw: str) -> str:
        """Return the characters of `raw`, which holds one byte in each; raise ValueError for one that isn't in it."""
        if raw.isascii():
            return raw
        if self.codec is None:
            raise ValueError(f"the character set {self.name!r} is not known here, and this is not ASCII")
        if self.codec == "latin-1":
            return raw
        try:
            return raw.encode("latin-1").decode(self.codec)
        except UnicodeDecodeError as error:
            raise ValueError(
                f"the byte 0x{ord(raw[error.start]):02x} is not in the character set {self.name} that is agreed"
            ) from None

    def raw(self, text: str) -> str:
        """Return `text` with one byte in each character; raise ValueError for one that the set doesn't have."""
        if text.isascii():
            return text
        try:
            return text.encode(self.codec or "ascii").decode("latin-1")
        except UnicodeEncodeError as error:
            raise ValueError(
                f"the character {text[error.start]!r} is not in the character set {self.name} that is agreed"
            ) from None

    def shown(self, raw: str) -> str:
        r"""Return the characters of `raw` for people and for lists: what can't be read stands there as `\xe9`."""
        try:
            return self.text(raw)
        except ValueError:
            return raw.encode("latin-1").decode(self.codec or "ascii", errors="backslashreplace")


def charset_of(name: str) -> Charset:
    """Return the character set of a syntax identifier (UNB 0001); one that isn't in the list reads ASCII only."""
    return Charset(name, SYNTAX_IDENTIFIERS.get(name.strip().upper()))


def agreed(name: str) -> Charset:
    """Return the character set that partners agreed on, by the name of its encoding; raise ValueError if unknown."""
    if name.upper() in SYNTAX_IDENTIFIERS:
        return charset_of(name.upper())
    codec = codec_of(name)
    if codec.startswith("utf-16"):
        raise ValueError(
            f"EDI is written with delimiters of one byte, and {name} has none{did_you_mean(name, ['utf-8'])}"
        )
    return Charset(name, codec)
