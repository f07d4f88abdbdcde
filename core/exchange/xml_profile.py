"""What is agreed with a partner about XML documents, which have no interchanges around them: one in each file."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, SecretStr, StringConstraints, field_validator, model_validator

from core.exchange.profile import Duplicates, Hours, pair_of

__all__ = ["CxmlProfile", "DocumentType", "ExpectedDocument", "UblProfile", "XmlParty", "XmlProfile"]

DocumentType = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]{2,60}$")]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=4096)]


class _Closed(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Nothing else may be said."""


class XmlParty(_Closed, frozen=True):
    """A partner's identification in its documents."""

    id: Annotated[str, StringConstraints(pattern=r"^[!-~](?:[ -~]*[!-~])?$", max_length=100)]
    scheme: Annotated[str, StringConstraints(pattern=r"^[!-~]*$", max_length=60)] = ""
    """Whose numbers they are: UBL's schemeID (`0088` is GS1's), cXML's domain (`DUNS`, `NetworkID`)."""

    @property
    def named(self) -> tuple[str, str]:
        """Scheme and id."""
        return self.scheme, self.id


class ExpectedDocument(_Closed, frozen=True):
    """After a document of one type there must be one of another type about the same purchase order, in time."""

    after: DocumentType
    """What begins it: a document that we sent (`Order`) or took (`Invoice`)."""
    wants: DocumentType
    """What the partner owes: `DespatchAdvice`."""
    within_h: Hours


class XmlProfile(_Closed, frozen=True):
    """One partner's agreement, whatever the standard; each has a profile of its own."""

    standard: Literal["ubl", "cxml"]
    ours: XmlParty
    theirs: XmlParty
    receives: tuple[DocumentType, ...] = ()
    """Types that are taken from the partner; none: all that the connector reads."""
    duplicates: Duplicates = Duplicates()
    """What becomes of a document whose own id came before."""
    expects: tuple[ExpectedDocument, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.ours.named == self.theirs.named:
            raise ValueError("ours and theirs are the same: one of them is the partner")
        return self

    @property
    def outward(self) -> str:
        """The pair whose running numbers we draw."""
        return pair_of(self.standard, self.ours.named, self.theirs.named)

    @property
    def inward(self) -> str:
        """The pair under which the partner's documents are known."""
        return pair_of(self.standard, self.theirs.named, self.ours.named)


class UblProfile(XmlProfile, frozen=True):
    """A partner that speaks UBL 2."""

    standard: Literal["ubl"]
    version: Annotated[str, StringConstraints(pattern=r"^2\.[1-4]$")] = "2.1"
    """Of what we write. What a partner writes may be of any 2.x: they only add to each other."""


def _printable(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.isprintable() or text != text.strip():
        raise ValueError("a SharedSecret is text that can be printed, without spaces around it")
    return secret


class CxmlProfile(XmlProfile, frozen=True):
    """A partner that speaks cXML 1.2. `scheme` of both parties is the domain of their credentials."""

    standard: Literal["cxml"]
    version: Annotated[str, StringConstraints(pattern=r"^1\.2$")] = "1.2"
    mode: Literal["production", "test"] = "production"
    """Request's deploymentMode: what we write says so, and what says otherwise is refused."""
    shared_secret: Secret | None = None
    """What we show as Sender; put in only while a document is sent."""
    their_secrets: Annotated[tuple[Secret, ...], Field(max_length=5)] = ()
    """What the partner shows as Sender at our door; several while it changes."""

    @field_validator("shared_secret")
    @classmethod
    def _fits_into_xml(cls, secret: SecretStr | None) -> SecretStr | None:
        return secret if secret is None else _printable(secret)

    @field_validator("their_secrets")
    @classmethod
    def _can_be_shown(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        return tuple(_printable(secret) for secret in secrets)

    @model_validator(mode="after")
    def _has_domains(self) -> Self:
        if not (self.ours.scheme and self.theirs.scheme):
            raise ValueError(
                "ours.scheme and theirs.scheme: cXML's credentials have a domain, such as DUNS or NetworkID"
            )
        return self
