"""Access tokens: the secret is shown once, and only its digest is kept."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from core.errors import Problem
from core.ids import uuid7
from core.store.sql import Database
from hub.desk.access import Permission, Principal, Role
from hub.desk.auditing import audit
from hub.desk.base import Entry, required
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, NotFoundError, UnauthenticatedError

PREFIX = "oh_"
_BYTES = 32
_LONGEST = 200
REMEMBERED_S = 10.0
"""A token that another process revokes is good here for so long at most."""
_REMEMBERED = 1024
_COLUMNS = "id, name, role, recorded_at, expires_at, revoked_at"
_INSERT = (
    "INSERT INTO tokens (id, name, role, digest, recorded_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)"
)
_LIST = f"SELECT {_COLUMNS} FROM tokens ORDER BY id"  # noqa: S608 - columns are ours
_ONE = f"SELECT {_COLUMNS} FROM tokens WHERE id = $1"  # noqa: S608 - columns are ours
_REVOKE = "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
_BY_DIGEST = f"SELECT {_COLUMNS}, digest FROM tokens WHERE digest = $1"  # noqa: S608 - columns are ours


class TokenView(Entry):
    """A token without its secret."""

    name: str
    role: Role
    recorded_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewToken(TokenView):
    """A token that was just made. `secret` is not kept, and can't be shown again."""

    secret: str


async def create_token(
    ctx: DeskContext, principal: Principal, name: str, role: Role, *, expires_in_days: int | None = None
) -> NewToken:
    """Make a token for somebody. `name` is what the audit log will call them."""
    principal.must(Permission.MANAGE_TOKENS)
    who = required(name, "name", longest=100)
    if expires_in_days is not None and not 1 <= expires_in_days <= 3650:  # noqa: PLR2004 - ten years
        problem = Problem("is from 1 to 3650", field="expires_in_days", value=str(expires_in_days))
        raise InvalidError(str(problem), problems=[problem])
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    token_id = uuid7()
    async with ctx.database.transaction() as session:
        expires = session.now + timedelta(days=expires_in_days) if expires_in_days else None
        await session.run(_INSERT, token_id, who, role.value, _digest(secret), session.now, expires)
        await audit(session, ctx, principal, "token.create", str(token_id), f"{who}: {role.value}")
        row = (await session.rows(_ONE, token_id))[0]
    return NewToken(**dict(row), secret=secret)


async def revoke_token(ctx: DeskContext, principal: Principal, token_id: UUID) -> TokenView:
    """Make a token useless, for good. Repeatable."""
    principal.must(Permission.MANAGE_TOKENS)
    async with ctx.database.transaction() as session:
        rows = await session.rows(_ONE, token_id)
        if not rows:
            raise NotFoundError(f"there is no token {token_id}")
        if rows[0]["revoked_at"] is None:
            await session.run(_REVOKE, token_id, session.now)
            await audit(session, ctx, principal, "token.revoke", str(token_id), rows[0]["name"])
        return TokenView(**dict((await session.rows(_ONE, token_id))[0]))


async def list_tokens(ctx: DeskContext, principal: Principal) -> tuple[TokenView, ...]:
    """Return all tokens, revoked ones too, oldest first."""
    principal.must(Permission.MANAGE_TOKENS)
    async with ctx.database.reading() as session:
        return tuple([TokenView(**dict(row)) for row in await session.rows(_LIST)])


class TokenBook:
    """Says who a secret belongs to, and remembers it for a moment. One per process."""

    def __init__(self, ctx: DeskContext) -> None:
        self._database: Database = ctx.database
        self._clock = ctx.clock
        self._known: OrderedDict[str, tuple[Principal, float, datetime | None]] = OrderedDict()

    async def authenticate(self, secret: str) -> Principal:
        """Return whom a secret belongs to; raises `UnauthenticatedError`, which never says what was wrong with it.

        The lookup is by digest, so that the time it takes tells nothing about any secret.
        """
        if not secret.startswith(PREFIX) or len(secret) > _LONGEST:
            raise UnauthenticatedError("the token is not known here")
        digest = _digest(secret)
        known = self._known.get(digest)
        if known is None or known[1] < self._clock.monotonic():
            known = await self._look_up(digest)
        principal, _, expires = known
        if expires is not None and expires <= self._clock.now():
            raise UnauthenticatedError("the token is not known here, revoked, or over its date")
        return principal

    def forget(self) -> None:
        """Ask the store again for every token: one was revoked."""
        self._known.clear()

    async def _look_up(self, digest: str) -> tuple[Principal, float, datetime | None]:
        self._known.pop(digest, None)
        async with self._database.reading() as session:
            rows = await session.rows(_BY_DIGEST, digest)
        row = rows[0] if rows else None
        if row is None or row["revoked_at"] is not None or not hmac.compare_digest(row["digest"], digest):
            raise UnauthenticatedError("the token is not known here, revoked, or over its date")
        principal = Principal(row["name"], Role(row["role"]))
        self._known[digest] = (principal, self._clock.monotonic() + REMEMBERED_S, row["expires_at"])
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return self._known[digest]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
