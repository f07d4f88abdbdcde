"""The hub without any server: how soon it serves, how much memory it takes, and how long its demo lasts."""

import asyncio
import socket
import sys
import tempfile
import time
from pathlib import Path

import httpx
import orjson

ORDERHUB = str(Path(sys.executable).parent / "orderhub")


async def serve() -> dict[str, float]:
    """Start `orderhub run` on SQLite in an empty folder; return seconds until it is ready, and its memory."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.close()
        folder = Path(name)
        await asyncio.to_thread(
            (folder / "hub.yaml").write_text,
            f"store: {{url: sqlite:///hub.sqlite3}}\nbus: {{url: embedded://}}\napi: {{port: {port}}}\n",
        )
        begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            ORDERHUB, "run", cwd=folder, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with httpx.AsyncClient() as http:
                while not await _is_ready(http, port):
                    if process.returncode is not None or time.perf_counter() - begun > 60:  # noqa: PLR2004
                        message = "orderhub run did not come up"
                        raise RuntimeError(message)
                    await asyncio.sleep(0.02)
            seconds = time.perf_counter() - begun
            status = await asyncio.to_thread(Path(f"/proc/{process.pid}/status").read_text, encoding="ascii")
            memory = next(
                int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")
            )
        finally:
            process.terminate()
            await process.wait()
    return {"serving_s": seconds, "peak_mb": memory}


async def _is_ready(http: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await http.get(f"http://127.0.0.1:{port}/health/ready")).is_success
    except httpx.TransportError:
        return False


async def demo(orders: int) -> dict[str, float]:
    """Run the demo with so many orders; return the seconds that it took, and how many ended as expected."""
    program = [ORDERHUB, "demo", "--orders", str(orders), "--seed", "7", "--exit", "--json"]
    with tempfile.TemporaryDirectory() as name:
        begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *program, cwd=name, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        out, _ = await process.communicate()
        seconds = time.perf_counter() - begun
    if process.returncode:
        message = f"the demo ended with status {process.returncode}"
        raise RuntimeError(message)
    told = orjson.loads(out.splitlines()[-1])
    return {"orders": told["orders"], "as_expected": told["as_expected"], "s": seconds}
