"""One measured piece of work in this process: ``python -m benchmarks.work NAME ...``.

Prints one JSON object: ``seconds`` (imports and preparation left out), ``rss`` (peak
resident bytes of the process), ``base`` (the same before the work) and ``count``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

import anyio
import httpx
import polars as pl

from benchmarks import paged
from benchmarks.defects import check as defects
from sync.diff import DiffInput, FieldRules, diff
from sync.flow.intake import How, Rejection, take_in
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.request import Answer, Request
from sync.model.roster import Roster
from sync.sandbox import SandboxSettings, serve
from sync.targets.base import Projection
from sync.targets.timeback import TimebackSettings, TimebackTarget
from sync.wire import Limits, Secret, Service, Wire
from sync.wire.auth import ClientCredentials

TODAY = date(2026, 11, 20)
LENIENT = How(rejection=Rejection(percent=100))
TOKEN_ID, TOKEN_SECRET = "sandbox-platform", "sandbox-platform-secret"
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
IN_FLIGHT = 16


def bare(*folders: str) -> int:
    """Read the same files with polars and keep them."""
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.csv"))]
    return sum(pl.read_csv(file, infer_schema=False).height for file in files)


def lenient(folder: str) -> int:
    """Read the files of a drop with defects with polars, ragged rows cut off."""
    files = sorted(Path(folder).glob("*.csv"))
    return sum(
        pl.read_csv(file, infer_schema=False, truncate_ragged_lines=True).height
        for file in files
    )


def check(folder: str) -> int:
    """Read, map and validate one drop."""
    return sum(one.read for one in _roster(folder).counts.values())


def compare(before: str, after: str) -> int:
    """Read, map and validate two nights, and list every changed field."""
    target, held = _target(), Mirror({}, {}, {}, datetime.now(UTC))
    first, second = _roster(before), _roster(after)
    ledger = LedgerView.empty()
    remote = _as_remote(target.project(first, held, ledger, TODAY))
    wanted = target.project(second, held, ledger, TODAY)
    fields = target.capabilities.fields
    rules = {e: FieldRules(fields[e]) for e in wanted.frames}
    joined = diff(
        DiffInput(wanted.frames, remote, wanted.frozen, rules, LedgerView.empty())
    )
    return sum(frame.height for frame in joined.values())


def _as_remote(projection: Projection) -> Mapping[Entity, pl.DataFrame]:
    hidden = ["_file", "_row", "_keep", "_decision", "_reason"]
    return {e: f.drop(hidden, strict=False) for e, f in projection.frames.items()}


def _roster(folder: str) -> Roster:
    roster = take_in(Path(folder), LENIENT, TODAY).roster
    if roster is None:
        message = f"{folder} is refused"
        raise ValueError(message)
    return roster


def _target() -> TimebackTarget:
    secret = {"client_id": {"env": "A"}, "client_secret": {"env": "B"}}
    settings = TimebackSettings.model_validate(
        {"environment": "staging", "platform": secret, "api": secret}
    )
    policies = dict.fromkeys(settings_entities(), "keep")
    return TimebackTarget(settings, policies)


def settings_entities() -> list[Entity]:
    """The entities that have a removal policy."""
    return [Entity.STUDENTS, Entity.USERS, Entity.AGENTS, Entity.ENROLLMENTS]


def ours(url: str, count: str) -> int:
    """So many requests through the engine: pace, judging, statistics and all."""
    credentials = ClientCredentials(
        f"{url}/auth/1.0/token", TOKEN_ID, Secret(TOKEN_SECRET), (SCOPE,)
    )
    services = {"platform": Service("platform", url, credentials)}
    limits = Limits(requests_per_second=100_000, burst=1000, concurrency=IN_FLIGHT)

    async def work() -> None:
        async with Wire(services, limits) as wire:
            await _crowd(int(count), lambda: _one(wire))

    anyio.run(work)
    return int(count)


async def _one(wire: Wire) -> None:
    answer = await wire.send(Request("platform", "GET", "/ping"))
    if not isinstance(answer, Answer):
        message = f"the sandbox failed: {answer.code}"
        raise TypeError(message)


def httpx_loop(url: str, count: str) -> int:
    """The same with bare httpx: one client for each of as many tasks, nothing else."""

    async def work() -> None:
        token = await _token(url)
        headers = {"Authorization": f"Bearer {token}"}
        share = int(count) // IN_FLIGHT

        async def client() -> None:
            async with httpx.AsyncClient(headers=headers) as one:
                for _ in range(share):
                    (await one.get(f"{url}/ping")).raise_for_status()

        async with anyio.create_task_group() as group:
            for _ in range(IN_FLIGHT):
                group.start_soon(client)

    anyio.run(work)
    return int(count)


async def _token(url: str) -> str:
    async with httpx.AsyncClient(auth=(TOKEN_ID, TOKEN_SECRET)) as client:
        body = f"grant_type=client_credentials&scope={quote(SCOPE, safe='')}"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await client.post(f"{url}/auth/1.0/token", content=body, headers=kind)
        return str(answer.raise_for_status().json()["access_token"])


async def _crowd(count: int, work: Callable[[], object]) -> None:
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            await work()  # type: ignore[misc] # an async function without arguments

    async with anyio.create_task_group() as group:
        for _ in range(IN_FLIGHT):
            group.start_soon(worker)


def sandbox(port: str, latency: str) -> int:
    """Serve until stopped, for the two above."""
    serve(SandboxSettings(port=int(port), latency=float(latency)))
    return 0


def peak() -> int:
    """Peak resident bytes of this process. ``ru_maxrss`` would count its parent's."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main() -> None:
    """Do one piece of work and print what it took."""
    name, *arguments = sys.argv[1:]
    works: Mapping[str, Callable[..., int]] = {
        "bare": bare,
        "check": check,
        "compare": compare,
        "defects": defects,
        "lenient": lenient,
        "ours": ours,
        "httpx": httpx_loop,
        "sandbox": sandbox,
        "pages": paged.serve,
        "paged": paged.read,
        "paged-bare": paged.bare,
    }
    base = peak()
    began = time.perf_counter()
    count = works[name](*arguments)
    seconds = time.perf_counter() - began
    facts = {"seconds": seconds, "rss": peak(), "base": base, "count": count}
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
