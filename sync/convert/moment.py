"""The moment that a delta names as the last change of every row.

OneRoster wants one in each row of a delta, and the four files have none. It is what
somebody asked for, or the newest one that the drop states, or the time at which the
newest of its files was last written, so that one drop gives one and the same package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from sync.model.roster import Drop

HEADERS = ("datelastmodified", "datemodified")
"""OneRoster's own header, and the one that ManageBac documents."""
_SHAPE = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$"


def parse_moment(text: str) -> datetime:
    """An ISO date or time, in UTC unless it names a zone. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def newest(drop: Drop) -> datetime:
    """The newest ``dateLastModified`` of a drop, or else the time of its files."""
    stated = max(_stated(drop), default=None)
    return _written(drop.path) if stated is None else parse_moment(stated)


def as_text(moment: datetime) -> str:
    """As OneRoster writes it: milliseconds and Z (CSV binding, DateTime)."""
    whole = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{moment.microsecond // 1000:03d}Z"


def _stated(drop: Drop) -> Iterator[str]:
    for table in drop.tables.values():
        for header in table.headers:
            if header.lower() in HEADERS:
                cells = table.frame.select(pl.col(header).str.strip_chars())
                there = cells.filter(pl.col(header).str.contains(_SHAPE))
                newest_one = there.to_series().max()
                if isinstance(newest_one, str) and _is_moment(newest_one):
                    yield newest_one


def _is_moment(text: str) -> bool:
    try:
        parse_moment(text)
    except ValueError:
        return False
    return True


def _written(path: Path) -> datetime:
    times = [one.stat().st_mtime for one in _files(path)]
    return datetime.fromtimestamp(max(times, default=0), UTC)


def _files(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return [path]
    return [one for one in path.rglob("*") if one.is_file()]
