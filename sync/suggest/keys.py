"""What makes a record one record: rows that repeat, keys of several headers, references
by another number than the key.

The last step before writing: all of it is measured on the rows themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import polars as pl

from sync.model.entities import ENTITIES, Entity
from sync.suggest.drafts import Draft
from sync.suggest.kinds import TARGETS, Files
from sync.suggest.phrases import Kind
from sync.suggest.sheets import Sheet

_SEVERAL = 0.97
"""Share of different keys below which a file has several rows for one record; fewer
doubles are mistakes, which validation names."""
_FOUND, _LOST = 0.9, 0.1
_NEVER_PICKED = frozenset(
    (
        *("status", "givenName", "familyName", "birthDate", "enabledUser", "username"),
        *("role", "roleType", "roleOrgSourcedId"),
    )
)
"""Columns in which two rows of one person must not differ."""
_PARTS = ("schoolSourcedId", "courseSourcedId")
"""What tells classes of one number apart."""
_TRANSLATED = ("userSourcedId", "studentSourcedId", "classSourcedId")


def settle(drafts: Sequence[Draft], files: Files) -> None:
    """Give every table its key and say how its repeated rows become one."""
    key = _class_key(drafts)
    for draft in drafts:
        if key is not None and draft.entity is Entity.ENROLLMENTS:
            _name_class(draft, key)
        _translate(draft, files)
        _combine(draft)


def _headers(draft: Draft, column: str) -> list[str]:
    if column in draft.templates:
        return draft.templates[column]
    if column in draft.matches:
        return [draft.matches[column].header]
    return draft.hashes.get(column, [])


@dataclass(frozen=True, slots=True)
class _ClassKey:
    """How the key of classes is made where one number stands for several of them."""

    sheet: Sheet
    headers: list[str]
    parts: tuple[str, ...]
    """The canonical columns beside the number, which a reference needs as well."""


def _class_key(drafts: Sequence[Draft]) -> _ClassKey | None:
    for draft in drafts:
        key = draft.matches.get("sourcedId")
        if draft.entity is not Entity.CLASSES or not draft.own or key is None:
            continue
        parts = _parts(draft, key.header)
        if parts:
            headers = [*(draft.matches[one].header for one in parts), key.header]
            draft.templates["sourcedId"] = headers
            draft.matches.setdefault("classCode", key)
            draft.reasons["sourcedId"] = (
                f'"{key.header}" alone stands for several classes'
            )
            return _ClassKey(draft.sheet, headers, parts)
    return None


def _parts(draft: Draft, key: str) -> tuple[str, ...]:
    """The fewest columns that leave one school and one course to each key."""
    there = [one for one in _PARTS if one in draft.matches]
    headers = [draft.matches[one].header for one in there]
    frame = draft.sheet.table.frame.filter(pl.col(key) != "").select(key, *headers)
    whole = frame.n_unique()
    for count in range(len(there) + 1):
        for chosen in combinations(there, count):
            made = [key, *(draft.matches[one].header for one in chosen)]
            if frame.select(made).n_unique() >= _SEVERAL * whole:
                return chosen
    return tuple(there)


def _name_class(draft: Draft, key: _ClassKey) -> None:
    """Make the reference to a class of the same parts as its key."""
    section = draft.matches.get("classSourcedId")
    if section is None:
        return
    draft.reasons["classSourcedId"] = "made as the key of classes is"
    if draft.sheet is key.sheet:
        draft.templates["classSourcedId"] = key.headers
        return
    missing = [one for one in key.parts if one not in draft.matches]
    if missing:
        draft.reasons.pop("classSourcedId")
        draft.notes.append(
            "DOUBT: classes are told apart by several headers, and this file lacks "
            f"{', '.join(missing)}"
        )
        return
    headers = [draft.matches[one].header for one in key.parts]
    draft.templates["classSourcedId"] = [*headers, section.header]


def _translate(draft: Draft, files: Files) -> None:
    """A reference by another number of the file it names: the key through a join."""
    for column in _TRANSLATED:
        match = draft.matches.get(column)
        if match is None or draft.join or column in draft.templates:
            continue
        place = (draft.sheet.file, match.header)
        for read in files.reads:
            targets = TARGETS[column]
            if (
                read.kind not in targets
                or read.key is None
                or read.sheet is draft.sheet
            ):
                continue
            key = (read.sheet.file, read.key)
            best = files.links.best(place, read.sheet.file)
            lost = (files.links.share(place, key) or 0.0) <= _LOST
            if best is None or not lost or best[1] < _FOUND:
                continue
            if read.sheet.profiles[best[0]].is_key:
                name = draft.join_with(
                    str(read.kind), match.header, read.sheet.base, best[0]
                )
                draft.joined[column] = (name, read.sheet, read.matches["sourcedId"])
                del draft.matches[column]
                break


def _combine(draft: Draft) -> None:
    """Rows that repeat a record, and the columns in which they may differ."""
    parts = (header for one in _key(draft) for header in _headers(draft, one))
    key = list(dict.fromkeys(parts))
    if not key or draft.joined.keys() & set(_key(draft)):
        return
    used = {c: h for c in draft.matches for h in _headers(draft, c)[:1]}
    headers = list(dict.fromkeys([*key, *used.values()]))
    rows = draft.sheet.table.frame.select(headers)
    rows = rows.filter(pl.all_horizontal(pl.col(key) != ""))
    rows = rows.unique() if not draft.own else rows
    repeated = rows.select(key).n_unique() < _SEVERAL * rows.height
    if not repeated and draft.own:
        return
    differing = list(_differing(draft, rows, key, used))
    before = dict(draft.combine or {})
    if draft.own:
        draft.notes.append(
            f"{draft.sheet.base} has several rows for one "
            f"{' and '.join(key)}; rows that say the same are one"
        )
    if differing:
        draft.notes.append(
            f"DOUBT: rows of one record differ in {', '.join(differing)}; the first "
            "one counts"
        )
    draft.combine = before | dict.fromkeys(differing, "first")


def _key(draft: Draft) -> tuple[str, ...]:
    spec = ENTITIES[draft.entity]
    if draft.entity is Entity.ENROLLMENTS and not draft.has("sourcedId"):
        of = "classSourcedId" if draft.has("classSourcedId") else "courseSourcedId"
        return ("userSourcedId", of)
    return tuple(one for one in spec.key if draft.has(one))


def _differing(
    draft: Draft, rows: pl.DataFrame, key: list[str], used: Mapping[str, str]
) -> Iterator[str]:
    """The columns that are not the same in all rows of one key."""
    others = list(dict.fromkeys(h for h in used.values() if h not in key))
    if not others or rows.is_empty():
        return
    counts = rows.group_by(key).agg(pl.col(others).n_unique()).select(others).max()
    people = draft.entity in {Entity.STUDENTS, Entity.USERS}
    picked = _NEVER_PICKED if people or draft.own else frozenset({"status"})
    if draft.kind is Kind.ROLES:
        return
    for column, header in used.items():
        if column in picked or header not in others:
            continue
        if counts.get_column(header)[0] > 1:
            yield column
