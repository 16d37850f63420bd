"""Old drops and wrong clocks: what was carried out stays, and decides.

An older file that comes again is refused unless somebody says so; one that is the same
as before, or was modified earlier, is told of. What the machine takes for the time of
day changes no decision. Whether anything was sent is read in the sandbox.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from sync.flow import context, ending, kept, night, refusing
from sync.samples import Tables
from sync.sandbox import Sandbox
from sync.wire import client, signing
from tests.faults.nights import FIVE, Home, home
from tests.faults.proofs import Line
from tests.support.districts import district, with_cell, without_students

NAMES = (
    "roster-{0:%Y-%m-%d}",
    "{0:%Y%m%d}_export",
    "sis {0:%Y%m%d}0200",
    "2020-01-01 until {0:%Y-%m-%d}",
)
GOOD_DAY = date(2026, 11, 19)
"""Of the drop of the good night, which bears it in its name."""
MODIFIED = "2026-11-19T02:00:00Z"
TIMEBACK, SCHOOLOGY = FIVE[0], next(one for one in FIVE if one.name == "schoology")


@pytest.fixture
def after(tmp_path: Path, served: Sandbox) -> Home:
    """After a good night with the drop of ``GOOD_DAY``."""
    return home(TIMEBACK, tmp_path, served, dated(district(), MODIFIED))


def dated(tables: Tables, when: str) -> Tables:
    """The district whose courses were modified then."""
    cells = pl.lit(when).alias("dateLastModified")
    return replace(tables, courses=tables.courses.with_columns(cells))


def phoned(tables: Tables, number: int) -> Tables:
    """The district with another phone number of one student."""
    phone = f"+1-617-555-{number:04d}"
    return with_cell(tables, "students", "stu-000002", phone=phone)


def test_an_older_drop_is_refused_unless_somebody_says_so(
    proof: Callable[[str, str], Line], rounds: int, after: Home
) -> None:
    chance = Random("older")  # noqa: S311 - by seed
    refused = written = let = 0
    times = 24 * rounds
    for number in range(times):
        day = GOOD_DAY - timedelta(days=chance.choice((1, 1, 2, 7, 30, 365, 3650)))
        name = NAMES[number % len(NAMES)].format(day)
        path = after.workspace.folder / f"older-{number}" / name
        after.harness.write_drop(phoned(after.tables, number), path)
        tried = after.sync(path)
        refused += tried.code == 3 and "--again" in tried.ended.line
        written += len(tried.written)
        if number % 6 == 0:
            again = after.workspace.plan(path, "--again")
            let += again.code == 0 and "RS405" in again.document["findings"]
    row = proof("R11", "an older file once more, by the date in its name")
    row.times = times
    row.all_of("refused, naming --again", refused, times)
    row.zero("writes sent", written)
    row.all_of("let through by --again", let, times // 6)


def test_a_drop_of_before_is_told_by_its_bytes_and_by_what_it_says_of_itself(
    proof: Callable[[str, str], Line], after: Home
) -> None:
    folder = after.workspace.folder
    newer = folder / "roster-2026-11-20"
    after.harness.write_drop(
        phoned(dated(after.tables, "2026-11-20T02:00:00Z"), 1), newer
    )
    assert after.sync(newer).code == 0
    told = {
        "the bytes of an earlier one": (after.good.rename(folder / "resent"), "RS407"),
        **{
            when: (folder / f"modified-{number}", "RS408")
            for number, when in enumerate(
                ("2026-11-20T01:59:59Z", "2026-11-19", "2026-11-20T02:30:00+01:00")
            )
        },
    }
    found = 0
    for what, (path, code) in told.items():
        if code == "RS408":
            after.harness.write_drop(dated(phoned(after.tables, 7), what), path)
        planned = after.workspace.plan(path)
        found += code in planned.document["findings"]
    row = proof("R11", "an older drop, by its bytes or its newest dateLastModified")
    row.times = len(told)
    row.all_of("told", found, len(told))


CLOCKS = {
    "a day early": timedelta(days=-1),
    "a day late": timedelta(days=1),
    "an hour early": timedelta(hours=-1),
    "a year early": timedelta(days=-365),
    "a year late": timedelta(days=365),
}
SEASONS = (
    *(datetime(2026, 3, 8, 7, 59, 59, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC)),
    *(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 7, tzinfo=UTC)),
    *(datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
)
"""Before and after both changes of the clocks in Chicago, and odd days."""
ZONES = ("America/Chicago", "Asia/Kolkata", "Pacific/Kiritimati")


@contextmanager
def at(moment: Callable[[], datetime], zone: str) -> Iterator[None]:
    """This machine takes it to be that time, in that zone."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (context, ending, kept, night, refusing):
            patch.setattr(module, "now", moment)
        patch.setenv("TZ", zone)
        time.tzset()
        try:
            yield
        finally:
            patch.undo()
            time.tzset()


def decisions(after: Home, drop: Path) -> Any:
    """What a run would do, and how it ends; without what is a time."""
    planned = after.workspace.plan(drop)
    document = planned.document
    if document.get("plan") is None:
        return planned.code, document["findings"]
    shown = after.workspace.run("show", document["plan"]["path"], "--json").document
    return planned.code, document["findings"], shown["operations"], shown["guards"]


def test_the_clock_of_this_machine_changes_no_decision(
    proof: Callable[[str, str], Line], after: Home
) -> None:
    folder = after.workspace.folder
    drops = [folder / "roster-2026-11-20", folder / "roster-2026-11-18"]
    fewer = without_students(phoned(after.tables, 3), "stu-000005")
    for drop in drops:
        after.harness.write_drop(fewer, drop)
    usual = [decisions(after, drop) for drop in drops]
    assert [one[0] for one in usual] == [4, 3]
    moments = [
        *(lambda apart=apart: datetime.now(UTC) + apart for apart in CLOCKS.values()),
        *(lambda moment=moment: moment for moment in SEASONS),
    ]
    changed = times = 0
    for number, moment in enumerate(moments):
        with at(moment, ZONES[number % len(ZONES)]):
            changed += [decisions(after, drop) for drop in drops] != usual
        times += len(drops)
    row = proof("R11", "a clock that is wrong by hours to a year, both clock changes")
    row.times = times
    row.zero("decisions changed", changed)


@pytest.mark.parametrize("apart", [-86_400, 86_400, -3_600, 3_600])
def test_a_signature_is_made_by_the_clock_of_the_server(
    proof: Callable[[str, str], Line],
    apart: int,
    tmp_path: Path,
    served: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OAuth 1.0a signs the time, and the sandbox refuses what is five minutes off."""
    after = home(SCHOOLOGY, tmp_path, served, district())
    rows = after.tables.enrollments
    fewer = replace(after.tables, enrollments=rows.head(rows.height - 1))
    drop = after.harness.write_drop(fewer, tmp_path / "roster-2026-11-20")

    def wrong(auth: Any, wall: Callable[[], float]) -> signing.Signer:
        return signing.Signer(auth, lambda: wall() + apart)

    monkeypatch.setattr(client, "Signer", wrong)
    tried = after.sync(drop)
    refused = [one for one in served.requests() if one["status"] == UNAUTHORISED]
    row = proof("R11", "a clock too wrong for the signatures of OAuth 1.0a")
    row.times = 1
    row.all_of("done as with a right clock", tried.code == 0, 1)
    row.all_of("changed once", tried.removed, 1)
    row.least("requests refused for their time", len(refused), 1)
    row.worst("requests refused for their time, at most", len(refused), IN_FLIGHT)


UNAUTHORISED = 401
IN_FLIGHT = 8
"""Requests that may have been signed before the first of them was answered."""
