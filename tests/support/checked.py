"""What ``check --json`` must say of a small drop, exactly, and what it does say."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.commands import call_cli
from tests.support.small import Edit, only, write

Found = tuple[str, str, str, int | None, str | None]
"""Severity, code, file without its ending, line, column."""
Rows = tuple[int, int, int, int]
"""Read, accepted, merged, rejected."""


def no(code: str, file: str, at: int | None, column: str | None = None) -> Found:
    return ("rejected", code, file, at, column)


def say(code: str, file: str, at: int | None, column: str | None = None) -> Found:
    return ("warning", code, file, at, column)


def note(code: str, file: str, at: int | None, column: str | None = None) -> Found:
    return ("note", code, file, at, column)


@dataclass(frozen=True, slots=True)
class Case:
    """One drop: how it is made of the good one, and what is said of it."""

    name: str
    edits: tuple[Edit, ...]
    found: tuple[Found, ...] = ()
    rows: dict[str, Rows] | None = None
    """Where they are not those of the good drop; None takes an entity out."""
    options: tuple[str, ...] = ()


ALONE = only("orgs", "students", "users")
"""No links and enrollments: what falls takes nothing along."""


def people(read: int, accepted: int, merged: int = 0) -> dict[str, Rows]:
    return {"students": (read, accepted, merged, read - accepted - merged)}


def checked(
    folder: Path, *edits: Edit, options: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The document of ``check``, with the things that hold for every one."""
    drop = write(folder / "drop", edits)
    ended = call_cli("check", drop, "--json", *options, folder=folder)
    document: dict[str, Any] = json.loads(ended.out)
    assert document["exit_code"] == ended.code
    said = [one for one in ended.err.splitlines() if one.startswith("roster-sync:")]
    assert len(said) == (ended.code != 0)
    severities = Counter(one["severity"] for one in document["findings"])
    assert document["counts"] == {
        name: severities[name] for name in ("refused", "rejected", "warning", "note")
    }
    for name, entity in document["entities"].items():
        rows = entity["rows"]
        fallen = {
            (one["file"], one["line"])
            for one in document["findings"]
            if one["severity"] == "rejected" and one["entity"] == name
        }
        assert rows["rejected"] == len(fallen)
        assert rows["read"] == rows["accepted"] + rows["merged"] + rows["rejected"]
    return document


def short(document: dict[str, Any]) -> list[Found]:
    return [
        (
            one["severity"],
            one["code"],
            (one["file"] or "").removesuffix(".csv"),
            one["line"],
            one["column"],
        )
        for one in document["findings"]
    ]


def counts(document: dict[str, Any]) -> dict[str, Rows]:
    return {
        name: tuple(
            one["rows"][part] for part in ("read", "accepted", "merged", "rejected")
        )
        for name, one in document["entities"].items()
    }


def judge(case: Case, folder: Path) -> None:
    """Check the drop of a case and compare all that is said of it."""
    document = checked(folder, *case.edits, options=case.options)
    severities = {severity for severity, *_ in case.found}
    code = 3 if "refused" in severities else int("rejected" in severities)
    assert sorted(short(document), key=str) == sorted(case.found, key=str)
    assert document["exit_code"] == code
    _agree(counts(document), case.rows or {}, document)


def _agree(
    found: dict[str, Rows], expected: dict[str, Rows], document: dict[str, Any]
) -> None:
    files = {one["entity"]: one["rows"] for one in document["files"]}
    untouched = {name: (rows, rows, 0, 0) for name, rows in files.items()}
    assert found == {**untouched, **expected}
