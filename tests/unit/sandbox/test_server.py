from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from sync.sandbox import Sandbox, SandboxSettings

SERVE = """
import sys
from sync.sandbox import SandboxSettings, serve
serve(SandboxSettings(), lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


def test_the_sandbox_listens_once_entered_and_not_after_its_end() -> None:
    with Sandbox() as sandbox:
        url = sandbox.url
        assert httpx.get(f"{url}/ping", trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/ping", trust_env=False)


def test_closing_twice_is_closing_once_and_nothing_works_after() -> None:
    sandbox = Sandbox()
    with sandbox:
        sandbox.close()
    with pytest.raises(RuntimeError, match="not running"):
        sandbox.dump()


def test_a_port_that_is_taken_is_an_error_at_the_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(OSError, match="in use"),
            Sandbox(SandboxSettings(port=port)),
        ):
            pass


def test_two_sandboxes_do_not_know_each_other() -> None:
    with Sandbox() as first, Sandbox() as second:
        first.load({"orgs": [{"sourcedId": "o1"}]})
        assert second.dump()["orgs"] == []
        assert first.url != second.url


def test_many_threads_may_use_one_sandbox(sandbox: Sandbox) -> None:
    def load(number: int) -> None:
        sandbox.load({"orgs": [{"sourcedId": f"org-{number}"}]})

    threads = [threading.Thread(target=load, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sandbox.dump()["orgs"]) == 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_stops_in_good_order_at_a_signal(number: signal.Signals) -> None:
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own interpreter
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/ping", trust_env=False).status_code == 200
        os.kill(process.pid, number)
        rest = process.stdout.read()
        assert process.wait(20) == 0
    assert rest == "stopped\n"
