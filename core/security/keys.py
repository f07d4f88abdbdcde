"""Personal data at rest: a data key per message and per order's people, wrapped by a master key (docs/adr/0004).

Destroying a data key erases what it sealed; an order adopts the keys of the messages that are about it.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce before the ciphertext; what a text belongs to is authenticated
as associated data, so that one record can't be passed off as another.
"""

import base64
import hashlib
import hmac
import os
import secrets
import unicodedata
from collections import OrderedDict
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import HubError

_NONCE = 12
_KEY = 32


class KeyUnusableError(HubError):
    """A sealed text can't be opened: another master key sealed it, or it was tampered with."""


class MasterKey:
    """The one secret that the store does not hold. Wraps data keys, and keys the blind index."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _KEY:
            message = f"the master key has {_KEY} bytes, not {len(secret)}; make one with `orderhub keys new`"
            raise ValueError(message)
        self._wrapping = AESGCM(hmac.digest(secret, b"orderhub/wrap/1", "sha256"))
        self._indexing = hmac.digest(secret, b"orderhub/index/1", "sha256")

    @classmethod
    def from_text(cls, text: str) -> "MasterKey":
        """Read a key written as base64."""
        try:
            return cls(base64.b64decode(text.strip(), validate=True))
        except ValueError as error:
            message = "the master key is not 32 bytes in base64; make one with `orderhub keys new`"
            raise ValueError(message) from error

    @classmethod
    def from_file(cls, path: Path, *, create: bool = False) -> "MasterKey":
        """Read a key file; with `create`, make one that only its owner can read."""
        if create and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(cls.new_text() + "\n")
        return cls.from_text(path.read_text(encoding="ascii"))

    @staticmethod
    def new_text() -> str:
        """Return a new random key as base64."""
        return base64.b64encode(secrets.token_bytes(_KEY)).decode()

    def wrap(self, key_id: UUID, key: bytes) -> bytes:
        """Seal a data key."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._wrapping.encrypt(nonce, key, key_id.bytes)

    def unwrap(self, key_id: UUID, wrapped: bytes) -> bytes:
        """Open a data key; raises `KeyUnusableError`."""
        try:
            return self._wrapping.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], key_id.bytes)
        except InvalidTag as error:
            message = (
                f"data key {key_id} was wrapped by another master key: is ORDERHUB_MASTER_KEY the right one?"
            )
            raise KeyUnusableError(message) from error

    def blind(self, kind: str, value: str) -> str:
        """Return the keyed hash by which an e-mail, phone or postcode is found without being stored."""
        plain = normalised(kind, value)
        return hmac.new(self._indexing, f"{kind}:{plain}".encode(), hashlib.sha256).hexdigest()


def normalised(kind: str, value: str) -> str:
    """Return how a searched value is written for comparison: case, spaces and separators don't count."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    if kind == "phone":
        return "".join(c for c in folded if c.isdigit()).lstrip("0")
    return "".join(folded.split())


class DataKey:
    """A key that seals one message's body, or the people of one order."""

    __slots__ = ("_cipher", "id")

    def __init__(self, key_id: UUID, secret: bytes) -> None:
        self.id = key_id
        self._cipher = AESGCM(secret)

    def seal(self, owner: UUID, plain: bytes) -> bytes:
        """Seal `plain` as belonging to `owner`."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, owner.bytes)

    def open(self, owner: UUID, sealed: bytes) -> bytes:
        """Open what was sealed for `owner`; raises `KeyUnusableError`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], owner.bytes)
        except InvalidTag as error:
            message = f"the record of {owner} can't be opened: it was changed, or belongs to something else"
            raise KeyUnusableError(message) from error


class KeyRing:
    """Makes and opens data keys; remembers a bounded number of opened ones."""

    def __init__(self, master: MasterKey, *, remembered: int = 4096) -> None:
        self.master = master
        self._remembered = remembered
        self._open: OrderedDict[UUID, DataKey] = OrderedDict()

    def new(self, key_id: UUID) -> tuple[DataKey, bytes]:
        """Make a data key; returns it with its wrapped form, which the store keeps."""
        secret = AESGCM.generate_key(bit_length=8 * _KEY)
        return self._keep(DataKey(key_id, secret)), self.master.wrap(key_id, secret)

    def known(self, key_id: UUID) -> DataKey | None:
        """Return a key that is open already."""
        return self._open.get(key_id)

    def unwrap(self, key_id: UUID, wrapped: bytes) -> DataKey:
        """Open a key of the store."""
        return self._open.get(key_id) or self._keep(DataKey(key_id, self.master.unwrap(key_id, wrapped)))

    def forget(self, key_id: UUID) -> None:
        """Forget an open key: its order was erased."""
        self._open.pop(key_id, None)

    def _keep(self, key: DataKey) -> DataKey:
        self._open[key.id] = key
        if len(self._open) > self._remembered:
            self._open.popitem(last=False)
        return key
