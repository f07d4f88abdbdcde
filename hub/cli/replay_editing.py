"""Sending an edited copy of one failed message: the original is closed and linked to it."""

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.failing import Failure
from hub.cli.finding import find_id

if TYPE_CHECKING:
    from hub.cli.session import Session
    from hub.desk.context import DeskContext
    from hub.desk.replay_views import Replayed


async def send_edited(
    session: "Session", ctx: "DeskContext", ids: list[str], file: Path | None, reason: str, *, force: bool
) -> "Replayed":
    """Let somebody edit the document that a failure is about now, and send it in its place."""
    from hub.cli.bodies import raw_body
    from hub.desk import failures, messages, replay
    from hub.desk.errors import NotFoundError

    if len(ids) != 1:
        raise Failure("one document is edited at a time: give one failure or message", usage=True)
    if not reason.strip():
        raise Failure("say with --reason why the document is changed: it goes into the audit log", usage=True)
    try:
        failure_id = await find_id(ctx, "failure", ids[0])
        shown = await failures.show_failure(ctx, session.principal, failure_id)
        message_id = shown.current_message_id or shown.message_id
    except (Failure, NotFoundError):
        message_id = await find_id(ctx, "message", ids[0])
    if message_id is None:
        raise Failure("this failure is about no message: there is no document to edit")
    before = raw_body(await messages.show_message(ctx, session.principal, message_id))
    after = await asyncio.to_thread(file.read_bytes) if file else await asyncio.to_thread(_edit, before)
    if after == before:
        raise Failure("the document is as it was: nothing was sent")
    return await replay.resend_edited(ctx, session.principal, message_id, after, reason, force=force)


def _edit(body: bytes) -> bytes:
    """Return what an editor makes of a document. It lies in a file of its owner's alone, as long as that takes."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise Failure(
            "set $EDITOR to the editor of your choice, or give the changed document by --with FILE",
            usage=True,
        )
    with tempfile.TemporaryDirectory(prefix="orderhub-") as folder:
        file = Path(folder) / "document"
        file.touch(mode=0o600)
        file.write_bytes(body)
        status_of_editor = subprocess.run([*editor.split(), str(file)], check=False).returncode  # noqa: S603 - the user's own editor
        if status_of_editor:
            raise Failure(f"the editor ended with status {status_of_editor}: nothing was sent")
        return file.read_bytes()
