"""No ``next`` link and no redirect takes a credential or a body to a stranger.

Each link is tried where it can stand: in the ``Link`` header of a OneRoster server, in
the ``next`` of Open edX, in the ``Location`` of five kinds of redirect that answer
lists, writes and token requests. It is measured at the stranger's socket, at the server
that was asked, and by an audit hook on every name and address that is sought.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from sync.errors import RosterSyncError
from sync.model.request import Answer, Request
from sync.sandbox import Sandbox
from sync.wire import (
    Bearer,
    ClientCredentials,
    Limits,
    OAuth1,
    Secret,
    Service,
    Wire,
)
from tests.contract.bench import Bench
from tests.contract.conftest import begin
from tests.contract.harness import Can, Harness
from tests.contract.kinds import KINDS
from tests.faults.eavesdropper import Answered, Eavesdropper
from tests.faults.links import LINKS, as_header, at, fits_a_header
from tests.faults.proofs import Line
from tests.faults.strangers import Address, Stranger, asked, beyond
from tests.support.meddler import Heard, Meddler, Trouble

FIVE = [one for one in KINDS if not one.sibling]
BY_NAME = {one.name: one for one in FIVE}
Proof = Callable[[str, str], Line]

REDIRECTS = (301, 302, 303, 307, 308)
WORD = "hunter2-of-the-district"
LIMITS = Limits(requests_per_second=1000, burst=1000, timeout=5.0, retries=0)
NOBODY = "http://127.0.0.1:9"


def judge(row: Line, evil: Stranger, sought: list[Address]) -> None:
    """What must hold, whatever was tried."""
    row.zero("credentials sent", evil.with_credentials)
    row.zero("bodies sent", evil.with_bodies)
    row.zero("connections to the stranger", len(evil.heard))
    row.zero("other names and addresses sought", len(set(sought)))


@dataclass(slots=True)
class Tempter:
    """What a hostile server adds to each page of a list."""

    evil: Stranger
    template: str = ""
    paths: tuple[str, ...] = ()

    def into_a_header(self, method: str, path: str, answered: Answered) -> Answered:
        """The link as the next page of a OneRoster list."""
        status, headers, content = answered
        if not self._of_list(method, path):
            return answered
        link = f'<{as_header(self._link(path))}>; rel="next"'
        kept = [one for one in headers if one[0].lower() not in {"link", TOTAL}]
        return status, [*kept, ("Link", link)], content

    def into_the_body(self, method: str, path: str, answered: Answered) -> Answered:
        """The link as the next page of a list of Open edX."""
        status, headers, content = answered
        if not self._of_list(method, path):
            return answered
        body: Any = json.loads(content)
        rows = body if isinstance(body, list) else body["results"]
        told = {"results": rows, "next": self._link(path)}
        return status, headers, json.dumps(told).encode()

    def _of_list(self, method: str, path: str) -> bool:
        place = path.partition("?")[0]
        return method == "GET" and place.endswith(self.paths) and bool(self.template)

    def _link(self, path: str) -> str:
        return at(self.template, GOOD, self.evil.port, path.partition("?")[0])


TOTAL = "x-total-count"
GOOD = "{good}"
"""Replaced by the proxy's own address when it is known."""


@contextmanager
def night(
    harness: Harness, folder: Path, sandbox: Sandbox, evil: Stranger
) -> Iterator[tuple[Bench, Eavesdropper, Tempter]]:
    """A target after its first good night, behind a proxy that tempts."""
    bench = begin(harness, folder, sandbox)
    assert bench.sync(folder / "drop").code == 0
    tempter = Tempter(evil, paths=harness.lists)
    with Eavesdropper(sandbox.url) as proxy:
        bench.configure(proxy.url, limits={"retries": 0})
        yield bench, proxy, tempter


def led(proxy: Eavesdropper, tempter: Tempter, template: str) -> None:
    """Tempt with this link from now on."""
    tempter.template = template.replace(GOOD, proxy.url.removeprefix("http://"))


def strays(paths: list[tuple[str, str]]) -> int:
    """Requests that only a link can have led to."""
    marks = ("admin", "redirect", "erase", "\\", "%2e", "//")
    found = [path.partition("?")[0].lower() for _, path in paths]
    return sum(any(mark in one for mark in marks) for one in found)


@pytest.mark.parametrize("kind", ["oneroster-1.2", "openedx"])
def test_no_next_link_of_a_list_leads_to_a_stranger(
    kind: str, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    in_a_header = kind != "openedx"
    harness = BY_NAME[kind]
    links = [one for one in LINKS if fits_a_header(one) or not in_a_header]
    row = proof("S7", "hostile `next` links in lists")
    with (
        Stranger() as evil,
        night(harness, tmp_path, sandbox, evil) as (bench, proxy, tempter),
    ):
        bench.set({"oneroster_totals": "none"})
        proxy.rewrite = tempter.into_a_header if in_a_header else tempter.into_the_body
        before = sandbox.dump()
        codes = []
        with asked() as sought:
            for n, link in enumerate(links):
                led(proxy, tempter, link)
                out = bench.workspace.folder / f"out-{n}"
                command = ("fetch", "--target", "district", "--out", out)
                codes.append(bench.workspace.run(*command).code)
        row.times = len(links)
        judge(row, evil, beyond(sought, proxy.url, sandbox.url))
        row.zero("requests beside the list", strays(proxy.asked))
        kept = sum(code in {0, 5} for code in codes)
        row.all_of("refused, or kept to the list", kept, len(links))
        row.least("refused (5)", codes.count(5), 50)
        assert sandbox.dump() == before


SERVICES: Mapping[str, Callable[[str], Service]] = {
    "token": lambda url: Service(
        "api", NOBODY, ClientCredentials(f"{url}/oauth2/token", "me", Secret(WORD))
    ),
    "bearer": lambda url: Service("api", f"{url}/v1", Bearer(Secret(WORD))),
    "signed": lambda url: Service("api", f"{url}/v1", OAuth1("me", Secret(WORD))),
    "plain": lambda url: Service(
        "api", f"{url}/v1", OAuth1("me", Secret(WORD), method="PLAINTEXT")
    ),
}
PUPIL = {"user": {"givenName": "Ada", "sourcedId": "1"}}
SENT = {
    "list": Request("api", "GET", "/users", query=(("limit", "100"),)),
    "followed list": Request("api", "GET", "/users", follow=True),
    "PUT": Request("api", "PUT", "/users/1", body=PUPIL),
    "followed PUT": Request("api", "PUT", "/users/1", body=PUPIL, follow=True),
    "POST": Request("api", "POST", "/enrollments", body=PUPIL, repeatable=False),
    "DELETE": Request("api", "DELETE", "/users/1"),
}


STATUSES = len(REDIRECTS)


@pytest.mark.parametrize("shape", SERVICES)
def test_no_redirect_takes_a_request_to_a_stranger(
    shape: str, rounds: int, proof: Proof
) -> None:
    row = proof("S7", "hostile redirects of lists, writes and token requests")
    links = [one for one in LINKS if fits_a_header(one)]
    # Each shape of request meets each link, and over the shapes each link each status;
    # in the long form each of them every one.
    turns = range(min(rounds, STATUSES))
    tries = [
        (link, request, REDIRECTS[(n + m + turn) % STATUSES])
        for turn in turns
        for n, link in enumerate(links)
        for m, request in enumerate(SENT.values())
    ]
    with Stranger() as evil, Redirecting() as server, asked() as sought:
        good = anyio.run(server.send_all, SERVICES[shape](server.url), tries, evil.port)
        judge(row, evil, beyond(sought, server.url))
    row.times = len(tries)
    writes = sum(shape == "token" or one.method != "GET" for _, one, _ in tries)
    heard = sum(method != "GET" for method, _ in server.heard)
    row.zero("requests beside the path", strays(server.heard))
    row.zero("redirects taken for an answer", good)
    row.zero("writes sent a second time", heard - writes)


class Redirecting(Meddler):
    """A server that answers everything with one redirect."""

    def __init__(self) -> None:
        """Nothing is behind it."""
        super().__init__(NOBODY, self._answer)
        self.heard: list[tuple[str, str]] = []
        self._says = Trouble(308)

    def _answer(self, one: Heard) -> Trouble:
        self.heard.append((one.method, one.path))
        return self._says

    async def send_all(
        self, service: Service, tries: list[tuple[str, Request, int]], evil: int
    ) -> int:
        """How many of them came to a good end."""
        host = self.url.removeprefix("http://")
        good = 0
        async with Wire({"api": service}, LIMITS) as wire:
            for link, request, status in tries:
                location = as_header(at(link, host, evil, "/v1/users"))
                self._says = Trouble(status, headers=(("Location", location),))
                good += await _answered(wire, request)
        return good


async def _answered(wire: Wire, request: Request) -> bool:
    try:
        result = await wire.send(request)
    except RosterSyncError:
        return False
    return isinstance(result, Answer)


GATES: Mapping[str, Callable[[Heard], bool]] = {
    "lists": lambda heard: heard.reads,
    "writes": lambda heard: heard.writes,
    "token": lambda heard: "token" in heard.path,
}
"""Which requests of a night a hostile server redirects."""
NIGHTS = [
    (harness, gate)
    for harness in FIVE
    for gate in GATES
    if gate != "token" or Can.BEARER in harness.can
]


@pytest.mark.parametrize(
    ("harness", "gate"), NIGHTS, ids=[f"{one.name}-{gate}" for one, gate in NIGHTS]
)
def test_a_night_whose_server_redirects_keeps_to_its_server_and_changes_nothing(
    harness: Harness, gate: str, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    bench = begin(harness, tmp_path, sandbox)
    row = proof("S7", "whole nights whose lists, writes or tokens are redirected")
    row.times = 1
    before = sandbox.dump()
    with Stranger() as evil, Eavesdropper(sandbox.url) as proxy, asked() as sought:
        trouble = Trouble(307, headers=(("Location", f"{evil.url}/v1/users"),))
        proxy.rule = lambda heard: trouble if GATES[gate](heard) else None
        bench.configure(proxy.url, limits={"retries": 0})
        ended = bench.sync(tmp_path / "drop")
        judge(row, evil, beyond(sought, proxy.url, sandbox.url))
    row.all_of("ended with 5, or 1", ended.code in {5, 1}, 1)
    row.zero("records changed", sandbox.dump() != before)


def test_a_stranger_who_is_asked_has_heard_it() -> None:
    with Stranger() as evil, asked() as sought:
        client = http.client.HTTPConnection("127.0.0.1", evil.port, timeout=5)
        client.request("PUT", "/", b"{}", {"Authorization": "Bearer x"})
        assert client.getresponse().status == 200
        client.close()
    assert (len(evil.heard), evil.with_credentials, evil.with_bodies) == (1, 1, 1)
    assert beyond(sought, NOBODY) == [("127.0.0.1", evil.port)] * len(sought) != []
