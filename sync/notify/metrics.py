"""What monitors are told: a file for the textfile collector of Prometheus.

In: ``Ended`` and what is known of the target from earlier runs. Out: facts to keep, and
one file with the facts of all targets. It holds counts and the names of targets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sync.disk import replaced
from sync.errors import ExitCode
from sync.notify.ended import ENDINGS, Ended
from sync.report import Account

READABLE = 0o644
"""The collector is another user."""

Facts = dict[str, Any]
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name with its unit, its type and what it means."""

    name: str
    kind: str
    help: str


_RUNS = Family(
    "roster_sync_runs_total", "counter", "Runs that have ended, by how they ended."
)
_UNDELIVERED = Family(
    "roster_sync_undelivered_messages_total",
    "counter",
    "Messages on the end of a run that could not be delivered.",
)
_OF_LAST = (
    Family(
        "roster_sync_last_run_timestamp_seconds",
        "gauge",
        "When the last run ended, in seconds since 1970.",
    ),
    Family(
        "roster_sync_last_good_run_timestamp_seconds",
        "gauge",
        "When the last good run ended, in seconds since 1970.",
    ),
    Family(
        "roster_sync_last_run_duration_seconds",
        "gauge",
        "How long the last run took.",
    ),
    Family("roster_sync_last_run_exit_code", "gauge", "The exit code of the last run."),
    Family(
        "roster_sync_last_run_outcome",
        "gauge",
        "1 for how the last run ended, 0 for the others.",
    ),
    Family("roster_sync_last_run_rows", "gauge", "Rows of the drop."),
    Family(
        "roster_sync_last_run_rejected_rows", "gauge", "Rows of the drop, rejected."
    ),
    Family(
        "roster_sync_last_run_remote_records",
        "gauge",
        "Records that the remote system held before the run.",
    ),
    Family(
        "roster_sync_last_run_operations",
        "gauge",
        "Planned changes, by what was to be done and what became of it.",
    ),
    Family("roster_sync_last_run_findings", "gauge", "Findings in the files."),
    Family(
        "roster_sync_last_run_new_findings",
        "gauge",
        "Findings that the night before had not.",
    ),
    Family(
        "roster_sync_last_run_failures",
        "gauge",
        "Changes that were not made, and values that do not read back.",
    ),
    Family(
        "roster_sync_last_run_new_failures",
        "gauge",
        "Failures that the night before had not.",
    ),
    Family("roster_sync_last_run_requests", "gauge", "Requests, repeated ones too."),
)
FAMILIES = (_RUNS, _UNDELIVERED, *_OF_LAST)
_PREFIX = "roster_sync_last_run_"


def following(before: Mapping[str, Any], ended: Ended, undelivered: int) -> Facts:
    """What is known of a target after this run.

    One that found the target's lock taken says nothing of the last run.
    """
    runs = {**before.get("runs", {})}
    runs[ended.ending] = runs.get(ended.ending, 0) + 1
    facts: Facts = {
        "runs": runs,
        "undelivered": before.get("undelivered", 0) + undelivered,
        "good": before.get("good"),
        "last": before.get("last", []),
    }
    if ended.exit_code is ExitCode.LOCKED:
        return facts
    account = ended.account
    done = ended.exit_code in {ExitCode.DONE, ExitCode.PARTIAL}
    if done and account is not None and account.undoes is None:
        facts["good"] = account.finished.timestamp()
    return {**facts, "last": [list(one) for one in _last(ended)]}


def written(path: Path, targets: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the file with the facts of these targets, whole or not at all.

    Raises OSError; what was there before is there still.
    """
    content = "\n".join(_lines(targets)) + "\n"
    with replaced(path) as file:
        os.fchmod(file.fileno(), READABLE)
        file.write(content.encode("utf-8"))


Sample = tuple[str, dict[str, str], float]


def _last(ended: Ended) -> Iterator[Sample]:
    yield f"{_PREFIX}timestamp_seconds", {}, ended.at.timestamp()
    yield f"{_PREFIX}exit_code", {}, int(ended.exit_code)
    for ending in dict.fromkeys(ENDINGS.values()):
        yield f"{_PREFIX}outcome", {"outcome": ending}, int(ending == ended.ending)
    if ended.account is not None:
        yield from _of_account(ended.account)


def _of_account(account: Account) -> Iterator[Sample]:
    took = account.finished - account.started
    yield f"{_PREFIX}duration_seconds", {}, took.total_seconds()
    for entity, sections in account.entities.items():
        named = {"entity": entity}
        for name, part, count in _COUNTED:
            if part in sections:
                yield f"{_PREFIX}{name}", named, sections[part].get(count, 0)
    tally = account.tally.group_by("entity", "verb", "state", maintain_order=True)
    for entity, verb, state, count in tally.agg(pl.col("count").sum()).rows():
        labels = {"entity": entity, "verb": verb, "outcome": state}
        yield f"{_PREFIX}operations", labels, count
    yield f"{_PREFIX}findings", {}, len(account.findings)
    yield f"{_PREFIX}new_findings", {}, sum(account.new_findings.values())
    yield f"{_PREFIX}failures", {}, sum(account.failures.values())
    yield f"{_PREFIX}new_failures", {}, sum(account.new_failures.values())
    yield f"{_PREFIX}requests", {}, account.requests.get("sent", 0)


_COUNTED = (
    ("rows", "rows", "read"),
    ("rejected_rows", "rows", "rejected"),
    ("remote_records", "remote", "total"),
)


def _lines(targets: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    samples = [one for name, facts in targets.items() for one in _samples(name, facts)]
    for family in FAMILIES:
        told = [
            f"{name}{_labels(labels)} {_number(value)}"
            for name, labels, value in samples
            if name == family.name
        ]
        if told:
            yield f"# HELP {family.name} {family.help}"
            yield f"# TYPE {family.name} {family.kind}"
            yield from told


def _samples(target: str, facts: Mapping[str, Any]) -> Iterator[Sample]:
    own = {"target": target}
    runs = facts.get("runs", {})
    for ending in dict.fromkeys(ENDINGS.values()):
        yield _RUNS.name, {**own, "outcome": ending}, runs.get(ending, 0)
    yield _UNDELIVERED.name, own, facts.get("undelivered", 0)
    if facts.get("good") is not None:
        yield "roster_sync_last_good_run_timestamp_seconds", own, facts["good"]
    for name, labels, value in facts.get("last", []):
        yield name, {**own, **labels}, value


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{n}="{_escaped(v)}"' for n, v in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(float(value), 3))
