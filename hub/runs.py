"""Which processes of the hub run on this host, as marks in the store: one that nobody took back tells of a kill."""

import os
import socket

from core.store.sql import Database

_MARKS = "SELECT name FROM cursors WHERE connector = 'hub'"
_BEGIN = (
    "INSERT INTO cursors (connector, name, value, updated_at) VALUES ('hub', $1, 'running', $2) "
    "ON CONFLICT (connector, name) DO NOTHING"
)
_END = "DELETE FROM cursors WHERE connector = 'hub' AND name = $1"


class Run:
    """One process's mark: set by `begin`, taken back by `end`."""

    def __init__(self) -> None:
        self._host = f"running:{socket.gethostname()}:"
        self._mark = f"{self._host}{os.getpid()}"

    async def begin(self, database: Database) -> bool:
        """Set the mark. Says whether a process ended here without taking back its own, as a killed one does.

        The marks of other workers that are alive say nothing. In a container that was started again the dead process
        had the number of this one.
        """
        async with database.transaction() as session:
            marks = [row["name"] for row in await session.rows(_MARKS)]
            here = [mark for mark in marks if mark.startswith(self._host)]
            dead = [
                mark for mark in here if mark == self._mark or not _is_alive(mark.removeprefix(self._host))
            ]
            for mark in dead:
                await session.run(_END, mark)
            await session.run(_BEGIN, self._mark, session.now)
        return bool(dead)

    async def end(self, database: Database) -> None:
        """Take the mark back: this process ends as it should."""
        async with database.transaction() as session:
            await session.run(_END, self._mark)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError, ValueError):
        return False
    return True
