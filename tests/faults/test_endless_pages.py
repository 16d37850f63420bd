"""Pages without an end: a link to itself, a circle of three, a million empty pages, a
total that grows for ever.

The run, a process of its own, ends by itself with 5 and after a number of requests that
has to do with what is there, removes nothing, and needs hardly more memory than one
that reads the same list to its end.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from sync.sandbox import Sandbox
from tests.contract import oneroster, openedx, schoology, timeback
from tests.contract.bench import Answered, Bench
from tests.contract.harness import Harness
from tests.contract.test_contract import without_some
from tests.faults.benches import QUICK, bench_for
from tests.faults.proofs import Line
from tests.support.districts import slim
from tests.support.meddler import Meddler
from tests.support.workspace import TARGET

Proof = Callable[[str, str], Line]
Document = dict[str, Any]
GROWTH = 50.0
"""Mebibytes."""
MOST = 5_000
"""Requests; nobody would call more than that an end."""
PATIENCE = 120.0
GUARDS = {"removals": {"percent": 50}, "by": []}
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that is asked for: which one of all, and by which query."""

    n: int
    url: str
    query: Mapping[str, str]

    def link(self, **changes: object) -> str:
        """The address of another page."""
        query = {**self.query, **{name: str(one) for name, one in changes.items()}}
        return f"{self.url}?{urlencode(query)}"


Way = Callable[[Asked, Document, str], Document]
"""What is told instead of an honest page, whose records stand under this key."""


def to_itself(asked: Asked, page: Document, _: str) -> Document:
    """The next page is this one."""
    return page | {"next": asked.link(), "count": None}


def in_a_circle(asked: Asked, page: Document, _: str) -> Document:
    """The next page is the second, the third, or again the first."""
    number = int(asked.query.get("page", "1"))
    return page | {"next": asked.link(page=number % 3 + 1), "count": None}


def empty(asked: Asked, page: Document, key: str) -> Document:
    """A million pages are announced; all but the first have nothing in them."""
    more = {"next": asked.link(page=asked.n + 1)} if "next" in page else {}
    return page | more | total_of(page, MILLION) | ({} if asked.n == 1 else {key: []})


def growing(asked: Asked, page: Document, key: str) -> Document:
    """Each page is full of new records, and there are always more to come."""
    number = int(asked.query.get("limit") or asked.query.get("page_size") or 5)
    rows = [
        renamed(page[key][0], asked.n * 10_000 + n) for n in range(min(number, 100))
    ]
    told = int(asked.query.get("page") or 1)
    more = {"next": asked.link(page=told + 1)} if "next" in page else {}
    behind = max(told * number, int(asked.query.get("offset") or 0))
    return page | more | total_of(page, 100 + 2 * behind) | {key: rows}


def total_of(page: Document, count: int) -> Document:
    """The total, where a page says one."""
    names = ("count", "total", "totalCount")
    return {
        name: type(page[name])(count) for name in names if page.get(name) is not None
    }


def renamed(record: Document, number: int) -> Document:
    """The same record under another identifier."""
    names = ("sourcedId", "uid", "id", "username", "email")
    new = {name: f"{number}" for name in names if name in record}
    return record | new


class Endless(Meddler):
    """A proxy that tells one list in another way."""

    def __init__(self, upstream: str, path: str, way: Way) -> None:
        """``path``: the end of that of the list."""
        super().__init__(upstream)
        honest: Any = self._server.RequestHandlerClass
        self.asked = self.all = 0

        def forwarded(handler: Any, body: bytes) -> Answered:
            where, _, query = handler.path.partition("?")
            self.all += 1
            if handler.command != "GET" or not where.endswith(path):
                plain: Answered = honest.forwarded(handler, body)
                return plain
            self.asked += 1
            told = {name: one[0] for name, one in parse_qs(query).items()}
            asked = Asked(self.asked, f"{self.url}{where}", told)
            first = {**told, "offset": "0", "start": "0", "page": "1"}
            kept = {name: one for name, one in first.items() if name in told}
            handler.path = f"{where}?{urlencode(kept)}" if kept else where
            status, headers, content = honest.forwarded(handler, body)
            page = json.loads(content)
            key = next(name for name, one in page.items() if isinstance(one, list))
            page = way(asked, page, key)
            counts = [str(page[name]) for name in total_of(page, 0)]
            told_too = [
                (name, counts[0] if name.lower() == "x-total-count" else text)
                for name, text in headers
                if counts or name.lower() != "x-total-count"
            ]
            return status, told_too, json.dumps(page).encode()

        lying = type("Lying", (honest,), {"forwarded": forwarded})
        self._server.RequestHandlerClass = lying


@dataclass(frozen=True, slots=True)
class Case:
    """A kind, the path of one of its lists, and how it goes on."""

    harness: Harness
    path: str
    way: Way
    settings: Mapping[str, Any]


LINKED = {"openedx_list_shape": 2, "openedx_page_size": 5}
API = {"page_cap_api": 5, "clamp_limit": True}
SCHOOLOGY = {"schoology_page_cap": 5}
SO2 = openedx.HARNESS.lists[0]
SEATS = f"{timeback.API}/enrollments"
CASES = [
    *(
        Case(openedx.HARNESS, SO2, way, LINKED)
        for way in (to_itself, in_a_circle, empty, growing)
    ),
    *(Case(timeback.EDUBRIDGE, SEATS, way, API) for way in (empty, growing)),
    *(Case(oneroster.V1P2, SEATS, way, API) for way in (empty, growing)),
    *(Case(schoology.JSON, "/v1/users", way, SCHOOLOGY) for way in (empty, growing)),
]


def run(bench: Bench, drop: Path) -> tuple[int, float]:
    """How a process ended, and the most memory that it had, in mebibytes: the kernel's
    own mark, looked at until the end. What ``wait4`` tells begins with the memory of
    the process that started it."""
    process = bench.workspace.start("run", drop, "--target", TARGET, "--quiet")
    watch = threading.Timer(PATIENCE, process.kill)
    watch.start()
    most = 0.0
    while process.poll() is None:
        most = max(most, high_water(process.pid))
        time.sleep(0.02)
    watch.cancel()
    process.communicate()
    return process.returncode, most


def high_water(pid: int) -> float:
    """The highest resident memory of a process until now; 0 after its end."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


@pytest.fixture(scope="module")
def usual() -> dict[str, float]:
    """What an honest run of each kind needs, in mebibytes, once it was measured."""
    return {}


@pytest.mark.parametrize(
    "case",
    [pytest.param(one, id=f"{one.harness.name}-{one.way.__name__}") for one in CASES],
)
def test_pages_without_an_end_end_the_run_with_5_and_remove_nothing(
    case: Case,
    proof: Proof,
    tmp_path: Path,
    served: Sandbox,
    usual: dict[str, float],
) -> None:
    row = proof("R9", case.way.__name__.replace("_", " "))
    bench = bench_for(case.harness, slim(), tmp_path, served)
    bench.good(tmp_path / "drop", slim())
    served.configure(**case.settings)
    bench.configure(limits=QUICK, guards=GUARDS, full_read_every="1s")
    if case.harness.name not in usual:
        code, usual[case.harness.name] = run(bench, tmp_path / "drop")
        assert code == 0
    held, drop = bench.held(), bench.drop(without_some(slim()), "fewer")
    with Endless(served.url, case.path, case.way) as proxy:
        bench.configure(proxy.url, limits=QUICK, guards=GUARDS, full_read_every="1s")
        code, most = run(bench, drop)
    row.times = proxy.asked
    row.zero("not ended with 5", code != 5)
    row.worst("requests", proxy.all, MOST)
    row.least("MiB that were seen", usual[case.harness.name], 50)
    row.worst("MiB more than usual", most - usual[case.harness.name], GROWTH)
    row.zero("removed", (held - bench.held()).total())
