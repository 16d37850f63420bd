"""Lines 8, 9 and 10: how much of the permitted rate is used, and how much can be sent.

The server is written for it: it answers every request after a while with the same
bytes, keeps the instant at which each came, and costs little, so that it is never what
is measured. The rate is looked at there: where a real system would count.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from urllib.request import urlopen

import anyio

from benchmarks import peers
from benchmarks.measuring import (
    Counted,
    Line,
    Sample,
    Work,
    in_turn,
    main,
    of_module,
    rate,
    rate_ratio,
    run,
    served,
)
from sync.model.request import Answer, Request
from sync.wire import Bearer, Limits, Secret, Service, Wire

MODULE = "benchmarks.rates"
LATENCY = 0.05
BURST = 1
"""As in a configuration that says nothing of it."""
IN_FLIGHT = {50: 16, 500: 64, 1000: 96}
"""By rate; more than rate times latency, so that it is the rate that binds."""
MOST = 64
NO_RATE = 100_000
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"
_SECOND = 1.0


def answer(body: bytes) -> bytes:
    """The bytes of a good answer."""
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}{_END.decode()}"
    )
    return head.encode() + body


_GOOD = answer(b'{"sourcedId":"stu-000001"}')
_ARRIVALS = b"GET /_arrivals"


class Server(asyncio.Protocol):
    """One connection of the server; ``arrivals`` belongs to all of them."""

    def __init__(self, latency: float, arrivals: array[float]) -> None:
        """Nothing has come yet."""
        self._latency = latency
        self._arrivals = arrivals
        self._came = b""
        self._since = 0.0
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole by now; it came when its head had."""
        self._came += data
        while (end := self._came.find(_END)) >= 0:
            head = self._came[:end]
            self._since = self._since or time.monotonic()
            length = _LENGTH.search(head)
            whole = end + len(_END) + (int(length[1]) if length else 0)
            if len(self._came) < whole:
                return
            self._came = self._came[whole:]
            since, self._since = self._since, 0.0
            self._answer(head, since)

    def _answer(self, head: bytes, since: float) -> None:
        if head.startswith(_ARRIVALS):
            self._transport.write(answer(json.dumps(list(self._arrivals)).encode()))
            del self._arrivals[:]
            return
        self._arrivals.append(since)
        if self._latency:
            self._loop.call_later(self._latency, self._write)
        else:
            self._write()

    def _write(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_GOOD)


def serve(port: str, latency: str, core: str = "") -> Counted:
    """Answer until stopped; ``core``: on this one alone."""
    if core:
        os.sched_setaffinity(0, {int(core)})
    arrivals = array("d")

    async def work() -> None:
        make = partial(Server, float(latency), arrivals)
        server = await asyncio.get_running_loop().create_server(
            make, "127.0.0.1", int(port), backlog=2048
        )
        await server.serve_forever()

    asyncio.run(work())
    return Counted(0)


def send(url: str, rate: str, in_flight: str, count: str, core: str = "") -> Counted:
    """So many writes through the wire, as many at once, at most so many a second."""
    if core:
        os.sched_setaffinity(0, {int(core)})
    service = Service("bench", url, Bearer(Secret("none")))
    limits = Limits(float(rate), BURST, int(in_flight))
    left = iter(range(int(count)))
    began = time.process_time()

    async def worker(wire: Wire) -> None:
        for number in left:
            path = f"/students/{number}"
            found = await wire.send(Request("bench", "PUT", path, body=peers.BODY))
            if not isinstance(found, Answer):
                message = f"the server failed: {found.code}"
                raise TypeError(message)

    async def work() -> None:
        async with Wire({"bench": service}, limits) as wire, _group() as group:
            for _ in range(int(in_flight)):
                group.start_soon(worker, wire)

    anyio.run(work)
    return Counted(int(count), facts={"cpu": time.process_time() - began})


def _group() -> anyio.abc.TaskGroup:
    return anyio.create_task_group()


def arrivals(url: str) -> list[float]:
    """When each request came since this was asked last, in seconds, sorted."""
    with urlopen(f"{url}{_ARRIVALS.decode().split()[1]}") as told:  # noqa: S310 - ours
        return sorted(json.loads(told.read()))


def busiest_second(came: Sequence[float]) -> int:
    """The most requests in any window of one second."""
    window: deque[float] = deque()
    most = 0
    for instant in came:
        window.append(instant)
        while instant - window[0] >= _SECOND:
            window.popleft()
        most = max(most, len(window))
    return most


def use(came: Sequence[float], permitted: float) -> float:
    """The share of what was permitted between the first request and the last."""
    return (len(came) - BURST) / permitted / (came[-1] - came[0])


def _sent(url: str, permitted: int, seconds: float, core: str = "") -> Sample:
    """So many seconds of requests, with the share that was used as a fact."""
    arrivals(url)
    count = round(permitted * seconds)
    command = of_module(
        MODULE, "send", url, permitted, IN_FLIGHT[permitted], count, core
    )
    sample = run(command)
    came = arrivals(url)
    if len(came) != count:
        message = f"{len(came)} requests came where {count} were sent"
        raise ValueError(message)
    facts = {
        **sample.facts,
        "use": use(came, permitted),
        "busiest": busiest_second(came),
    }
    return Sample(sample.seconds, sample.anonymous, count, facts)


def _used(number: int, permitted: int, least: float, samples: list[Sample]) -> Line:
    shares = [float(one.facts["use"]) for one in samples]
    busiest = max(int(one.facts["busiest"]) for one in samples)
    busy = statistics.median(float(one.facts["cpu"]) / one.seconds for one in samples)
    middle = statistics.median(shares)
    most = permitted + BURST
    where = " on one core" if number == ON_ONE_CORE else ""
    return Line(
        number,
        f"use of the permitted rate at {permitted:,}/s{where}, 50 ms",
        f"≥ {least:.0%}, no second above {most:,}",
        f"{max(shares):.1%} (median {middle:.1%}), busiest second {busiest:,}",
        middle >= least and busiest <= most,
        f"{samples[0].count:,} requests, counted at the server; client at {busy:.0%} "
        "of a core",
    )


ON_ONE_CORE = 9


def permitted(full: bool) -> Iterator[Line]:
    """Line 8."""
    seconds = 30 if full else 10
    with served(MODULE, "serve", LATENCY) as url:
        slow, fast = in_turn(
            partial(_sent, url, 50, seconds), partial(_sent, url, 500, seconds)
        )
    yield _used(8, 50, 0.99, slow)
    yield _used(8, 500, 0.99, fast)


def on_one_core(full: bool) -> Iterator[Line]:
    """Line 9."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:  # noqa: PLR2004 - one for each side
        measure = "use of the permitted rate at 1,000/s on one core, 50 ms"
        why = "needs two cores, and a system that keeps a process on one"
        yield Line(ON_ONE_CORE, measure, "≥ 95%", "", None, why)
        return
    client, server = str(cores[0]), str(cores[-1])
    with served(MODULE, "serve", LATENCY, server) as url:
        work = partial(_sent, url, 1000, 20 if full else 10, client)
        (samples,) = in_turn(work)
    yield _used(ON_ONE_CORE, 1000, 0.95, samples)


def at_most(full: bool) -> Iterator[Line]:
    """Line 10: 64 in flight, against the limit of latency and against other clients."""
    count = 20_000 if full else 10_000
    found, why = _clients()
    with served(MODULE, "serve", LATENCY) as url:
        ours = partial(run, of_module(MODULE, "send", url, NO_RATE, MOST, count))
        others = [partial(run, [*one, url, str(count), str(MOST)]) for one in found]
        mine, *theirs = in_turn(ours, *others)
    yield _against_latency(mine)
    yield _against_clients(mine, dict(zip(peers.PROGRAMS, theirs, strict=False)), why)


def _clients() -> tuple[list[list[str]], str]:
    """How each client is run; and why none is."""
    try:
        python = peers.environment("clients", peers.CLIENTS)
    except peers.AbsentError as error:
        return [], str(error)
    return [[str(python), peers.__file__, name] for name in peers.PROGRAMS], ""


def _against_latency(mine: list[Sample]) -> Line:
    limit = MOST / LATENCY
    shares = [rate(one) / limit for one in mine]
    middle = statistics.median(shares)
    return Line(
        10,
        f"requests/s, {MOST} in flight, 50 ms / the limit of latency",
        "≥ 0.85",
        f"{max(shares):.2f} (median {middle:.2f})",
        max(shares) >= 0.85,  # noqa: PLR2004 - the target
        f"{max(map(rate, mine)):,.0f}/s of {limit:,.0f}/s, {mine[0].count:,} requests",
    )


def _against_clients(
    mine: list[Sample], theirs: dict[str, list[Sample]], why: str
) -> Line:
    measure = f"requests/s, {MOST} in flight, 50 ms / the fastest Python client"
    if not theirs:
        return Line(10, measure, "≥ 0.9", "", None, why)
    rates = {name: max(map(rate, samples)) for name, samples in theirs.items()}
    fastest = max(rates, key=lambda name: rates[name])
    found = rate_ratio(mine, theirs[fastest])
    told = ", ".join(f"{name} {each:,.0f}/s" for name, each in rates.items())
    detail = f"{max(map(rate, mine)):,.0f}/s; {told}"
    return Line(10, measure, "≥ 0.9", str(found), found.least >= 0.9, detail)  # noqa: PLR2004 - the target


PARTS: tuple[Callable[[bool], Iterator[Line]], ...] = (permitted, on_one_core, at_most)
WORKS: dict[str, Work] = {"serve": serve, "send": send}


def lines(full: bool) -> Iterator[Line]:
    """Lines 8, 9 and 10."""
    for part in PARTS:
        yield from part(full)


if __name__ == "__main__":
    main(lines, WORKS)
