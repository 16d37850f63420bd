"""A good night of one kind on the default guards, and what became of what came then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.contract.harness import Facts, Harness, facts
from tests.contract.kinds import KINDS
from tests.support.districts import district
from tests.support.ended import Ended
from tests.support.remote import lost
from tests.support.toml import merged
from tests.support.workspace import FAST, TARGET, Workspace

FIVE = tuple(one for one in KINDS if not one.sibling)
"""One configuration of each kind."""
GOOD = "roster-2026-11-19"


@cache
def accented(students: int) -> Tables:
    """A district in which every student's and user's name has letters beyond ASCII."""
    tables = district(students)
    name = (pl.col("familyName") + "-Peña").alias("familyName")
    return replace(
        tables,
        students=tables.students.with_columns(name),
        users=tables.users.with_columns(name),
    )


@dataclass(slots=True)
class Home:
    """A workspace of one kind after its first good night."""

    harness: Harness
    workspace: Workspace
    tables: Tables
    remote: Mapping[str, Any] = field(default_factory=dict)
    """What the sandbox held after that night."""

    @property
    def good(self) -> Path:
        """The drop of that night."""
        return self.workspace.folder / GOOD

    @property
    def kept(self) -> Path:
        """What the state folder held after that night."""
        return self.workspace.folder / "kept"

    def copy(self, name: str, label: str = "roster-2026-11-20") -> Path:
        """The same drop again, in a folder of its own, to be spoilt."""
        path = self.workspace.folder / "drops" / name / label
        shutil.copytree(self.good, path)
        return path

    def held(self) -> Facts:
        """What is in force on the remote system."""
        return facts(self.harness.held(self.workspace.sandbox.dump()))

    def restore(self) -> None:
        """Everything as it was after the good night."""
        self.workspace.sandbox.load(self.remote)
        shutil.rmtree(self.workspace.state)
        shutil.copytree(self.kept, self.workspace.state)

    def sync(self, drop: Path, *options: object) -> Tried:
        """``run`` of a drop, and what it did to the remote system."""
        sandbox = self.workspace.sandbox
        before = sandbox.dump()
        sandbox.clear_requests()
        ended = self.workspace.sync(drop, *options)
        after = sandbox.dump()
        held = self.harness.held
        removed = sum((facts(held(before)) - facts(held(after))).values())
        ended_keys = sum(map(len, lost(before, after).values()))
        return Tried(ended, removed, ended_keys, _written(sandbox))


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a drop, as the remote system has it."""

    ended: Ended
    removed: int
    """Facts in force before that are not any more, or say something else."""
    ended_keys: int
    """People, links and enrollments in force before that are not any more, of kinds
    whose people are made by this program."""
    written: list[str]
    """Requests that were to change something."""

    @property
    def code(self) -> int:
        """How the run ended."""
        return self.ended.code


def _written(sandbox: Sandbox) -> list[str]:
    return [
        f"{one['method']} {one['path']} {json.dumps(one['body'])[:200]}"
        for one in sandbox.requests()
        if one["method"] != "GET" and "token" not in one["path"]
    ]


def home(
    harness: Harness, folder: Path, sandbox: Sandbox, tables: Tables, **changes: Any
) -> Home:
    """An empty sandbox of the kind, and a good night with these tables.

    The guards are the defaults; ``changes`` are laid over the target's table.
    """
    sandbox.reset()
    sandbox.configure(**harness.settings)
    sandbox.load(harness.before(tables))
    workspace = Workspace(folder, sandbox, dict(harness.environment))
    table = merged(harness.table(sandbox.url), {"settle": "2s", "limits": FAST})
    whole = merged(table, {"guards": {"first_run": "pass"}})
    targets = {TARGET: merged(whole, changes)}
    workspace.write_config({"state_dir": "state", "targets": targets})
    made = Home(harness, workspace, tables)
    harness.write_drop(tables, made.good)
    ended = workspace.sync(made.good)
    assert ended.code == 0, ended.err
    workspace.write_config(
        {"state_dir": "state", "targets": {TARGET: merged(table, changes)}}
    )
    made.remote = sandbox.dump()
    shutil.copytree(workspace.state, made.kept)
    return made
