"""What ``check`` says of a drop: one document for programs, a few lines for people.

In: the drop, what was mapped and validated of it as far as it came, and all findings.
Out: the document of ``check --json``, and the text that a person mends the data by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from sync.model.entities import Entity
from sync.model.finding import Findings, Severity
from sync.model.roster import Drop, Mapped, RawTable, Roster
from sync.report.causes import Cause, causes
from sync.report.plain import plain

FORMAT = 1
OUTCOMES = {0: "done", 1: "partial", 3: "refused"}
THINGS = 3
"""So many root causes are named at the end."""
MORE_LINES = 3
"""So many further lines are named where places are cut."""

_RANK = {severity.value: rank for rank, severity in enumerate(Severity)}
_FIELDS = ("code", "severity", "entity", "file", "line", "column", "value")
_MENDED = {Severity.REFUSED.value, Severity.REJECTED.value}


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
    return [e for e, table in mapped.tables.items() if file in table.headers]


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
    """The findings for people: by code, worst first, then what to mend first.

    Every line is harmless on a terminal, whatever the cells hold.
    """
    yield from (plain(line) for line in _by_code(findings.frame, limit_per_code))
    yield from (plain(line) for line in _to_mend(findings))


def _by_code(frame: pl.DataFrame, limit: int) -> Iterator[str]:
    counted = (
        frame.group_by("severity", "code")
        .len()
        .with_columns(rank=pl.col("severity").replace_strict(_RANK, default=9))
        .sort("rank", -pl.col("len").cast(pl.Int64), "code")
    )
    for severity, code, count, _ in counted.rows():
        found = frame.filter(severity=severity, code=code)
        yield f"{severity} {code}: {_number(count, 'finding')}"
        yield from _places(found, limit)


def _places(found: pl.DataFrame, limit: int) -> Iterator[str]:
    hint = None
    for row in found.head(limit).iter_rows(named=True):
        yield f"  {_place(row)} {row['message']}"
        if row["hint"] != hint:
            hint = row["hint"]
            yield f"    do    {hint}"
    rest = found.slice(limit)
    if not rest.is_empty():
        shown = ", ".join(_place(r) for r in rest.head(MORE_LINES).rows(named=True))
        yield f"  {rest.height:,} more, first at {shown}"


def _place(row: Mapping[str, Any]) -> str:
    line = "" if row["line"] is None else f":{row['line']}"
    return f"{row['file'] or 'the drop'}{line}"


def _to_mend(findings: Findings) -> Iterator[str]:
    found = [c for c in causes(findings) if c.severity in _MENDED]
    found.sort(key=lambda cause: (_RANK[cause.severity], -_mends(cause)))
    if found:
        yield "To mend first:"
    for number, cause in enumerate(found[:THINGS], start=1):
        where = " ".join(part for part in (cause.place, cause.column) if part)
        yield f"  {number}. {where} ({cause.code}): {_effect(cause)}"


def _mends(cause: Cause) -> int:
    return cause.count + cause.consequences


def _effect(cause: Cause) -> str:
    if cause.severity == Severity.REFUSED.value:
        return "without this nothing is read"
    mended = f"mends {_number(_mends(cause), 'row')}"
    if not cause.consequences:
        return mended
    return f"{mended}, {cause.consequences:,} of them beneath it"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
