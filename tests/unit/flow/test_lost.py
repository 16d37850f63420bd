from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import polars as pl
import pytest

from sync.flow.lost import lost, outlast, read_outcomes
from sync.model.entities import Entity
from sync.state import Journal

OPERATIONS = pl.DataFrame(
    [
        ("enrollments:late", "enrollments", "late", "create", 6, 0),
        ("enrollments:never", "enrollments", "never", "create", 6, 0),
        ("users:other", "users", "other", "update", 2, 0),
    ],
    schema=["id", "entity", "key", "verb", "phase", "wave"],
    orient="row",
)
SUCCESSION = pl.DataFrame(
    {
        "operation": ["enrollments:late", "enrollments:never", "users:other", None],
        "created": [True, True, False, False],
    }
)


def run(folder: Path, *, wrote: bool = True) -> Any:
    """A run, as far as what becomes of its journal is concerned."""
    record = SimpleNamespace(wrote=wrote)
    (folder / "one").mkdir()
    return SimpleNamespace(
        run="one",
        folder=SimpleNamespace(runs=folder),
        state=SimpleNamespace(find_run=lambda _: record),
        story=SimpleNamespace(
            operations=OPERATIONS, outcomes=None, notes=[], succession=SUCCESSION
        ),
        target=SimpleNamespace(
            capabilities=SimpleNamespace(
                once=frozenset({Entity.ENROLLMENTS}), allocates=False
            )
        ),
        table=SimpleNamespace(settle=timedelta(seconds=0.05)),
    )


def test_a_run_that_wrote_nothing_has_lost_no_journal(tmp_path: Path) -> None:
    assert lost(run(tmp_path, wrote=False)) is None


def test_a_journal_that_is_whole_is_believed(tmp_path: Path) -> None:
    context = run(tmp_path)
    Journal.create(tmp_path / "one" / "journal.sqlite", OPERATIONS).close()
    assert lost(context) is None
    read_outcomes(context)
    assert set(context.story.outcomes["state"]) == {"planned"}
    assert context.story.notes == []


@pytest.mark.parametrize("damaged", [True, False])
def test_without_its_journal_all_of_a_run_is_in_doubt(
    tmp_path: Path, damaged: bool
) -> None:
    context = run(tmp_path)
    if damaged:
        (tmp_path / "one" / "journal.sqlite").write_bytes(b"")
    why = f"its journal is {'damaged' if damaged else 'lost'}"
    assert lost(context) == why
    read_outcomes(context)
    states = context.story.outcomes.select("operation", "state").rows()
    assert states == [(one, "sent") for one in OPERATIONS["id"]]
    assert context.story.notes == [f"what run one sent is not known: {why}"]


def test_what_may_be_on_its_way_gets_its_time_to_show_and_what_never_shows_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[list[str]] = []

    async def read(operations: pl.DataFrame) -> pl.DataFrame:
        reads.append(operations["id"].to_list())
        shown = ["enrollments:late"] if len(reads) > 1 else []
        wrong = operations.filter(~pl.col("id").is_in(shown))
        return wrong.select("id", "entity", pl.lit("missing").alias("read"))

    monkeypatch.setattr("sync.flow.lost.reading_back", lambda *_: read)
    monkeypatch.setattr("sync.flow.carry.FIRST_PAUSE", 0.001)
    context = run(tmp_path)
    plan: Any = SimpleNamespace(operations=OPERATIONS)
    wire: Any = SimpleNamespace(halted=None)
    anyio.run(outlast, context, plan, wire)
    assert reads[0] == ["enrollments:late", "enrollments:never"]
    assert len(reads) > 1
    assert context.story.succession["operation"].to_list() == [
        "enrollments:late",
        "users:other",
        None,
    ]
