"""The settings of transports: `transport: {type: folder, ...}` or `{type: sftp, ...}`."""

import base64
import binascii
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

FINGERPRINT_PREFIX = "SHA256:"
_SHA256_BYTES = 32

Seconds = Annotated[float, Field(gt=0, le=600)]
Suffix = Annotated[str, StringConstraints(pattern=r"^\.[A-Za-z0-9_-]{1,20}$")]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FolderSettings(_Closed):
    """A folder on this machine, or one that is mounted here."""

    type: Literal["folder"] = "folder"
    path: Path
    """The root; the folders of the settings lie in it. It must exist: a mount that is away is not an empty folder."""
    temporary_suffix: Suffix = ".part"
    """What a file's name ends with while it is written."""
    timeout_s: Seconds = 10
    """How long one operation may take: a network mount can hang."""


class SftpSettings(_Closed):
    """An account on an SFTP server. A password, a private key, or both."""

    type: Literal["sftp"] = "sftp"
    host: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    port: Annotated[int, Field(gt=0, le=65535)] = 22
    username: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    password: SecretStr | None = None
    private_key: SecretStr | None = None
    """The key's text, PEM or OpenSSH."""
    private_key_file: Path | None = None
    """Where the key's text is kept."""
    passphrase: SecretStr | None = None
    host_key: tuple[str, ...]
    """What the server proves itself with: `SHA256:...` fingerprints or `ssh-ed25519 AAAA...` lines. There is no way to
    do without. Several while the partner changes keys."""
    root: Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")] = ""
    """The folder at the server in which all others lie; empty: where the account starts."""
    temporary_suffix: Suffix = ".part"
    """What a file's name ends with while it is uploaded; the partner ignores such names."""
    connect_timeout_s: Seconds = 15
    timeout_s: Seconds = 10
    """How long one operation may take."""
    keepalive_s: Seconds = 15
    """How often the connection is probed; after three probes without an answer it counts as lost."""

    @field_validator("host_key", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("host_key")
    @classmethod
    def _pinned(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            message = (
                "name the server's key: `ssh-keyscan HOST | ssh-keygen -lf -` shows it; ask the partner too"
            )
            raise ValueError(message)
        for pin in value:
            _check_pin(pin)
        return value

    @model_validator(mode="after")
    def _credentials(self) -> Self:
        if self.password is None and self.private_key is None and self.private_key_file is None:
            message = "give `password`, `private_key` or `private_key_file`"
            raise ValueError(message)
        if self.private_key is not None and self.private_key_file is not None:
            message = "give `private_key` or `private_key_file`, not both"
            raise ValueError(message)
        return self


def _check_pin(pin: str) -> None:
    try:
        if pin.startswith(FINGERPRINT_PREFIX):
            text = pin.removeprefix(FINGERPRINT_PREFIX)
            good = len(base64.b64decode(text + "=" * (-len(text) % 4), validate=True)) == _SHA256_BYTES
        else:
            algorithm, data = pin.split()[:2]
            good = base64.b64decode(data, validate=True)[4:].startswith(algorithm.encode())
    except (ValueError, binascii.Error):
        good = False
    if not good:
        message = f"{pin!r} is neither a fingerprint (SHA256:...) nor a public key (ssh-ed25519 AAAA...)"
        raise ValueError(message)


TransportSettings = Annotated[FolderSettings | SftpSettings, Field(discriminator="type")]
