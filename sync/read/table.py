"""One file of the drop: bytes -> ``RawTable`` and what is wrong with it."""

from __future__ import annotations

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
    body = quick.read(sheet) or lines.read(sheet) or careful.read(sheet)
    notes += _notes(file, sheet, body)
    findings = Findings.from_frames(
        [Findings.of(notes).frame, _odd_rows(file, sheet, body.odd)]
    )
    if body.refusal is not None:
        return None, findings
    return _table(file, decoded, sheet, body), findings


def _notes(file: str, sheet: Sheet, body: Body) -> list[Finding]:
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
    elif body.frame.is_empty() and body.odd.is_empty():
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


def _table(file: str, decoded: Decoded, sheet: Sheet, body: Body) -> RawTable:
    kept = [
        place
        for place, name in enumerate(sheet.names)
        if not unusable(name) and not _is_password(name)
    ]
    names = columns(sheet.width)
    frame = body.frame.select(
        *(pl.col(names[place]).alias(sheet.names[place]) for place in kept), ROW
    )
    return RawTable(
        file=file,
        frame=frame,
        encoding=decoded.encoding,
        delimiter=sheet.delimiter,
        newline=decoded.newline,
        unreadable=_unreadable(body.odd, sheet, kept),
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
