"""Peers, installed into environments of their own, and HTTP clients among them.

``environment`` gives the Python of one, made at its first use below ``.peers`` (kept
for later runs, and no part of the repository). This file is also the program that such
a Python runs for the HTTP clients, so that it may import nothing but the standard
library at its top:

    .peers/clients/bin/python benchmarks/peers.py aiohttp URL COUNT IN_FLIGHT
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

FOLDER = Path(__file__).with_name(".peers")
CLIENTS = ("aiohttp==3.14.5", "pyreqwest==0.15.1")
"""The fastest HTTP clients of Python that were found, besides hand-written ones."""
BODY = {"sourcedId": "stu-000001", "givenName": "A", "familyName": "B" * 240}
_PATIENCE_SECONDS = 900
_GOOD = 200


class AbsentError(Exception):
    """The peers cannot be had here: there is no package index, or not these."""


def environment(name: str, packages: Sequence[str]) -> Path:
    """The Python of an environment that has exactly these packages, pinned.

    Raises ``AbsentError`` where they cannot be installed.
    """
    digest = hashlib.sha256("\n".join(packages).encode()).hexdigest()[:8]
    folder = FOLDER / f"{name}-{digest}"
    python = folder / "bin" / "python"
    ready = folder / "installed"
    if ready.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    _install(python, packages)
    ready.write_text("\n".join(packages) + "\n", "utf-8")
    return python


def environments(
    wanted: Mapping[str, Sequence[str]],
) -> tuple[dict[str, Path], dict[str, str]]:
    """By name the Python of each that can be had, and why the others cannot; what
    needs no packages runs with this Python."""
    pythons: dict[str, Path] = {}
    absent: dict[str, str] = {}
    for name, packages in wanted.items():
        try:
            pythons[name] = (
                environment(name, packages) if packages else Path(sys.executable)
            )
        except AbsentError as error:
            absent[name] = str(error)
    return pythons, absent


def _install(python: Path, packages: Sequence[str]) -> None:
    pip = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    try:
        subprocess.run(  # noqa: S603 - our own constants
            [*pip, "--disable-pip-version-check", *packages],
            check=True,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["pip failed"])[-1]
        message = f"{', '.join(packages)} cannot be installed here: {last}"
        raise AbsentError(message) from None
    except subprocess.TimeoutExpired:
        message = f"{', '.join(packages)} cannot be installed here: pip took too long"
        raise AbsentError(message) from None


Send = Callable[[str], Awaitable[int]]
"""PUT to an address; gives the status, the answer read to its end."""
Client = Callable[[int], AbstractAsyncContextManager[Send]]


@asynccontextmanager
async def _aiohttp(in_flight: int) -> AsyncIterator[Send]:
    aiohttp = importlib.import_module("aiohttp")
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def send(url: str) -> int:
            async with session.put(url, json=BODY) as answer:
                await answer.read()
                return int(answer.status)

        yield send


@asynccontextmanager
async def _pyreqwest(in_flight: int) -> AsyncIterator[Send]:
    client = importlib.import_module("pyreqwest.client")
    builder = client.ClientBuilder().pool_max_idle_per_host(in_flight)
    async with builder.build() as session:

        async def send(url: str) -> int:
            answer = await session.put(url).body_json(BODY).build().send()
            await answer.bytes()
            return int(answer.status)

        yield send


PROGRAMS: dict[str, Client] = {"aiohttp": _aiohttp, "pyreqwest": _pyreqwest}


async def _crowd(client: Client, url: str, count: int, in_flight: int) -> float:
    left = iter(range(count))

    async with client(in_flight) as send:

        async def worker() -> None:
            for number in left:
                status = await send(f"{url}/students/{number}")
                if status != _GOOD:
                    message = f"the server answered {status}"
                    raise ValueError(message)

        began = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(in_flight)))
        return time.perf_counter() - began


def main() -> None:
    """So many requests, so many at once, through one client."""
    name, url, count, in_flight = sys.argv[1:]
    work = _crowd(PROGRAMS[name], url, int(count), int(in_flight))
    print(json.dumps({"seconds": asyncio.run(work), "count": int(count)}), flush=True)
    # pyreqwest 0.15.1 has threads that may bring the interpreter down at its end.
    os._exit(0)


if __name__ == "__main__":
    main()
