"""The bytes of one page -> columns, without an object of Python for each record.

Comes in: an ``Answer`` and a ``Reader``. Goes out: the frame that the reader would have
made of the parsed records, or none, where the page has to be parsed. Nothing is
guessed: a page is taken apart here only after it was shown that each of its records
has one of a few forms (the same keys, none twice, the same kinds of values), and the
reader has said that it understands each of those forms by its columns alone.

Two ways lead there. Where all records have one form, the text between its quotes *is*
the columns. Otherwise, and where texts are escaped, polars decodes the page; a copy of
it in which all texts are the same shows the forms.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

import polars as pl

from sync.model.request import Answer, Json
from sync.targets.common.answers import envelope
from sync.wire.failures import MAX_BODY, UnreadableError, parse_json

LEAST = 16 * 1024
"""Bytes of a body below which it is parsed sooner than taken apart."""
MAX_FORMS = 32
"""More forms than this among the records of a page are not worth the search."""

_BLANK = " \t\n\r"
_STAND_IN = "~"
_TEXT_BEHIND_KEY = r':[ \t\n\r]*"[^"\\]*(?:\\.[^"\\]*)*"'
"""A key that ends in a colon would be taken for one, and leaves a form no parser
takes."""
_RECORD = "#"
"""Stands where a record stood; no JSON, so that one inside of another is noticed."""
_NO_CONTROLS = bytes(range(32, 256))
_DECODER = json.JSONDecoder()

Record = Mapping[str, Any]
Read = Callable[[Sequence[Any]], pl.DataFrame]


def with_columns(table: pl.DataFrame, read: Read) -> pl.DataFrame:
    """A table with the columns of its records: where nothing came, or all that was
    read singly was absent, it may have none but the identifier and the subject."""
    if table.width > 1 and not table.is_empty():
        return table
    return pl.concat([read([]), table], how="diagonal_relaxed")


@dataclass(frozen=True, slots=True)
class Reader:
    """How the records of one list become a frame, one by one or all at once.

    Both ways give the same frame of the same page.
    """

    read: Read
    """Of any records."""
    paths: tuple[str, ...]
    """The texts that it needs, ``sourcedId`` among them; ``user.sourcedId`` stands for
    the one inside of ``user``."""
    fits: Callable[[Record], bool]
    """Whether records of this form hold nothing but what the paths say. Asked with a
    stand-in for each text: texts may be blank, but are texts in all of them."""
    shape: Callable[[pl.DataFrame], pl.DataFrame]
    """The frame, from a column for each path; a text may be blank, or null."""

    def __call__(self, records: Sequence[Any]) -> pl.DataFrame:
        """The frame of parsed records."""
        return self.read(records)


@dataclass(frozen=True, slots=True)
class Opened:
    """A page: its body as JSON, and its records' frame where that is made already;
    the body then has an empty list in their place."""

    body: Json
    frame: pl.DataFrame | None = None


def listed(
    answer: Answer, name: str, read: Read | Reader
) -> tuple[pl.DataFrame, dict[str, Json]]:
    """The frame of the records under ``name``, and the body around them.

    Raises ``UnreadableError``.
    """
    page = opened(answer, name, read)
    if page.frame is not None:
        return page.frame, page.body
    return read(envelope(page.body, name)), page.body


def opened(answer: Answer, name: str, reader: Read | Reader) -> Opened:
    """The page whose records stand under ``name``. Raises ``UnreadableError``."""
    fits = LEAST <= len(answer.body) <= MAX_BODY
    if fits and isinstance(reader, Reader):
        try:
            found = taken_apart(answer, name, reader)
        except UnreadableError:
            found = None  # what is wrong with it is said of the whole
        if found is not None:
            return found
    return Opened(parse_json(answer))


def taken_apart(answer: Answer, name: str, reader: Reader) -> Opened | None:
    """The page without parsing its records; None where that cannot be done.

    Raises ``UnreadableError`` for what no parser takes.
    """
    try:
        text = answer.body.decode()
    except UnicodeDecodeError:
        return None
    start, end = text.find("["), text.rfind("]") + 1
    if start < 0 or end <= start:
        return None
    body = _strict(f"{text[:start]}[]{text[end:]}")
    # The first bracket and the last: the empty list can only be the one in their place.
    if not isinstance(body, dict) or body.get(name) != []:
        return None
    plain = not answer.body.rstrip().translate(None, _NO_CONTROLS) and "\\" not in text
    columns = _columns(text[start:end], reader, plain=plain)
    if columns is None or not (columns["sourcedId"] != "").all(ignore_nulls=False):
        return None
    return Opened(body, reader.shape(columns))


def _columns(array: str, reader: Reader, *, plain: bool) -> pl.DataFrame | None:
    at = array.find("{")
    if at < 0 or array[1:at].strip(_BLANK):
        return None
    first = _cut(array, at)
    if _form(first, reader) is None:
        return None  # the others need no look
    found = _alike(array, first, reader) if plain else None
    return _decoded(array, reader) if found is None else found


def _cut(array: str, at: int) -> str:
    """The record that begins there."""
    try:
        return array[at : _DECODER.raw_decode(array, at)[1]]
    except (ValueError, RecursionError):
        message = "the body is not valid JSON"
        raise UnreadableError(message) from None


def _strict(text: str) -> Json:
    return parse_json(Answer(200, {}, text.encode()))


def _form(text: str, reader: Reader) -> Record | None:
    """A record's form as an object, if the reader understands it. It stands in a list
    in an object, which counts for its depth."""
    record = _strict(f'{{"":[{text}]}}')[""][0]
    return record if reader.fits(record) else None


def _alike(array: str, first: str, reader: Reader) -> pl.DataFrame | None:
    """The columns, where all records say what the first says but for their texts.

    Between the quotes of such a list stand, in turn, what is no text and what is one,
    with a period of one record.
    """
    parts = first.split('"')
    period = len(parts) - 1
    if period == 0:
        return None
    values = [at for at in range(1, period, 2) if parts[at + 1].lstrip()[:1] != ":"]
    marked = [str(at) if at in values else part for at, part in enumerate(parts)]
    form = _form('"'.join(marked), reader)
    if form is None:
        return None
    pieces = pl.Series([array]).str.split('"').explode()
    count, odd = divmod(pieces.len() - 1, period)
    if odd:
        return None
    seam = pieces[period] if count > 1 else f"{parts[-1]},{parts[0]}"
    between = seam.removeprefix(parts[-1]).removesuffix(parts[0])
    ends = (pieces[0], pieces[-1])
    whole = (f"{array[: array.find(first[0])]}{parts[0]}", f"{parts[-1]}]")
    if between.strip(_BLANK) != "," or ends != whole:
        return None
    rows = pieces[:-1]
    # The rest of the first record is what it is; every other one equals the one before.
    same = rows[1 + period :] == rows[1:-period]
    free = _free(tuple(values), period, same.len())
    if not (same | free).all():
        return None
    found = tuple((path, _said(form, path)) for path in reader.paths)
    return rows.to_frame("").select_seq(_picks(period, found))


@lru_cache(maxsize=16)
def _free(values: tuple[int, ...], period: int, length: int) -> pl.Series:
    """Which pieces need not equal those of the record before: the texts."""
    turn = pl.int_range(1, length + 1, dtype=pl.UInt32, eager=True) % period
    return pl.Series([at in values for at in range(period)]).gather(turn)


@lru_cache(maxsize=16)
def _picks(
    period: int, found: tuple[tuple[str, int | str | None], ...]
) -> list[pl.Expr]:
    """The columns out of the pieces: of each path at which piece of a record it stands,
    or else the word that all of them say."""
    # Written anew, the texts no longer hold the whole page in memory.
    return [
        (pl.col("").gather_every(period, at) + "").alias(path)
        if isinstance(at, int)
        else pl.lit(at, dtype=pl.String).alias(path)
        for path, at in found
    ]


def _said(form: Record, path: str) -> int | str | None:
    """Where the text of a path stands, or the word or null that stands there."""
    value = _under(form, path)
    if value is None:
        return None
    return int(value) if isinstance(value, str) else str(value).lower()


def _under(record: Record, path: str) -> Any:
    name, _, key = path.partition(".")
    value = record.get(name)
    return value.get(key) if key and value is not None else value


def _decoded(array: str, reader: Reader) -> pl.DataFrame | None:
    """The columns, where the records have few forms."""
    if "\\ud" in array or "\\uD" in array:
        return None  # maybe half a character, which polars takes for another one
    count = _count(array, reader)
    if count is None:
        return None
    try:
        frame = pl.read_json(BytesIO(array.encode()), schema=_schema(reader.paths))
    except pl.exceptions.ComputeError:
        return None
    if frame.height != count:
        return None
    return frame.select(_column(path).alias(path) for path in reader.paths)


def _count(array: str, reader: Reader) -> int | None:
    """How many records there are; None where they are no list of understood forms."""
    bare = pl.Series([array]).str.replace_all(_TEXT_BEHIND_KEY, f':"{_STAND_IN}"')[0]
    count = 0
    for _ in range(MAX_FORMS):
        at = bare.find("{")
        if at < 0:
            break
        form = _cut(bare, at)
        if _form(form, reader) is None:
            return None
        count += bare.count(form)
        bare = bare.replace(form, _RECORD)
    left = "".join(bare.split())
    return count if left == f"[{','.join(_RECORD * count)}]" else None


def _schema(paths: Sequence[str]) -> dict[str, pl.DataType]:
    inner: dict[str, list[str]] = {}
    for path in paths:
        name, _, key = path.partition(".")
        inner.setdefault(name, []).extend([key] if key else [])
    return {
        name: pl.Struct(dict.fromkeys(keys, pl.String())) if keys else pl.String()
        for name, keys in inner.items()
    }


def _column(path: str) -> pl.Expr:
    name, _, key = path.partition(".")
    return pl.col(name).struct.field(key) if key else pl.col(name)
