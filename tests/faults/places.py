"""A kind at its sandbox, before a night and after it, with processes to kill."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

import pytest

from sync.flow import How, Intake, take_in
from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.contract.bench import Bench
from tests.contract.harness import Facts, Harness, facts
from tests.contract.kinds import KINDS
from tests.faults.nursery import Before, Child, nursery
from tests.faults.tinies import tiny
from tests.support.ended import Ended
from tests.support.workspace import TARGET, Workspace, total

FIVE: tuple[Harness, ...] = tuple(one for one in KINDS if not one.sibling)
"""The five systems."""
TIMEBACK = FIVE[0]
FIRM = {"concurrency": 4, "retries": 1}
LATEST = 0.4
"""Seconds into sending, at most, at which something befalls a run."""


def named(name: str) -> Harness:
    """The kind of that name."""
    (found,) = (one for one in FIVE if one.name == name)
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """One night of one kind, which processes of ours are to carry out."""

    bench: Bench
    tables: Tables
    """What should be so in the end."""

    @property
    def drop(self) -> Path:
        """The drop of the night."""
        return self.bench.workspace.folder / "drop"

    @property
    def sandbox(self) -> Sandbox:
        """The remote system."""
        return self.bench.workspace.sandbox

    def start(self, *arguments: object, before: Before | None = None) -> Child:
        """A process of the program."""
        work = self.bench.workspace
        return nursery().start(arguments, work.folder, work.environment, before)

    def night(self, before: Before | None = None) -> Child:
        """A process that carries the night out."""
        return self.start("run", self.drop, "--target", TARGET, "--json", before=before)

    def call(self, *arguments: object) -> Ended:
        """A command in this process."""
        return self.bench.workspace.run(*arguments)

    def planned(self) -> int:
        """How many operations a plan has now; what it says must be whole."""
        ended = self.bench.workspace.plan(self.drop)
        assert ended.code == 0, ended.err
        return total(ended.document, "operations", "planned")

    def writes(self) -> list[dict[str, Any]]:
        """The log's entries of what came in to change something."""
        return [
            one
            for one in self.sandbox.requests()
            if one["method"] != "GET" and "token" not in one["path"]
        ]

    def in_flight(self) -> int:
        """Changes that have come in and are not answered."""
        return sum(one["status"] is None for one in self.writes())

    def wanted(self) -> Facts:
        """What should be in force."""
        return facts(self.bench.harness.wanted(self.tables))

    def lost(self) -> int:
        """Facts that should be in force and are not."""
        return (self.wanted() - self.bench.held()).total()

    def surplus(self) -> int:
        """Facts in force that should not be, twice the same among them."""
        return (self.bench.held() - self.wanted()).total()

    def records(self) -> Counter[str]:
        """How many records of each sort there are, ended ones as well: a creation that
        was done twice shows here whatever became of the second record."""
        return _counted("", self.sandbox.dump())

    def journals(self) -> list[Path]:
        """The journals of all runs."""
        return sorted((self.bench.workspace.state / "runs").glob("*/journal.sqlite"))

    def in_doubt(self) -> int:
        """Operations that were sent and of which nothing is known."""
        return sum(
            count
            for states in self.states()
            for state, count in states
            if state == "sent"
        )

    def states(self) -> list[list[tuple[str, int]]]:
        """Of each journal, the state and the attempts of its operations."""
        return [rows_of(one) for one in self.journals()]


def rows_of(journal: Path) -> list[tuple[str, int]]:
    """The state and the attempts of each operation of a journal."""
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as found:
        return found.execute("SELECT state, attempts FROM operations").fetchall()


def _counted(name: str, part: Any) -> Counter[str]:
    if isinstance(part, Mapping):
        found: Counter[str] = Counter()
        for key, value in part.items():
            found += _counted(f"{name}/{key}", value)
        return found
    return Counter({name: len(part)}) if isinstance(part, list) else Counter()


def begun(harness: Harness, folder: Path, sandbox: Sandbox, tables: Tables) -> Place:
    """Before the first night: the remote system has what the kind needs."""
    sandbox.reset()
    sandbox.configure(**harness.settings)
    sandbox.load(harness.before(tables))
    folder.mkdir(parents=True, exist_ok=True)
    work = Workspace(folder, sandbox, dict(harness.environment))
    bench = Bench(harness, work)
    bench.configure(settle="2s", limits=FIRM)
    bench.drop(tables)
    return Place(bench, tables)


def severe(folder: Path, sandbox: Sandbox) -> Place:
    """The smallest first night, two requests at a time, on a server that makes again
    whatever it is asked for again."""
    place = begun(TIMEBACK, folder, sandbox, tiny())
    place.bench.configure(limits={"concurrency": 2})
    place.bench.set({"edubridge_again": "another"})
    return place


def sending(place: Place, chance: Random) -> Child:
    """A run in the midst of sending, at a random instant."""
    child = place.night()
    assert child.until(place.in_flight), child.ended()
    sleep(chance.uniform(0, LATEST))
    return child


@contextmanager
def read_once() -> Iterator[None]:
    """Within it, commands of this process read a drop of the same bytes once: what is
    proven comes after the reading, which takes half of a small night."""
    known: dict[object, Intake] = {}

    def remembered(path: Path, how: How, today: date) -> Intake:
        content = tuple(one.read_bytes() for one in sorted(path.iterdir()))
        key = (path.name, content, how, today)
        if key not in known:
            known[key] = take_in(path, how, today)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sync.cli.night.take_in", remembered)
        yield
