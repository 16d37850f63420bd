"""What others changed of records since a plan was made: field, then, now.

In: a frame of ``DRIFT_SCHEMA``, with the values as they were read. Out: the same for
people, masked like the changes of a plan unless they ask to see it all.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sync.report.changes import field_change


@dataclass(frozen=True, slots=True)
class Drifted:
    """One field of a record that was left alone, as it may be shown."""

    entity: str
    key: str
    field: str
    then: str
    now: str

    def text(self) -> str:
        """The field with both values, in words."""
        return f"{self.field} was {self.then}, is {self.now}"


def drifted(drift: pl.DataFrame, *, reveal: bool = False) -> list[Drifted]:
    """Every field, record by record."""
    rows = drift.sort("entity", "key", "field").select(
        "entity", "key", "field", "then", "now"
    )
    return [_drifted(*row, reveal=reveal) for row in rows.iter_rows()]


def _drifted(
    entity: str, key: str, field: str, *values: str | None, reveal: bool
) -> Drifted:
    shown = field_change(field, *values, reveal=reveal)
    return Drifted(entity, key, field, shown.before, shown.after)


def with_drift(
    table: pl.DataFrame, drift: pl.DataFrame, *, reveal: bool = False
) -> pl.DataFrame:
    """Operations with ``changed``: what of their records is not as it was."""
    texts: dict[tuple[str, str], list[str]] = {}
    for each in drifted(drift, reveal=reveal):
        texts.setdefault((each.entity, each.key), []).append(each.text())
    rows = [(*record, "; ".join(said)) for record, said in texts.items()]
    names = ("entity", "key", "changed")
    told = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return table.join(told, on=["entity", "key"], how="left", maintain_order="left")
