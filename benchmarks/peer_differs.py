"""The same comparison of two files by other programs, each in its own environment.

This is the program that such an environment runs, so that it may import nothing but
the standard library at its top, and nothing of ours:

    .peers/duckdb/bin/python benchmarks/peer_differs.py duckdb BEFORE AFTER

Both are CSV files with the same columns and the key ``sourcedId``. Prints one JSON
object: seconds of reading and comparing, rows of both sides, and how many were added,
removed and changed, in how many cells.
"""

from __future__ import annotations

import csv
import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

KEY = "sourcedId"


@dataclass(frozen=True)
class Found:
    """What became of the rows, and in how many cells the changed ones differ."""

    added: int
    removed: int
    changed: int
    cells: int


Differ = Callable[[str, str], tuple[int, Found]]
"""Gives the rows of both sides too."""


def with_polars() -> Differ:
    """Both frames joined in full, column beside column."""
    pl = importlib.import_module("polars")

    def differ(before: str, after: str) -> tuple[int, Found]:
        old, new = (pl.read_csv(one, infer_schema=False) for one in (before, after))
        names = [name for name in new.columns if name != KEY]
        joined = new.with_columns(_new=True).join(
            old.with_columns(_old=True), on=KEY, how="full", coalesce=True, suffix=":"
        )
        both = pl.col("_new").is_not_null() & pl.col("_old").is_not_null()
        differing = [
            pl.when(both & pl.col(n).ne_missing(pl.col(f"{n}:"))).then(pl.lit(n))
            for n in names
        ]
        listed = pl.concat_list(differing).list.drop_nulls()
        found = joined.with_columns(fields=listed).select(
            added=pl.col("_old").is_null().sum(),
            removed=pl.col("_new").is_null().sum(),
            changed=(pl.col("fields").list.len() > 0).sum(),
            cells=pl.col("fields").list.len().sum(),
        )
        return old.height + new.height, Found(*found.row(0))

    return differ


_JOINED = """
create table joined as
select coalesce(b.{key}, a.{key}) as key,
       a.{key} is null as added,
       b.{key} is null as removed,
       case when a.{key} is not null and b.{key} is not null
            then list_filter([{fields}], lambda one: one is not null) end as fields
from old a full join new b on a.{key} = b.{key}
"""
_COUNTED = """
select count(*) filter (added), count(*) filter (removed),
       count(*) filter (len(fields) > 0), coalesce(sum(len(fields)), 0)
from joined
"""


def with_duckdb() -> Differ:
    """Both tables joined in full, column beside column."""
    duckdb = importlib.import_module("duckdb")

    def differ(before: str, after: str) -> tuple[int, Found]:
        with Path(before).open(encoding="utf-8", newline="") as file:
            names = [name for name in next(csv.reader(file)) if name != KEY]
        fields = ", ".join(
            f'case when a."{n}" is distinct from b."{n}" then \'{n}\' end'
            for n in names
        )
        base = duckdb.connect()
        for table, path in (("old", before), ("new", after)):
            base.execute(
                f"create view {table} as "  # noqa: S608 - our own words
                f"select * from read_csv('{path}', all_varchar = true, header = true)"
            )
        base.execute(_JOINED.format(key=KEY, fields=fields))
        found = Found(*map(int, base.execute(_COUNTED).fetchone()))
        (height,) = base.execute("select count(*) from joined").fetchone()
        return 2 * int(height) - found.added - found.removed, found

    return differ


def with_csv_diff() -> Differ:
    """Its own reader, its own comparison."""
    csv_diff = importlib.import_module("csv_diff")

    def differ(before: str, after: str) -> tuple[int, Found]:
        old, new = (_loaded(csv_diff.load_csv, path) for path in (before, after))
        told = csv_diff.compare(old, new)
        changed = told["changed"]
        cells = sum(len(one["changes"]) for one in changed)
        added, removed = len(told["added"]), len(told["removed"])
        return len(old) + len(new), Found(added, removed, len(changed), cells)

    return differ


def _loaded(load: Callable[..., dict[str, Any]], path: str) -> dict[str, Any]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return load(file, key=KEY)


def with_datacompy() -> Differ:
    """Two frames of polars, which it compares quicker than those of pandas."""
    datacompy = importlib.import_module("datacompy")
    pl = importlib.import_module("polars")

    def differ(before: str, after: str) -> tuple[int, Found]:
        old, new = (pl.read_csv(one, infer_schema=False) for one in (before, after))
        names = [name for name in new.columns if name != KEY]
        told = datacompy.PolarsCompare(
            old, new, join_columns=KEY, cast_column_names_lower=False
        )
        odd = [~pl.col(f"{name}_match") for name in names]
        found = told.intersect_rows.select(
            changed=pl.any_horizontal(odd).sum(), cells=pl.sum_horizontal(odd).sum()
        )
        added, removed = told.df2_unq_rows.height, told.df1_unq_rows.height
        return old.height + new.height, Found(added, removed, *found.row(0))

    return differ


def with_diffsync() -> Differ:
    """A model for each row, in two stores."""
    diffsync = importlib.import_module("diffsync")

    def differ(before: str, after: str) -> tuple[int, Found]:
        old, new = (_stored(diffsync, path) for path in (before, after))
        told = old.diff_from(new)
        counts = told.summary()
        cells = sum(
            len(one.get_attrs_diffs()["+"])
            for one in told.get_children()
            if one.action == "update"
        )
        found = Found(counts["create"], counts["delete"], counts["update"], cells)
        return old.count() + new.count(), found

    return differ


def _stored(diffsync: Any, path: str) -> Any:
    with Path(path).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names = list(reader.fieldnames or ())
        others = tuple(name for name in names if name != KEY)
        body = {
            "__annotations__": dict.fromkeys(names, str),
            "__module__": __name__,
            "_modelname": "row",
            "_identifiers": (KEY,),
            "_attributes": others,
        }
        model: Any = type("Row", (diffsync.DiffSyncModel,), body)
        adapter = type(
            "Rows", (diffsync.Adapter,), {"row": model, "top_level": ["row"]}
        )
        store = adapter()
        for row in reader:
            store.add(model(**row))
    return store


def with_dicts() -> Differ:
    """The standard reader and a dictionary for each side."""

    def differ(before: str, after: str) -> tuple[int, Found]:
        (names, old), (others, new) = _keyed(before), _keyed(after)
        if names != others:
            message = "the columns differ"
            raise ValueError(message)
        changes = {
            key: [n for n, a, b in zip(names, old[key], row, strict=True) if a != b]
            for key, row in new.items()
            if key in old and old[key] != row
        }
        added = sum(key not in old for key in new)
        removed = sum(key not in new for key in old)
        cells = sum(map(len, changes.values()))
        return len(old) + len(new), Found(added, removed, len(changes), cells)

    return differ


def _keyed(path: str) -> tuple[list[str], dict[str, list[str]]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        names = next(rows)
        place = names.index(KEY)
        return names, {row[place]: row for row in rows}


PROGRAMS: dict[str, Callable[[], Differ]] = {
    "polars": with_polars,
    "duckdb": with_duckdb,
    "csv-diff": with_csv_diff,
    "datacompy": with_datacompy,
    "diffsync": with_diffsync,
    "dicts": with_dicts,
}


def main() -> None:
    """Compare two files by one of them."""
    name, before, after = sys.argv[1:]
    differ = PROGRAMS[name]()
    began = time.perf_counter()
    count, found = differ(before, after)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "count": count, "facts": asdict(found)}))


if __name__ == "__main__":
    main()
