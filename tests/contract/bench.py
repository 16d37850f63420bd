"""A kind at its sandbox: a workspace for it, and what holds there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sync.samples import Tables
from tests.contract.harness import Facts, Harness, facts
from tests.support.ended import Ended
from tests.support.meddler import Heard, Meddler
from tests.support.toml import merged
from tests.support.workspace import FAST, TARGET, Workspace, total

GUARDS: dict[str, Any] = {"removals": {"percent": 50}, "by": []}
"""Of districts as small as these each leaver is a great share."""

Sent = tuple[str, str, str]
"""Method, path and body of a request that changes something."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One kind, a folder with a configuration for it, and its sandbox."""

    harness: Harness
    workspace: Workspace

    def configure(self, url: str | None = None, **changes: Any) -> None:
        """Write the configuration; ``changes`` are laid over the target's table."""
        table = self.harness.table(url or self.workspace.sandbox.url)
        common = {"settle": "2s", "limits": FAST, "guards": GUARDS}
        whole = merged(merged(table, common), changes)
        document = {"state_dir": "state", "targets": {TARGET: whole}}
        self.workspace.write_config(document)

    def drop(self, tables: Tables, name: str = "drop") -> Path:
        """Write a drop for this kind."""
        return self.harness.write_drop(tables, self.workspace.folder / name)

    def set(self, settings: Mapping[str, Any]) -> None:
        """Change settings of the sandbox."""
        self.workspace.sandbox.configure(**settings)

    def sync(self, path: Path, *options: object) -> Ended:
        """``run`` of a drop, its result as JSON."""
        return self.workspace.sync(path, *options)

    def held(self) -> Facts:
        """What is in force on the remote system."""
        return facts(self.harness.held(self.workspace.sandbox.dump()))

    def holds(self, tables: Tables) -> None:
        """Assert that what is in force is what these tables say, once each."""
        held, wanted = self.held(), facts(self.harness.wanted(tables))
        surplus, missing = held - wanted, wanted - held
        assert not surplus, surplus
        assert not missing, missing

    def within(self, tables: Tables) -> None:
        """Assert that nothing is in force but what these tables say, once each."""
        surplus = self.held() - facts(self.harness.wanted(tables))
        assert not surplus, surplus

    def good(self, path: Path, tables: Tables) -> Ended:
        """Assert that a run does all of it, and says so."""
        ended = self.sync(path)
        assert ended.code == 0, ended.err
        assert ended.document["converged"] is True
        assert ended.document["balanced"] is True
        self.holds(tables)
        return ended

    def quiet(self, path: Path, tables: Tables) -> None:
        """Assert that a run finds nothing to do, and changes nothing."""
        self.workspace.sandbox.clear_requests()
        ended = self.good(path, tables)
        assert total(ended.document, "operations", "planned") == 0
        assert self.sent() == []

    def untouched(self, ended: Ended, before: Mapping[str, Any]) -> dict[str, Any]:
        """Assert that the target failed before anything was changed; its report."""
        assert ended.code == 5, ended.err
        assert self.workspace.sandbox.dump() == before
        report = self.workspace.report(ended.document["run"])
        assert (report["outcome"], report["balanced"]) == ("target_failed", True)
        return report

    def sent(self) -> list[Sent]:
        """What came in to change something, as the sandbox's log has it."""
        return [
            _sent(one["method"], one["path"].removeprefix(self.harness.root), one)
            for one in self.workspace.sandbox.requests()
            if one["method"] != "GET" and "token" not in one["path"]
        ]

    def shown(self, plan: str) -> list[tuple[int, Sent]]:
        """Phase and request of what a plan would send."""
        shown = self.workspace.run("show", plan, "--requests", "--json").document
        return [
            (one["phase"], _sent(one["method"], one["path"], one))
            for one in shown["requests"]
        ]

    def of_lists(self, heard: Heard, lists: Iterable[str] | None = None) -> bool:
        """Whether a request reads one of the lists."""
        path = heard.path.partition("?")[0].rstrip("/")
        chosen = self.harness.lists if lists is None else lists
        return heard.reads and any(re.search(f"{one}$", path) for one in chosen)


def _sent(method: str, path: str, holder: Mapping[str, Any]) -> Sent:
    body = holder["body"]
    # What is no JSON stands in no log.
    told = "" if isinstance(body, str) else json.dumps(body, sort_keys=True)
    return method, unquote(path), "" if told == "null" else told


Answered = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""


class Liar(Meddler):
    """A proxy that rewrites the body of every answer to a read."""

    def __init__(self, upstream: str, lie: Callable[[bytes], bytes]) -> None:
        """``lie`` makes what is said of what is so."""
        super().__init__(upstream)
        honest: Any = self._server.RequestHandlerClass

        def forwarded(handler: Any, body: bytes) -> Answered:
            status, headers, content = honest.forwarded(handler, body)
            if handler.command != "GET":
                return status, headers, content
            told = [(name, _lied(name, text, lie)) for name, text in headers]
            return status, told, lie(content)

        lying = type("Lying", (honest,), {"forwarded": forwarded})
        self._server.RequestHandlerClass = lying


def _lied(name: str, text: str, lie: Callable[[bytes], bytes]) -> str:
    """What a header says, if it is one that says a total."""
    if name.lower() != "x-total-count":
        return text
    return lie(b'{"total":%s}' % text.encode())[9:-1].decode()


_TOTAL = re.compile(rb'("(?:totalCount|total|count)"\s*:\s*"?)(\d+)')
_TOTAL_XML = re.compile(rb"(<total>)(\d+)")


def three_more(content: bytes) -> bytes:
    """The same list, announcing three records more than there are."""

    def more(found: re.Match[bytes]) -> bytes:
        return found[1] + str(int(found[2]) + 3).encode()

    return _TOTAL_XML.sub(more, _TOTAL.sub(more, content))
