"""The mirror on the disk: what a target held when it was last read.

Level 3, under ``sync.state``. Each save is a folder of parquet files of its own; one
small JSON file says which folder counts, and is replaced last. A crash at any moment
leaves the old mirror or the new one.
"""

from __future__ import annotations

import io
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from sync.errors import LocalError
from sync.model.digests import content
from sync.model.entities import Entity
from sync.model.mirror import Mirror
from sync.shelf import collected
from sync.state.folder import (
    StateFolder,
    local_errors,
    make_folder,
    plain_name,
    write_atomic,
)

_FORMAT = 1
_CURRENT = "current.json"


def save_mirror(
    folder: StateFolder, target: str, mirror: Mirror, place: str | None = None
) -> None:
    """Put this mirror in the place of the one before. Raises ``LocalError``.

    ``place``: where it was read (``config.place``), as ``mirror_place`` tells it.
    """
    home = folder.mirrors / plain_name(target)
    make_folder(home)
    kept = _kept(home, mirror)
    facts = {
        **(_saved(home, mirror) if kept is None else kept),
        "format": _FORMAT,
        "place": place,
        "read_at": mirror.read_at.isoformat(),
        "complete": _by_name(mirror.complete),
        "totals": _by_name(mirror.totals),
        "pages": _by_name(mirror.pages),
        "notes": list(mirror.notes),
        "read_whole_at": (mirror.read_whole_at or mirror.read_at).isoformat(),
    }
    write_atomic(home / _CURRENT, json.dumps(facts, indent=2).encode())
    _forget_others(home, home / str(facts["folder"]))


_FILES = ("folder", "content", "files", "tables")
"""What tells of the files that a mirror lies in."""


def _saved(home: Path, mirror: Mirror) -> dict[str, Any]:
    frames = home / f"{mirror.read_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    make_folder(frames)
    return {
        "folder": frames.name,
        "content": _content(mirror),
        "files": {
            entity.value: _save_frame(frames / f"{entity.value}.parquet", frame)
            for entity, frame in mirror.frames.items()
        },
        "tables": {
            label: _save_frame(frames / f"table-{label}.parquet", table)
            for label, table in mirror.tables.items()
        },
    }


def _content(mirror: Mirror) -> str:
    frames = {f"frame {e.value}": frame for e, frame in mirror.frames.items()}
    return content(frames | {f"table {n}": one for n, one in mirror.tables.items()})


def _kept(home: Path, mirror: Mirror) -> dict[str, Any] | None:
    """The files of the mirror that was saved last, if they hold the same and are as
    they were left: most nights change little, and many nothing."""
    with suppress(OSError, *_DAMAGE):
        facts = json.loads((home / _CURRENT).read_bytes())
        frames = home / plain_name(facts["folder"])
        tables = {f"table-{label}": of for label, of in facts["tables"].items()}
        if facts["content"] == _content(mirror):
            for name, digest in (facts["files"] | tables).items():
                _bytes(frames / f"{plain_name(name)}.parquet", digest)
            return {name: facts[name] for name in _FILES}
    return None


def load_mirror(folder: StateFolder, target: str) -> Mirror | None:
    """The mirror that was saved last; none before the first one.

    Raises ``LocalError`` where it is damaged: it also proves what a target held, so
    that going on without it is for a person to decide.
    """
    home = folder.mirrors / plain_name(target)
    current = home / _CURRENT
    if not current.exists():
        return None
    with _damage_told(home), local_errors(current):
        return _load(home, json.loads(current.read_bytes()))


def mirror_place(folder: StateFolder, target: str) -> str | None:
    """Where the mirror was read that was saved last; null where that is not known.

    Raises ``LocalError`` where it is damaged.
    """
    home = folder.mirrors / plain_name(target)
    current = home / _CURRENT
    if not current.exists():
        return None
    with _damage_told(home), local_errors(current):
        place = json.loads(current.read_bytes()).get("place")
        return place if isinstance(place, str) else None


def expire_mirror(folder: StateFolder, target: str) -> None:
    """Let the next run read everything and not changes alone: what is known did not
    prove right. Raises ``LocalError``, also where it is damaged."""
    home = folder.mirrors / plain_name(target)
    current = home / _CURRENT
    if not current.exists():
        return
    with _damage_told(home), local_errors(current):
        facts = json.loads(current.read_bytes())
        facts |= {"tables": {}, "content": None}
        write_atomic(current, json.dumps(facts, indent=2).encode())


_DAMAGE = (
    *(ValueError, LookupError, TypeError, AttributeError),
    *(RecursionError, PolarsError),
)
"""What reading a mirror ends with that is not as it was written."""


@contextmanager
def _damage_told(home: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE:
        message = f"the mirror in {home} is damaged"
        do = "remove that folder: the next run reads everything anew"
        raise LocalError(message, do=do) from None


def _save_frame(path: Path, frame: pl.DataFrame) -> str:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    written = buffer.getvalue()
    write_atomic(path, written)
    return sha256(written).hexdigest()


def _load(home: Path, facts: Mapping[str, Any]) -> Mirror:
    if facts["format"] != _FORMAT:
        raise ValueError(facts["format"])
    frames = home / plain_name(facts["folder"])
    return Mirror(
        frames={
            Entity(name): _load_frame(frames / f"{Entity(name)}.parquet", digest)
            for name, digest in facts["files"].items()
        },
        complete=_by_entity(facts["complete"]),
        totals=_by_entity(facts["totals"]),
        read_at=datetime.fromisoformat(facts["read_at"]),
        notes=tuple(facts["notes"]),
        pages=_by_entity(facts["pages"]),
        tables={
            label: _load_frame(frames / f"table-{plain_name(label)}.parquet", digest)
            for label, digest in facts.get("tables", {}).items()
        },
        read_whole_at=_instant(facts.get("read_whole_at")),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _load_frame(path: Path, digest: str) -> pl.DataFrame:
    return collected(pl.scan_parquet(io.BytesIO(_bytes(path, digest))))


def _bytes(path: Path, digest: str) -> bytes:
    found = path.read_bytes()
    if sha256(found).hexdigest() != digest:
        raise ValueError(digest)
    return found


def _by_name(values: Mapping[Entity, Any]) -> dict[str, Any]:
    return {entity.value: value for entity, value in values.items()}


def _by_entity(values: Mapping[str, Any]) -> dict[Entity, Any]:
    return {Entity(name): value for name, value in values.items()}


def _forget_others(home: Path, kept: Path) -> None:
    """Also what an earlier crash left half written."""
    for each in home.iterdir():
        if each.is_dir() and each != kept:
            shutil.rmtree(each, ignore_errors=True)
