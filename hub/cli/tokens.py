"""`orderhub tokens`: who may use the API and the console."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from hub.cli.finding import find_id
from hub.cli.looks import Column, ago, facts, short, table
from hub.cli.session import Session, command, group

tokens = group("Who may use the API and the console.")


class RoleName(StrEnum):
    """What a token allows, least first."""

    VIEWER = "viewer"
    SUPPORT = "support"
    ENGINEER = "engineer"
    ADMIN = "admin"


@command(tokens, "create", actor=True)
async def create_token(
    session: Session,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Whose it is: what the audit log will call them.")
    ],
    role: Annotated[RoleName, typer.Option(help="What it allows.")] = RoleName.VIEWER,
    days: Annotated[int | None, typer.Option(min=1, help="After how many days it expires.")] = None,
) -> None:
    """Make a token. Its secret is shown this once, and is not kept.

    Example: `orderhub tokens create "support desk" --role support --days 90`
    """
    from hub.desk import tokens as desk
    from hub.desk.access import Role

    async with session.desk() as ctx:
        token = await desk.create_token(ctx, session.principal, name, Role(role.value), expires_in_days=days)
    session.out.show(
        token,
        lambda: [
            facts(
                {
                    "token": token.secret,
                    "of": f"{token.name} ({token.role.value})",
                    "until": token.expires_at,
                    "id": token.id,
                }
            ),
            Text("Keep it now: it can't be shown again.", style="yellow"),
        ],
    )


@command(tokens, "revoke", actor=True)
async def revoke_token(
    session: Session,
    token: Annotated[
        str, typer.Argument(metavar="TOKEN", help="A token's id, or its last six digits or more.")
    ],
) -> None:
    """Make a token useless, for good."""
    from hub.desk import tokens as desk

    async with session.desk() as ctx:
        view = await desk.revoke_token(ctx, session.principal, await find_id(ctx, "token", token))
    session.out.show(view, lambda: facts({"revoked": view.name, "id": view.id}))


@command(tokens, "list", actor=True)
async def list_tokens(session: Session) -> None:
    """List all tokens, revoked ones too. Secrets are not kept, and so not shown."""
    from hub.desk import tokens as desk

    async with session.desk() as ctx:
        found = await desk.list_tokens(ctx, session.principal)
        now = ctx.clock.now()
    wide = session.out.wide
    columns = [
        Column("token", lambda t: short(t.id, wide=wide), keep=True),
        Column("of", lambda t: t.name),
        Column("role", lambda t: t.role.value),
        Column("age", lambda t: ago(t.recorded_at, now), right=True, keep=True),
        Column("expires", lambda t: ago(t.expires_at, now), right=True, keep=True),
        Column("revoked", lambda t: ago(t.revoked_at, now), right=True, keep=True),
    ]
    session.out.show(found, lambda: table(columns, found, wide=wide, empty="there are no tokens yet"))
