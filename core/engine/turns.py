"""Several batches under way at once: one writes and commits while the next is gathered and decided."""

import asyncio


class Turn:
    """One lane's right to gather a batch and to lock what it changes. One lane has it at a time.

    So what came first locks its orders first, and is decided first, as if there were one lane only; a batch that needs
    an order of the one before waits for its commit at the row's lock.
    """

    def __init__(self, gate: asyncio.Lock) -> None:
        self._gate = gate
        self._mine = False

    async def take(self) -> None:
        """Wait for the turn, unless it is this lane's already. Not to be waited for inside a transaction."""
        if not self._mine:
            await self._gate.acquire()
            self._mine = True

    def pass_on(self) -> None:
        """Let the next lane have it, if it is this lane's."""
        if self._mine:
            self._mine = False
            self._gate.release()
