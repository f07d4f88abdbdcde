"""A lease says which worker does what only one may do. It ends by itself when its worker does."""

from datetime import timedelta

from core.store.sql import Session

_TAKE = (
    "INSERT INTO leases (name, owner, until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE "
    "SET owner = excluded.owner, until = excluded.until "
    "WHERE leases.owner = excluded.owner OR leases.until < $4 RETURNING owner"
)
_GIVE_BACK = "DELETE FROM leases WHERE owner = $1"


async def take(session: Session, name: str, owner: str, seconds: float) -> bool:
    """Take or keep a lease for that long, by the database's clock; say whether it is ours."""
    until = session.now + timedelta(seconds=seconds)
    return bool(await session.rows(_TAKE, name, owner, until, session.now))


async def give_back(session: Session, owner: str) -> None:
    """Let all leases of a worker go: it is stopping."""
    await session.run(_GIVE_BACK, owner)
