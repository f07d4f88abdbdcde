"""`orderhub keys`: the master key."""

import typer

from hub.cli.session import Session, command, group

keys = group("The master key, which seals personal data.")


@keys.callback()
def _keys() -> None:
    """Keep the master key apart from the store and its copies: who has both can read everything."""


@command(keys, "new", config=False)
def new_key(session: Session) -> None:
    """Print a new master key: 32 random bytes in base64, on a line of its own.

    Example: `orderhub keys new > secrets/master.key`
    """
    from core.security.keys import MasterKey

    text = MasterKey.new_text()
    if session.out.json:
        session.out.data({"master_key": text})
    else:
        typer.echo(text)
