"""What ``check`` says of a drop: one document for programs, a few lines for people.

In: the drop, what was mapped and validated of it as far as it came, and all findings.
Out: the document of ``check --json``, and the text that a person mends the data by:
the findings by code, and in the end the few things that bring most rows back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from sync.model.counted import number
from sync.model.entities import SATELLITES, Entity
from sync.model.finding import Findings, Severity
from sync.model.plain import plain
from sync.model.roster import Drop, Mapped, RawTable, Roster
from sync.report.mends import Mend, Scope, mends

FORMAT = 1
OUTCOMES = {0: "done", 1: "partial", 3: "refused"}
THINGS = 3
"""So many things to mend are named at the end."""
MORE_LINES = 3
"""So many further lines are named where places are cut."""

_RANK = {severity.value: rank for rank, severity in enumerate(Severity)}
_FIELDS = ("code", "severity", "entity", "file", "line", "column", "value")
MANY_COLUMNS = 4
"""Missing in one file, they say that there is no header rather than another one."""
_MISSING_COLUMN = "RS050"
_OVER_THE_LIMIT = "RS403"
"""It refuses the drop, and goes with the rows that were rejected."""


def document(
    mapped: Mapped | None,
    drop: Drop,
    roster: Roster | None,
    findings: Findings,
    exit_code: int,
) -> dict[str, Any]:
    """The document of ``check --json``, ready for ``json.dumps``.

    ``mapped`` and ``roster`` are None where the drop was refused before there was one.
    """
    return {
        "format": FORMAT,
        "command": "check",
        "exit_code": int(exit_code),
        "outcome": OUTCOMES[int(exit_code)],
        "drop": _drop(mapped, drop),
        "files": [_file(mapped, drop.tables[name]) for name in sorted(drop.tables)],
        "entities": {} if roster is None else _entities(roster),
        "findings": [_finding(row) for row in findings.frame.iter_rows(named=True)],
        "counts": findings.by_severity(),
    }


def _drop(mapped: Mapped | None, drop: Drop) -> dict[str, Any]:
    modes = {table.mode.value for table in mapped.tables.values()} if mapped else set()
    mode = "mixed" if len(modes) > 1 else next(iter(modes), None)
    return {
        "name": drop.name,
        "kind": drop.kind.value,
        "sha256": drop.sha256,
        "layout": None if mapped is None else mapped.layout,
        "mode": mode,
    }


def _file(mapped: Mapped | None, raw: RawTable) -> dict[str, Any]:
    fed = _fed(mapped, raw.file)
    ignored = [set(mapped.tables[e].ignored.get(raw.file, ())) for e in fed if mapped]
    unused = set.intersection(*ignored) if ignored else set()
    entity = Entity.USERS if Entity.USERS in fed else next(iter(fed), None)
    return {
        "file": raw.file,
        "entity": None if entity is None else entity.value,
        "mode": mapped.tables[entity].mode.value if mapped and entity else None,
        "encoding": raw.encoding,
        "delimiter": raw.delimiter,
        "newline": raw.newline,
        "rows": raw.rows,
        "ignored_columns": [name for name in raw.headers if name in unused],
    }


def _fed(mapped: Mapped | None, file: str) -> list[Entity]:
    """The entities that take rows of a file, in the mapping's order."""
    if mapped is None:
        return []
    return [
        entity
        for entity, table in mapped.tables.items()
        if file in table.headers and entity not in SATELLITES
    ]


def _entities(roster: Roster) -> dict[str, Any]:
    return {
        entity.value: {
            "rows": {
                "read": rows.read,
                "accepted": rows.accepted,
                "merged": rows.merged,
                "rejected": rows.rejected,
            },
            "removals": entity not in roster.no_removals,
        }
        for entity, rows in roster.counts.items()
    }


def _finding(row: Mapping[str, Any]) -> dict[str, Any]:
    cause = {name: row[f"cause_{name}"] for name in ("file", "line", "code")}
    return {
        **{name: row[name] for name in _FIELDS},
        "message": row["message"],
        "hint": row["hint"],
        "cause": cause if cause["code"] is not None else None,
    }


def lines(findings: Findings, limit_per_code: int = 10) -> Iterator[str]:
    """The findings for people: by code, worst first, consequences behind their causes.

    Every line is harmless on a terminal, whatever the cells hold.
    """
    yield from (plain(line) for line in _by_code(findings.frame, limit_per_code))


def _by_code(frame: pl.DataFrame, limit: int) -> Iterator[str]:
    counted = (
        frame.group_by("severity", "code")
        .agg(pl.len(), pl.col("cause_code").is_not_null().all().alias("follows"))
        .with_columns(rank=pl.col("severity").replace_strict(_RANK, default=9))
        .sort("rank", "follows", -pl.col("len").cast(pl.Int64), "code")
    )
    for severity, code, count in counted.select("severity", "code", "len").rows():
        found = frame.filter(severity=severity, code=code)
        yield f"{severity} {code}: {number(count, 'finding')}"
        yield from _places(found, limit)


def _places(found: pl.DataFrame, limit: int) -> Iterator[str]:
    hint = None
    for row in found.head(limit).iter_rows(named=True):
        yield f"  {_place(row)} {row['message']}"
        if row["hint"] and row["hint"] != hint:
            hint = row["hint"]
            yield f"    do    {hint}"
    rest = found.slice(limit)
    if not rest.is_empty():
        shown = ", ".join(_place(r) for r in rest.head(MORE_LINES).rows(named=True))
        yield f"  {rest.height:,} more, first at {shown}"


def _place(row: Mapping[str, Any]) -> str:
    line = "" if row["line"] is None else f":{row['line']}"
    return f"{row['file'] or 'the drop'}{line}"


def summary(findings: Findings, rows: Mapping[str, int]) -> Iterator[str]:
    """What to mend first and what comes of it; nothing where nothing is rejected.

    ``rows``: how many rows each file has. Every line is harmless on a terminal.
    """
    refusals = findings.of_severity(Severity.REFUSED)
    first = refusals.filter(pl.col("code") != _OVER_THE_LIMIT)
    blocks = [
        *(_refusal(rows) for rows in _alike(first)),
        *(_thing(one, rows) for one in mends(findings, rows)[:THINGS]),
    ]
    yield from (plain(line) for line in _fallen(findings, rows))
    if blocks:
        yield "To mend first:"
    for nth, block in enumerate(blocks[:THINGS], start=1):
        for place, line in enumerate(block):
            yield plain(f"     {line}" if place else f"  {nth}. {line}")


def _fallen(findings: Findings, rows: Mapping[str, int]) -> Iterator[str]:
    rejecting = findings.of_severity(Severity.REJECTED)
    own = rejecting.filter(pl.col("cause_code").is_null())
    count, roots = (
        frame.select(pl.struct("file", "line").n_unique()).item()
        for frame in (rejecting, own)
    )
    if count:
        of = f"{count:,} of {number(sum(rows.values()), 'row')}"
        for_others = f", {count - roots:,} because of those" if count > roots else ""
        yield f"Rejected: {of}; {roots:,} for themselves{for_others}."


def _alike(refusals: pl.DataFrame) -> Iterator[list[dict[str, Any]]]:
    """The refusals of one code in one file together: all missing columns, say."""
    groups = refusals.partition_by("code", "file", maintain_order=True)
    return (group.rows(named=True) for group in groups)


def _refusal(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    first, *rest = rows
    said = f"{_place(first)} {first['message']}"
    more = [f"and {len(rest):,} more like it"] if rest else []
    if first["code"] == _MISSING_COLUMN and len(rows) >= MANY_COLUMNS:
        more.append("is the first line of the file really its header?")
    return [said, *_do(first["hint"]), *more, "without this nothing is read"]


def _thing(one: Mend, rows: Mapping[str, int]) -> list[str]:
    place = f"{one.file}:{one.line}"
    of = rows.get(one.file or "", one.touched)
    match one.scope:
        case Scope.COLUMN:
            part = f"column {one.column}" if one.column else "whole rows"
            said = [
                f"{one.file}, {part}, first at line {one.line}: mend the export",
                f"{one.touched:,} of {number(of, 'row')}: {one.message}",
            ]
        case Scope.VALUE:
            said = [f"{place} and {one.touched - 1:,} more: {one.message}"]
        case Scope.ROW if one.defects > 1:
            more = number(one.defects - 1, "more mistake")
            said = [f"{place} {one.message}, and {more} in this row"]
        case _:
            said = [f"{place} {one.message}"]
    return [*said, *_do(one.hint), _effect(one)]


def _do(hint: str | None) -> list[str]:
    return [f"do    {hint}"] if hint else []


def _effect(one: Mend) -> str:
    if not one.brings_back:
        return "brings back no row by itself: other mistakes stand in its rows too"
    back = f"brings back {number(one.brings_back, 'row')}"
    if not one.beneath:
        return back
    return f"{back}, {one.beneath:,} of them beneath it"
