"""What a night that found nothing to do keeps for the next one, on the disk.

In: what it was made of and came to (``known.Same``), at the end of a good run. Out: the
same, the next night, if it is as it was left. One small file for each target says which
run it was, by source; the rest lies in the folder of that run, under its seal.
"""

from __future__ import annotations

import hmac
import io
import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from sync.flow.context import Context
from sync.flow.known import Same
from sync.state import StateFolder, seal, sign, write_atomic

SAME, TOLD, MISSED = "same.json", "told.parquet", "missed.parquet"
"""In the folder of a run: what decided on it, and what it came to (``known.Same``)."""


def keep_same(context: Context) -> None:
    """At the end of a good run: keep what it was made of for the next night, in place
    of what an earlier one had kept for drops of this source. Raises ``LocalError``."""
    pointers = dict(_pointers(context.folder, context.table.name))
    source, same = context.source or "", context.story.same
    if pointers.pop(source, None) is None and same is None:
        return
    if same is not None:
        folder = context.folder.run_folder(context.run)
        said = json.dumps(same.facts).encode()
        parts = {SAME: said, TOLD: _parquet(same.told), MISSED: _parquet(same.missed)}
        own = _seal(context.folder, context.run, parts)
        write_atomic(folder / TOLD, parts[TOLD])
        write_atomic(folder / MISSED, parts[MISSED])
        write_atomic(folder / SAME, json.dumps([said.decode(), own]).encode())
        pointers[source] = context.run
    path = _pointer(context.folder, context.table.name)
    write_atomic(path, json.dumps(pointers).encode())


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def kept_same(
    folder: StateFolder, target: str, source: str | None
) -> tuple[str, Same] | None:
    """The run that was good last for drops of this source, and what it kept, if it
    found nothing to do; None where that cannot be read or is not as it was left."""
    run = _pointers(folder, target).get(source or "")
    if run is None:
        return None
    place = folder.runs / run
    try:
        said, given = json.loads((place / SAME).read_bytes())
        parts = {SAME: said.encode()}
        parts |= {name: (place / name).read_bytes() for name in (TOLD, MISSED)}
        if not hmac.compare_digest(given, _seal(folder, run, parts)):
            return None
        told, missed = (
            pl.read_parquet(io.BytesIO(parts[name])) for name in (TOLD, MISSED)
        )
        return run, Same(json.loads(said), told, missed)
    except _UNREADABLE:
        return None


_UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    pl.exceptions.PolarsError,
)


def _seal(folder: StateFolder, run: str, parts: Mapping[str, bytes]) -> str:
    return sign(seal(folder), [("run", run.encode()), *parts.items()])


def _pointer(folder: StateFolder, target: str) -> Path:
    return folder.targets / f"{target}.same.json"


def _pointers(folder: StateFolder, target: str) -> Mapping[str, str]:
    """By source, the run that was good last and found nothing to do."""
    try:
        found = json.loads(_pointer(folder, target).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
