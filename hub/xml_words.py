"""UBL and cXML in requests and responses of HTTP."""

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from lxml import etree

from core.errors import DocumentError, Problem
from core.exchange.words import Verdict
from core.exchange.xml_profile import CxmlProfile
from hub.shared_secrets import taken_out
from hub.xml_headings import cxml_heading, root_of, ubl_heading
from mappings.syntax.xml_places import Element

_DOCTYPE = '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">'
_TEXTS = {
    200: "OK", 201: "Accepted", 400: "Bad Request", 401: "Unauthorized", 406: "Not Acceptable",
    450: "Not Implemented",
}  # fmt: skip
"""Of cXML's status codes those that our door says (User's Guide 1.2, Response, Status)."""
_LONGEST_TEXT = 300


class UblWords:
    """UBL has no words about transport. Fills `core.exchange.words.HttpWords`."""

    def is_document(self, body: bytes) -> bool:
        """Say whether a body is a UBL document that could be told from others."""
        try:
            ubl_heading(root_of(body))
        except DocumentError:
            return False
        return True

    def verdict(self, body: bytes) -> Verdict | None:
        """Return None: HTTP's status says it all."""
        return None

    def as_stored(self, raw: bytes) -> bytes:
        """Return it as it came."""
        return raw


@dataclass(frozen=True, slots=True)
class CxmlHttpWords:
    """cXML's request and response. Fills `core.exchange.words.CxmlWords`."""

    profile: CxmlProfile

    def is_document(self, body: bytes) -> bool:
        """Return False: a Response is no document of its own, and a Request comes to the door."""
        return False

    def verdict(self, body: bytes) -> Verdict | None:
        """Return the Status of a Response; raise `DocumentError` for a body without one."""
        status = root_of(body).find("Response/Status")
        code = "" if status is None else (status.get("code") or "").strip()
        if status is None or not (code.isascii() and code.isdigit() and len(code) == 3):  # noqa: PLR2004 - 200 to 599
            reason = "the response is no cXML document with a Response/Status and its code"
            raise DocumentError((Problem(reason, field="Response/Status/@code"),))
        said = " ".join(f"{status.get('text') or ''}: {''.join(status.itertext())}".split()).strip(": ")
        return Verdict(int(code), self._without_ours(said)[:_LONGEST_TEXT])

    def as_stored(self, raw: bytes) -> bytes:
        """Return what came without the SharedSecrets in it, and without ours wherever a response repeats it."""
        return self._without_ours(taken_out(raw).decode("latin-1")).encode("latin-1")

    def _without_ours(self, text: str) -> str:
        if self.profile.shared_secret is None:
            return text
        ours = self.profile.shared_secret.get_secret_value()
        for written in (ours, escape(ours), ours.encode().decode("latin-1")):
            text = text.replace(written, "***")
        return text

    def objection(self, body: bytes, types: Collection[str]) -> Verdict | None:
        """Return why a request is not taken; None for one that is whole and shows the SharedSecret agreed on."""
        try:
            root = root_of(body)
        except DocumentError as error:
            return Verdict(406, f"this is no XML that can be read here: {error}")
        if not self._is_known(root):
            return Verdict(401, "the Sender's SharedSecret is not the one that was agreed on")
        try:
            kind = cxml_heading(root).kind
        except DocumentError as error:
            return Verdict(400, str(error))
        if kind not in types:
            return Verdict(450, f"a Request with {kind} is not taken here, but {', '.join(sorted(types))}")
        return None

    def _is_known(self, root: Element) -> bool:
        """Say whether the Sender shows one of the secrets; each is compared, and in constant time."""
        agreed = self.profile.their_secrets
        shown = root.findtext("Header/Sender/Credential/SharedSecret") or ""
        genuine = not agreed
        for secret in agreed:
            genuine |= hmac.compare_digest(shown.strip().encode(), secret.get_secret_value().encode())
        return genuine

    def response(self, verdict: Verdict, now: datetime) -> bytes:
        """Return the document that answers a request: a Response with a Status."""
        payload = f"{now:%Y%m%d%H%M%S}.{secrets.token_hex(8)}@orderhub"
        root = etree.Element("cXML", payloadID=payload, timestamp=now.isoformat(timespec="seconds"))
        response = etree.SubElement(root, "Response")
        text = _TEXTS.get(verdict.code, "")
        status = etree.SubElement(response, "Status", code=str(verdict.code), text=text)
        status.text = "".join(c if c.isprintable() else " " for c in verdict.text)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True, doctype=_DOCTYPE)
