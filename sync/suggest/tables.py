"""Files with their kinds -> the tables of the mapping to be.

A file gives the table of what its rows are (people: see ``people``), and besides what
else stands in them (see ``beside``).
"""

from __future__ import annotations

from collections.abc import Iterator

from sync.model.entities import Entity
from sync.suggest.beside import beside
from sync.suggest.drafts import Draft
from sync.suggest.kinds import PEOPLE, Files, Read
from sync.suggest.people import people
from sync.suggest.phrases import Kind


def tables(files: Files) -> list[Draft]:
    """All tables, those of which others speak first."""
    drafts: list[Draft] = []
    for read in files.reads:
        if read.kind is not None:
            drafts += _primary(read, files)
    for read in files.reads:
        if read.kind is not None:
            drafts += beside(read, files)
    order = list(Entity)
    drafts.sort(key=lambda one: (order.index(one.entity), not one.own, one.sheet.file))
    return drafts


def _primary(read: Read, files: Files) -> Iterator[Draft]:
    assert read.kind is not None  # noqa: S101 - asked by the caller
    found = dict(read.matches)
    draft = Draft(read.kind, read.sheet, found)
    if read.kind in PEOPLE:
        yield from people(read, draft, files)
        return
    if read.kind is Kind.CLASSES:
        _of_course(draft, files)
    yield draft


def _of_course(draft: Draft, files: Files) -> None:
    """The school and the term of a class out of the file of its course."""
    wanted = {"schoolSourcedId": "orgSourcedId"}
    wanted["termSourcedIds"] = "schoolYearSourcedId"
    course = draft.matches.get("courseSourcedId")
    missing = {name: there for name, there in wanted.items() if not draft.has(name)}
    other = files.named(draft.sheet, course, Kind.COURSES)
    if course is None or other is None:
        return
    joined = {n: other.matches[t] for n, t in missing.items() if t in other.matches}
    if joined:
        join = draft.join_with(
            "course", course.header, other.sheet.base, str(other.key)
        )
        for name, match in joined.items():
            draft.joined[name] = (join, other.sheet, match)
