"""E-mail addresses: taken apart, checked, and made fit for SMTP. No error repeats an address: it is personal data."""

import re
import unicodedata
from dataclasses import dataclass

import idna

from core.errors import RejectedError

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ASCII_LOCAL = re.compile(rf"{_ATEXT}(\.{_ATEXT})*")
_WIDE_LOCAL = re.compile(r"[^\s\"(),:;<>@\[\\\]\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_LONGEST_LOCAL, _LONGEST = 64, 254
_LONGEST_NAME = 100
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class MailAddress:
    """A checked address. `local` is ASCII unless the server speaks SMTPUTF8; `domain` is always in its ASCII form."""

    local: str
    domain: str

    @property
    def spec(self) -> str:
        """The address as SMTP and headers write it."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()


def parse(text: str, *, smtputf8: bool) -> MailAddress:
    """Return the address in `text`; `RejectedError` with the code `bad_address` says why there is none."""
    local, at, domain = unicodedata.normalize("NFC", text.strip()).rpartition("@")
    if not at or not local:
        raise _bad("it has no @ with something on both sides")
    if local.isascii():
        if not _ASCII_LOCAL.fullmatch(local):
            raise _bad(
                "the part before the @ holds what no plain address holds (quoted forms are not supported)"
            )
    elif not smtputf8:
        raise _bad(
            "the part before the @ is not ASCII: set `smtputf8: true` if the mail server speaks RFC 6531"
        )
    elif not _WIDE_LOCAL.fullmatch(local):
        raise _bad('the part before the @ holds a space, a control character or one of "(),:;<>[\\]')
    found = MailAddress(local, _domain(domain))
    if len(local.encode()) > _LONGEST_LOCAL or len(found.spec.encode()) > _LONGEST:
        raise _bad(f"it is longer than {_LONGEST_LOCAL} bytes before the @, or {_LONGEST} in all")
    return found


def display_name(text: str) -> str:
    """Return a name fit for a header: one line, nothing invisible, of bearable length."""
    seen = "".join(" " if unicodedata.category(c) in _INVISIBLE else c for c in text)
    return " ".join(seen.split())[:_LONGEST_NAME].strip()


def _domain(text: str) -> str:
    """Return the domain in ASCII (IDNA 2008, with the mapping of UTS 46)."""
    try:
        ascii_form = idna.encode(text, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise _bad("the part behind the @ is no domain name") from None
    if "." not in ascii_form.strip("."):
        raise _bad("the part behind the @ has no dot, so it is no domain on the internet")
    return ascii_form


def _bad(reason: str) -> RejectedError:
    return RejectedError(f"the buyer's e-mail address can't be used: {reason}", code="bad_address")
