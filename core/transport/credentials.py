"""How one side proves itself to the other over HTTP: what is sent, and what is compared in constant time."""

import base64
import hmac
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

_CLOSED = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
_AUTHORIZATION = "authorization"
Secret = Annotated[SecretStr, Field(min_length=1, max_length=4096)]


def _fits_a_header(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable()) or text != text.strip():
        raise ValueError("a header takes printable ASCII, without spaces around it")
    return secret


HeaderSecret = Annotated[Secret, AfterValidator(_fits_a_header)]


class BasicCredential(BaseModel):
    """RFC 7617: a user name and a password."""

    model_config = _CLOSED

    type: Literal["basic"] = "basic"
    username: Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f\x7f]+$", max_length=200)]
    password: Secret

    def header(self) -> tuple[str, str]:
        """Return the header by which it is shown, its name in lower case."""
        pair = f"{self.username}:{self.password.get_secret_value()}".encode()
        return _AUTHORIZATION, f"Basic {base64.b64encode(pair).decode()}"


class BearerCredential(BaseModel):
    """RFC 6750: a token."""

    model_config = _CLOSED

    type: Literal["bearer"] = "bearer"
    token: HeaderSecret

    def header(self) -> tuple[str, str]:
        """Return the header by which it is shown, its name in lower case."""
        return _AUTHORIZATION, f"Bearer {self.token.get_secret_value()}"


class HeaderCredential(BaseModel):
    """A secret in a header of the partner's choice, such as `X-API-Key`."""

    model_config = _CLOSED

    type: Literal["header"] = "header"
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
    value: HeaderSecret

    def header(self) -> tuple[str, str]:
        """Return the header by which it is shown, its name in lower case."""
        return self.name.lower(), self.value.get_secret_value()


Credential = Annotated[BasicCredential | BearerCredential | HeaderCredential, Field(discriminator="type")]


def is_shown(credentials: Iterable[BasicCredential | BearerCredential | HeaderCredential],
             headers: Mapping[str, str]) -> bool:  # fmt: skip
    """Say whether a request shows one of the credentials. Each is compared, and in constant time."""
    genuine = False
    for credential in credentials:
        name, expected = credential.header()
        given = headers.get(name, "")
        if name == _AUTHORIZATION:
            given, expected = _without_case(given), _without_case(expected)
        genuine |= hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
    return genuine


def _without_case(value: str) -> str:
    """Return an Authorization header with its scheme, whose case doesn't count, in lower case."""
    scheme, _, rest = value.strip().partition(" ")
    return f"{scheme.lower()} {rest.strip()}"
