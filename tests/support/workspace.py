"""A folder with a configuration whose target is a sandbox, and commands run in it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sync.cli.sandbox import CREDENTIALS
from sync.samples import Tables, sandbox_document
from sync.sandbox import Sandbox
from tests.support.commands import call_cli, run_cli, start_cli
from tests.support.districts import district, drop
from tests.support.ended import Ended
from tests.support.toml import merged, toml_text

TARGET = "district"
FAST = {
    "requests_per_second": 1000.0,
    "burst": 50,
    "concurrency": 8,
    "timeout": "10s",
    "retries": 1,
}


def target_table(url: str, **changes: Any) -> dict[str, Any]:
    """The configuration of one target; ``changes`` are laid over it."""
    table: dict[str, Any] = {
        "kind": "timeback",
        "settle": "2s",
        "platform": _service(url, "TIMEBACK"),
        "api": {**_service(url, "TIMEBACK_API"), "token_url": f"{url}/oauth2/token"},
        "limits": FAST,
    }
    return merged(table, changes)


def _service(url: str, prefix: str) -> dict[str, Any]:
    return {
        "url": url,
        "client_id": {"env": f"{prefix}_CLIENT_ID"},
        "client_secret": {"env": f"{prefix}_CLIENT_SECRET"},
    }


@dataclass(slots=True)
class Workspace:
    """What an operator has: a folder, a configuration, credentials, and the command.

    ``run`` calls the command line in this process, ``process`` and ``start`` the
    installed command.
    """

    folder: Path
    sandbox: Sandbox
    environment: dict[str, str] = field(default_factory=lambda: dict(CREDENTIALS))

    def configure(self, head: Mapping[str, Any] | None = None, **target: Any) -> Path:
        """Write ``roster-sync.toml``: keys above the tables, and of the one target."""
        table = target_table(self.sandbox.url, **target)
        document = {"state_dir": "state", **(head or {}), "targets": {TARGET: table}}
        return self.write_config(document)

    def write_config(self, document: Mapping[str, Any]) -> Path:
        """Write ``roster-sync.toml`` with this content."""
        path = self.folder / "roster-sync.toml"
        path.write_text(toml_text(document), "utf-8")
        return path

    def fill(self, tables: Tables | None = None, *, people: bool = False) -> None:
        """Let the sandbox hold a district's schools and classes, or all of it."""
        self.sandbox.load(sandbox_document(tables or district(), people))

    def drop(self, tables: Tables | None = None, name: str = "drop") -> Path:
        """Write the files of a district into a folder of the workspace."""
        return drop(tables or district(), self.folder / name)

    def run(self, *arguments: object) -> Ended:
        """Run one command in this process and check what holds for every end."""
        call = partial(call_cli, folder=self.folder, environment=self.environment)
        return call(*arguments).told_well()

    def process(self, *arguments: object) -> Ended:
        """Run the installed command and check what holds for every end."""
        call = partial(run_cli, folder=self.folder, environment=self.environment)
        return call(*arguments).told_well()

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start the installed command."""
        return start_cli(*arguments, folder=self.folder, environment=self.environment)

    def sync(self, path: Path, *options: object) -> Ended:
        """``run`` of a drop with the target, its result as JSON."""
        return self.run("run", path, "--target", TARGET, "--json", *options)

    def plan(self, path: Path, *options: object) -> Ended:
        """``plan`` of a drop with the target, its result as JSON."""
        return self.run("plan", path, "--target", TARGET, "--json", *options)

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    def report(self, run: str) -> dict[str, Any]:
        """The report of a run, as it stands on disk."""
        path = self.state / "runs" / run / "report.json"
        found = json.loads(path.read_bytes())
        assert isinstance(found, dict)
        return found


def total(report: Mapping[str, Any], section: str, part: str) -> int:
    """The sum of one count over all entities of a report."""
    entities = report["entities"].values()
    return sum(one.get(section, {}).get(part, 0) for one in entities)
