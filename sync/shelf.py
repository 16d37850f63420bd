"""Large frames that lie in a file instead of in memory.

Beside ``sync.disk``, beneath everything that holds rosters. In: a frame. Out: the same
frame, its cells in a file that is mapped into memory, so that the system takes their
pages whenever it needs them. The file has no name: nobody else opens it, and it is gone
with the process, however that ends.

Where no shelf is set up, where a frame is small, or where the disk takes no more, the
frame stays as it is: nothing depends on it but memory.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO, TypeVar

import polars as pl
from polars.exceptions import PolarsError

CELL = 16
"""Bytes that a text takes in a frame, besides its letters if they are more than 12
(Arrow's layout of views)."""
PIECES = 128
"""Of one frame, at most."""
_ALIGNED = 64
"""Bytes: Arrow's columnar format wants its buffers so."""
_MAPPED = (pl.String, pl.Boolean, pl.UInt8, pl.UInt32, pl.UInt64, pl.Int32, pl.Int64)
"""Columns of other types are few and narrow, and stay in memory."""
Named = TypeVar("Named")
Beside = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where frames are put, and from which size on."""

    folder: Callable[[], Path]
    """On the disk; made when it is first needed. Raises ``OSError``."""
    least: int
    """Bytes."""
    slice: int
    """Rows that are worked on at once where that can be done piece by piece."""

    def takes(self, rows: int, columns: int) -> bool:
        """Whether a frame of that size is large."""
        return rows * columns * CELL >= self.least

    def rows(self, frame: pl.DataFrame) -> int:
        """As many of a large frame: pieces have files open until they have joined the
        others, and there may not be many."""
        return max(self.slice, frame.height // PIECES)


_SHELF: ContextVar[Shelf | None] = ContextVar("shelf", default=None)


@contextmanager
def shelving(shelf: Shelf) -> Iterator[None]:
    """Within the block, large frames are put away there, if no block around it says
    where."""
    token = _SHELF.set(_SHELF.get() or shelf)
    try:
        yield
    finally:
        _SHELF.reset(token)


def put_away(frame: pl.DataFrame) -> pl.DataFrame:
    """The same frame, in a file if it is large: same columns, cells and order."""
    return _away(frame, None)


def all_put_away(frames: Mapping[Named, pl.DataFrame]) -> dict[Named, pl.DataFrame]:
    """``put_away`` of each frame."""
    return {name: put_away(frame) for name, frame in frames.items()}


def collected(lazy: pl.LazyFrame) -> pl.DataFrame:
    """What a query gives, put away; column by column where it is large. For queries
    that give each column by itself, such as the scan of a Parquet file."""
    height = lazy.select(pl.len()).collect().item()
    names = lazy.collect_schema().names()
    shelf = _SHELF.get()
    if shelf is None or not shelf.takes(height, len(names)):
        return lazy.collect()
    with suppress(OSError, PolarsError):  # as below
        columns = (lazy.select(one).collect() for one in names)
        return _stored(columns, shelf.folder())
    return lazy.collect()


def rows_at(frame: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    """The rows at these places (UInt32, from 0; null: a row of nulls), put away.

    Column by column: in memory there is never more than one of them.
    """
    return _away(frame, places)


def in_order(frame: pl.DataFrame, *by: str) -> pl.DataFrame:
    """The rows sorted by these columns, nulls first, put away; ``rows_at`` of it."""
    places = frame.select(pl.arg_sort_by(*by, maintain_order=True)).to_series()
    return rows_at(frame, places).with_columns(pl.col(by[0]).set_sorted())


def in_slices(
    frame: pl.DataFrame, work: Callable[[pl.DataFrame], pl.DataFrame]
) -> pl.DataFrame:
    """``work`` of the frame, put away; piece by piece where the frame is large.

    For work that looks at each row by itself, and gives the same columns for any rows.
    """
    shelf = _SHELF.get()
    if shelf is None or frame.height <= shelf.slice:
        return put_away(work(frame))
    pieces = frame.iter_slices(shelf.rows(frame))
    return _together(_in_memory(work, one) for one in pieces)


def in_ranges(
    left: pl.DataFrame, right: pl.DataFrame, key: str, work: Beside
) -> pl.DataFrame:
    """``work`` of both frames, put away; range by range of their keys where they are
    large, each with all rows of either frame that have these keys.

    For work that brings rows of one key together and leaves them in the order of their
    keys. Both are sorted by ``key`` (String) first, where they are not.
    """
    shelf = _SHELF.get()
    if shelf is None or max(left.height, right.height) <= shelf.slice:
        return put_away(work(left, right))
    left, right = (_sorted(frame, key) for frame in (left, right))
    larger = max(left, right, key=lambda frame: frame.height)
    every = shelf.rows(larger)
    cuts = larger[key].gather_every(every)[1:].drop_nulls().unique().sort()
    pairs = zip(_cut(left, key, cuts), _cut(right, key, cuts), strict=True)
    return _together(_in_memory(work, one, other) for one, other in pairs)


def _sorted(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    return frame if frame[key].is_sorted() else in_order(frame, key)


def _cut(frame: pl.DataFrame, key: str, cuts: pl.Series) -> Iterator[pl.DataFrame]:
    places = [0, *frame[key].search_sorted(cuts, side="left"), frame.height]
    for at, end in pairwise(places):
        yield frame.slice(at, end - at)


def _in_memory(
    work: Callable[..., pl.DataFrame], *pieces: pl.DataFrame
) -> pl.DataFrame:
    """The work on a piece, of which nothing on the way need be put away."""
    token = _SHELF.set(None)
    try:
        return work(*pieces)
    finally:
        _SHELF.reset(token)


def _together(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    found: list[pl.DataFrame] = []
    drawer = Drawer()
    for part in parts:
        found.append(part)
        drawer.add(found, len(found) - 1)
    return put_away(pl.concat(found))


def _away(frame: pl.DataFrame, places: pl.Series | None) -> pl.DataFrame:
    shelf = _SHELF.get()
    rows = frame.height if places is None else places.len()
    if shelf is not None and shelf.takes(rows, frame.width):
        columns = (_taken(frame.select(one), places) for one in frame.columns)
        with suppress(OSError, PolarsError):  # a full disk, or one that maps nothing
            return _stored(columns, shelf.folder())
    return _taken(frame, places)


def _taken(frame: pl.DataFrame, places: pl.Series | None) -> pl.DataFrame:
    return frame if places is None else frame.select(pl.all().gather(places))


class Drawer:
    """Small frames that are put away together, once they are large together."""

    def __init__(self) -> None:
        """It is empty."""
        self._open: list[tuple[list[pl.DataFrame], int]] = []
        self._cells = 0

    def add(self, frames: list[pl.DataFrame], place: int) -> None:
        """Take a frame out of a list, in which its like will stand in its place."""
        shelf = _SHELF.get()
        if shelf is None:
            return
        self._open.append((frames, place))
        self._cells += frames[place].height * frames[place].width
        if shelf.takes(self._cells, 1):
            self._close()

    def _close(self) -> None:
        alike: dict[tuple[object, ...], list[tuple[list[pl.DataFrame], int]]] = {}
        for frames, place in self._open:
            kind = tuple(frames[place].schema.items())
            alike.setdefault(kind, []).append((frames, place))
        self._open, self._cells = [], 0
        for some in alike.values():
            whole = put_away(pl.concat([frames[place] for frames, place in some]))
            at = 0
            for frames, place in some:
                rows = frames[place].height
                frames[place] = whole.slice(at, rows)
                at += rows


def _stored(columns: Iterable[pl.DataFrame], folder: Path) -> pl.DataFrame:
    """Frames of one column each, beside each other, in a file."""
    found: list[pl.Series | _Written] = []
    # It has no name, or none any more: nobody else opens it, and it ends with us.
    with tempfile.TemporaryFile(dir=folder) as file:
        for one in columns:
            mapped = one.to_series().dtype in _MAPPED
            found.append(_written(one, file) if mapped else one.to_series())
        file.flush()
        # Of columns that all stay in memory nothing was written.
        whole = mmap(file.fileno(), 0, access=ACCESS_READ) if file.tell() else None
    return pl.DataFrame([_read(one, whole) for one in found])


@dataclass(frozen=True, slots=True)
class _Written:
    """A column in the file."""

    name: str
    kind: pl.DataType
    ordered: bool
    began: int
    size: int


def _written(column: pl.DataFrame, file: IO[bytes]) -> _Written:
    """One column, in one piece: pieces would be joined by whoever uses it, in
    memory."""
    file.write(bytes(-file.tell() % _ALIGNED))
    began = file.tell()
    column.rechunk().write_ipc(
        file,
        compat_level=pl.CompatLevel.newest(),
        record_batch_size=max(1, column.height),
    )
    size = file.seek(0, os.SEEK_END) - began
    one = column.to_series()
    return _Written(one.name, one.dtype, one.flags["SORTED_ASC"], began, size)


def _read(one: pl.Series | _Written, whole: mmap | None) -> pl.Series:
    if isinstance(one, pl.Series):
        return one
    # A start without it is quicker.
    from pyarrow import BufferReader, py_buffer  # noqa: PLC0415
    from pyarrow.ipc import IpcReadOptions, open_file  # noqa: PLC0415

    piece = BufferReader(py_buffer(whole).slice(one.began, one.size))
    table = open_file(piece, options=IpcReadOptions(use_threads=False)).read_all()
    read = pl.from_arrow(table)
    if not isinstance(read, pl.DataFrame) or read.schema != {one.name: one.kind}:
        message = "a column came back from the shelf as something else"
        raise TypeError(message)
    found = read.to_series()
    return found.set_sorted() if one.ordered else found
