"""A server that does not answer: the run ends in time, and never hangs.

Without a deadline it ends with 5 when the time-outs and retries are used up; with one
it ends with 7, twelve seconds after it at the latest: ten for what is under way.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sync.sandbox import Sandbox
from sync.wire.client import PATIENCE
from sync.wire.retry import FIRST_SECONDS
from tests.contract import schoology, timeback
from tests.contract.bench import Bench
from tests.contract.harness import Harness
from tests.faults.benches import bench_for, over_five
from tests.faults.proofs import Line
from tests.support.districts import slim
from tests.support.meddler import Heard, Meddler, Trouble

Proof = Callable[[str, str], Line]
TIMEOUT, RETRIES = 0.3, 1
OWN = 8.0
"""What the program itself and a busy machine may need."""
IN_A_ROW = 20
DRAIN = 12.0
FOREVER = 60.0
SHORT = {"timeout": f"{int(TIMEOUT * 1000)}ms", "retries": RETRIES}
LONG = {"timeout": "30s", "retries": 5}


@contextmanager
def listening(serve: Callable[[socket.socket], None] | None) -> Iterator[str]:
    """A server that does this with each connection; without anything to do it does not
    even take them."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(128 if serve else 0)
        where = server.getsockname()
        if serve is None:
            for _ in range(3):  # no more than this wait to be taken
                one = stack.enter_context(socket.socket())
                one.setblocking(False)
                one.connect_ex(where)
        else:
            threading.Thread(target=_accept, args=(server, serve), daemon=True).start()
        yield f"http://127.0.0.1:{where[1]}"


def _accept(server: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    while True:
        try:
            one, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(one,), daemon=True).start()


def hangs(one: socket.socket) -> None:
    """Hears everything and says nothing."""
    with one:
        while one.recv(65536):
            pass


def trickling(head: bytes) -> Callable[[socket.socket], None]:
    """Says something, and then a byte every tenth of a second for ever."""

    def serve(one: socket.socket) -> None:
        with one:
            try:
                one.recv(65536)
                one.sendall(head)
                while True:
                    time.sleep(0.1)
                    one.sendall(b"a")
            except OSError:
                return

    return serve


BODY = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    b"content-length: 9999999\r\n\r\n"
)
SERVERS: dict[str, Callable[[socket.socket], None] | None] = {
    "takes no connection": None,
    "hangs": hangs,
    "trickles a head": trickling(b"HTTP/1.1 200 OK\r\nx-long: "),
    "trickles a body": trickling(BODY),
}
WITH_AND_WITHOUT_A_TOKEN = pytest.mark.parametrize(
    "harness", [timeback.EDUBRIDGE, schoology.JSON], ids=["timeback", "schoology"]
)


def ended(bench: Bench, row: Line, code: int, *options: object) -> float:
    """How long a run needed to end in this way."""
    began = time.monotonic()
    found = bench.sync(bench.workspace.folder / "drop", *options)
    row.times += 1
    row.zero("ended otherwise", found.code != code)
    return time.monotonic() - began


@pytest.mark.parametrize("server", SERVERS.values(), ids=list(SERVERS))
@WITH_AND_WITHOUT_A_TOKEN
def test_a_server_that_never_answers_ends_the_run_with_5_after_its_retries(
    harness: Harness,
    server: Callable[[socket.socket], None] | None,
    proof: Proof,
    tmp_path: Path,
    served: Sandbox,
) -> None:
    row = proof("R5", "it takes no connection, hangs, or trickles: no deadline")
    bench = bench_for(harness, slim(), tmp_path, served)
    with listening(server) as url:
        bench.configure(url, limits=SHORT)
        took = ended(bench, row, 5)
    limit = (1 + RETRIES) * PATIENCE * TIMEOUT + FIRST_SECONDS + OWN
    row.worst("seconds beyond its time-outs and retries", max(0.0, took - limit), 0)


@pytest.mark.parametrize("server", ["hangs"])
@WITH_AND_WITHOUT_A_TOKEN
def test_a_server_that_never_answers_ends_the_run_at_its_deadline(
    harness: Harness, server: str, proof: Proof, tmp_path: Path, served: Sandbox
) -> None:
    row = proof("R5", "it hangs or trickles: --deadline")
    bench = bench_for(harness, slim(), tmp_path, served)
    with listening(SERVERS[server]) as url:
        bench.configure(url, limits=LONG)
        took = ended(bench, row, 7, "--deadline", "1s")
    row.worst("seconds after the deadline", took - 1, DRAIN)


def late(heard: Heard) -> Trouble | None:
    """No change is answered while anybody waits for it."""
    return Trouble(late=FOREVER) if heard.writes else None


@over_five
def test_changes_that_are_never_answered_end_the_run_with_5(
    harness: Harness, proof: Proof, tmp_path: Path, served: Sandbox
) -> None:
    row = proof("R5", "changes are never answered: no deadline")
    bench = bench_for(harness, slim(), tmp_path, served)
    with Meddler(served.url, late) as proxy:
        bench.configure(proxy.url, limits=SHORT | {"retries": 0})
        took = ended(bench, row, 5)
    limit = IN_A_ROW * PATIENCE * TIMEOUT + OWN
    row.worst("seconds beyond its time-outs and retries", max(0.0, took - limit), 0)
    row.zero("made", bench.held().total())


def test_changes_that_are_never_answered_end_the_run_at_its_deadline(
    proof: Proof, tmp_path: Path, served: Sandbox
) -> None:
    row = proof("R5", "changes are never answered: --deadline")
    bench = bench_for(timeback.EDUBRIDGE, slim(), tmp_path, served)
    with Meddler(served.url, late) as proxy:
        bench.configure(proxy.url, limits=LONG)
        took = ended(bench, row, 7, "--deadline", "4s")
    row.worst("seconds after the deadline", took - 4, DRAIN)
    bench.configure()
    bench.good(tmp_path / "drop", slim())
