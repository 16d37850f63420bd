"""Districts whose information system gives people other ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from sync.samples import Tables

_NAMING = {
    "students": ("sourcedId",),
    "users": ("sourcedId",),
    "agents": ("studentSourcedId", "agentSourcedId"),
    "enrollments": ("userSourcedId",),
}


def renumbered(tables: Tables, ids: Mapping[str, str]) -> Tables:
    """The district with these people under other ids, wherever a file names them."""
    return replace(
        tables,
        **{
            name: getattr(tables, name).with_columns(pl.col(columns).replace(dict(ids)))
            for name, columns in _NAMING.items()
        },
    )


def new_ids(keys: Iterable[str]) -> dict[str, str]:
    """Old id -> new id."""
    return {key: f"n{n:06}" for n, key in enumerate(sorted(keys))}
