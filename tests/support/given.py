"""Identifiers that a target gave in place of ours, for tests."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model.ids import Ids


def given(**ids: Mapping[str, str]) -> Ids:
    """By entity, our key -> the remote identifier."""
    rows = [
        (entity, key, remote)
        for entity, pairs in ids.items()
        for key, remote in pairs.items()
    ]
    names = ("entity", "key", "remote_id")
    schema = dict.fromkeys(names, pl.String)
    return Ids(pl.DataFrame(rows, schema=schema, orient="row"))
