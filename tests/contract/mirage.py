"""A proxy whose writes have no effect: the sandbox answers each in earnest, and is put
back to what it held before anybody can look."""

from __future__ import annotations

import threading
from typing import Any

from tests.contract.bench import Answered, Bench
from tests.support.meddler import Meddler


class Mirage(Meddler):
    """Reads are honest, and so are answers to writes; only nothing comes of them."""

    def __init__(self, bench: Bench) -> None:
        """Whatever the bench's sandbox holds now, it will hold at the end."""
        sandbox = bench.workspace.sandbox
        super().__init__(sandbox.url)
        self.before = sandbox.dump()
        self.answered = 0
        honest: Any = self._server.RequestHandlerClass
        one_by_one = threading.Lock()

        def put_back() -> None:
            sandbox.reset()
            bench.set(bench.harness.settings)
            sandbox.load(self.before)

        def forwarded(handler: Any, body: bytes) -> Answered:
            with one_by_one:
                answer: Answered = honest.forwarded(handler, body)
                if handler.command != "GET" and "token" not in handler.path:
                    put_back()
                    self.answered += 1
            return answer

        lying = type("Lying", (honest,), {"forwarded": forwarded})
        self._server.RequestHandlerClass = lying
