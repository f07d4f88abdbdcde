"""Who asks: a bearer token, or the console's cookie, or whoever sits at this machine where the demo allows it."""

import ipaddress
from typing import Annotated

from fastapi import Depends, Request

from hub.desk.access import Permission, Principal, Role
from hub.desk.context import DeskContext
from hub.desk.errors import UnauthenticatedError
from hub.desk.tokens import TokenBook

COOKIE = "orderhub_token"
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE = frozenset({"GET", "HEAD"})
GUEST = Principal("console", Role.SUPPORT)
"""Who looks around in an open console: sees everything that support sees, and changes nothing."""


class Gate:
    """Says who asks. With `open_console`, reads from this very machine need no token; that is for demos only."""

    def __init__(self, ctx: DeskContext, *, open_console: bool) -> None:
        self.book = TokenBook(ctx)
        self._open_console = open_console

    async def admit(self, request: Request) -> Principal:
        """Return whose bearer token it is; raises `UnauthenticatedError`."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "bearer" and secret.strip():
            return await self.book.authenticate(secret.strip())
        guest = self.guest(request)
        if guest is None:
            raise UnauthenticatedError(
                "send a token, as in `Authorization: Bearer oh_...` (orderhub tokens create)"
            )
        return guest

    async def look_in(self, request: Request) -> Principal | None:
        """Return who looks at the console's pages; None for somebody unknown. The cookie opens nothing else."""
        secret = request.cookies.get(COOKIE)
        if secret:
            try:
                return await self.book.authenticate(secret)
            except UnauthenticatedError:
                return self.guest(request)
        return self.guest(request)

    def guest(self, request: Request) -> Principal | None:
        """Return the guest, where an open console is read from this machine, by one of its own names."""
        client = request.client.host if request.client else ""
        host = request.url.hostname or ""
        if self._open_console and request.method in _SAFE and _is_loopback(client) and host in _LOCAL_NAMES:
            return GUEST
        return None


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def gate_of(request: Request) -> Gate:
    """Return the application's gate."""
    gate: Gate = request.app.state.gate
    return gate


def desk_of(request: Request) -> DeskContext:
    """Return the application's desk."""
    ctx: DeskContext = request.app.state.hub.desk
    return ctx


async def _asking(request: Request) -> Principal:
    principal = await gate_of(request).admit(request)
    principal.must(Permission.READ)
    return principal


Asking = Annotated[Principal, Depends(_asking)]
Desk = Annotated[DeskContext, Depends(desk_of)]
