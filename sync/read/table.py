"""One file of the drop: bytes -> ``RawTable`` and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from sync.model.finding import Finding, Findings, found
from sync.model.roster import ROW, RawTable
from sync.read import careful, lines, quick
from sync.read.body import Body, columns
from sync.read.codes import AFTER_QUOTE, NO_ROWS, PASSWORD_COLUMN, WRONG_WIDTH
from sync.read.decode import Decoded, decode
from sync.read.header import Sheet, read_header, unusable

PASSWORD = "password"  # noqa: S105 the name of a column, not a password


def read_table(file: str, raw: bytes) -> tuple[RawTable | None, Findings]:
    """The table in a file; None where a finding refuses the file."""
    decoded, notes = decode(file, raw)
    if decoded is None:
        return None, Findings.of(notes)
    sheet, more = read_header(file, decoded.data)
    notes = [*notes, *more]
    if sheet is None:
        return None, Findings.of(notes)
    return finished(file, Text(decoded, sheet, notes), body_of(sheet))


@dataclass(frozen=True, slots=True)
class Text:
    """A file of which the header is read, and what is to say of it so far."""

    decoded: Decoded
    sheet: Sheet
    notes: Sequence[Finding]


def body_of(sheet: Sheet) -> Body:
    """The rows, in the first of three ways that can."""
    return quick.read(sheet) or lines.read(sheet) or careful.read(sheet)


def finished(
    file: str, text: Text, body: Body, aside: int = 0
) -> tuple[RawTable | None, Findings]:
    """The table of the rows that were read, and all that is to say of the file;
    ``aside``: how many more it has, with nothing wrong."""
    sheet = text.sheet
    notes = [*text.notes, *_notes(file, sheet, body, aside)]
    findings = Findings.from_frames(
        [Findings.of(notes).frame, _odd_rows(file, sheet, body.odd)]
    )
    if body.refusal is not None:
        return None, findings
    return replace(table_of(file, text, body), aside=aside), findings


def _notes(file: str, sheet: Sheet, body: Body, aside: int) -> list[Finding]:
    findings = [
        found(
            PASSWORD_COLUMN,
            "the column was dropped: passwords are neither kept nor sent",
            file=file,
            column=name,
        )
        for name in sheet.names
        if _is_password(name)
    ]
    if body.refusal is not None:
        refusal = body.refusal
        findings.append(
            found(refusal.code, refusal.message, file=file, line=refusal.line)
        )
    elif body.frame.is_empty() and body.odd.is_empty() and not aside:
        findings.append(found(NO_ROWS, "the file has a header but no rows", file=file))
    return findings


def _odd_rows(file: str, sheet: Sheet, odd: pl.DataFrame) -> pl.DataFrame:
    """One finding for each row that is wrong by itself."""
    width = pl.format(
        "the row has {} cells, the header has {}",
        pl.col("cells").list.len(),
        pl.lit(sheet.width),
    )
    quote = pl.lit("text stands behind the closing quote of a cell")
    return odd.select(
        _either(AFTER_QUOTE.code, WRONG_WIDTH.code).alias("code"),
        _either(AFTER_QUOTE.severity, WRONG_WIDTH.severity).alias("severity"),
        pl.lit(file).alias("file"),
        pl.col(ROW).alias("line"),
        pl.when("behind_quote").then(quote).otherwise(width).alias("message"),
        _either(AFTER_QUOTE.remedy, WRONG_WIDTH.remedy).alias("hint"),
    )


def _either(behind_quote: str, width: str) -> pl.Expr:
    return pl.when("behind_quote").then(pl.lit(behind_quote)).otherwise(pl.lit(width))


def kept(sheet: Sheet) -> dict[str, str]:
    """The columns that are kept: name until the header is put over it -> header."""
    return {
        place: name
        for place, name in zip(columns(sheet.width), sheet.names, strict=True)
        if not unusable(name) and not _is_password(name)
    }


def table_of(file: str, text: Text, body: Body) -> RawTable:
    """The rows under the headers of the file."""
    decoded, sheet = text.decoded, text.sheet
    names = kept(sheet)
    return RawTable(
        file=file,
        frame=body.frame.select(*names, ROW).rename(names),
        encoding=decoded.encoding,
        delimiter=sheet.delimiter,
        newline=decoded.newline,
        unreadable=_unreadable(body.odd, sheet, [int(place) for place in names]),
        ended=sheet.ends_whole,
    )


def _unreadable(odd: pl.DataFrame, sheet: Sheet, kept: list[int]) -> pl.DataFrame:
    """The cells at the places of the kept columns.

    In a row of the wrong width a password may stand one place or more off its
    column; so where there is such a column, only what stands safely before it stays.
    """
    passwords = [at for at, name in enumerate(sheet.names) if _is_password(name)]
    cells = pl.col("cells")
    if passwords:
        missing = (pl.lit(sheet.width) - cells.list.len().cast(pl.Int64)).clip(0)
        safe = (pl.lit(passwords[0]) - missing).clip(0)
        cells = cells.list.head(safe)
    dropped = [at for at in range(sheet.width) if at not in kept]
    if dropped:
        wanted = pl.int_ranges(cells.list.len().cast(pl.Int64))
        wanted = wanted.list.set_difference(pl.lit(dropped, pl.List(pl.Int64())))
        cells = cells.list.gather(wanted.list.sort())
    return odd.select(ROW, cells.alias("cells"))


def _is_password(name: str) -> bool:
    return name.casefold() == PASSWORD
