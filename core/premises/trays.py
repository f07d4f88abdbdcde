"""A simulated partner's folders: one that it empties, one that it fills."""

from pathlib import Path

from core.simulator import Faults

UNFINISHED = (".part", ".tmp")
"""How files end that somebody still writes."""


class InTray:
    """A folder that the partner empties, with the folders in which it keeps what it has read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processed, self._rejected = folder / "processed", folder / "rejected"

    def prepare(self) -> None:
        """Make the folders."""
        for folder in (self.folder, self._processed, self._rejected):
            folder.mkdir(parents=True, exist_ok=True)

    def files(self) -> list[Path]:
        """Return what came and is whole, oldest first and equally old ones by name."""
        found = [file for file in self.folder.iterdir() if file.is_file() and not _is_unfinished(file.name)]
        return sorted(found, key=lambda file: (file.stat().st_mtime_ns, file.name))

    def done(self, file: Path, *, could_read: bool = True) -> None:
        """Move a file out of the way."""
        file.replace((self._processed if could_read else self._rejected) / file.name)


class OutTray:
    """A folder that the hub empties. The fault `half_written` shows a file before it is whole."""

    def __init__(self, folder: Path, faults: Faults) -> None:
        self._folder, self._faults = folder, faults
        self._unfinished: list[tuple[Path, bytes]] = []

    def prepare(self, *folders: str) -> None:
        """Make the folder, and those in it."""
        for name in ("", *folders):
            (self._folder / name).mkdir(parents=True, exist_ok=True)

    def put(self, name: str, body: bytes, key: str = "") -> None:
        """Write a file under a temporary name, and give it its own. `key` is what the faults know it by."""
        target = self._folder / name
        if self._faults.strikes("half_written", key):
            target.write_bytes(body[: len(body) // 2])
            self._unfinished.append((target, body[len(body) // 2 :]))
            return
        temporary = target.with_name(f"{target.name}.part")
        temporary.write_bytes(body)
        temporary.replace(target)

    def finish(self) -> None:
        """Write what is missing of the files that are not whole."""
        for path, rest in self._unfinished:
            with path.open("ab") as file:
                file.write(rest)
        self._unfinished = []


def _is_unfinished(name: str) -> bool:
    return name.startswith(".") or name.endswith(UNFINISHED)
