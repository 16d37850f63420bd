"""A header or a file name -> plain words, so that ``Stu_FName`` and ``Pupil's first
name`` say the same.

Words come out in one spelling (``pupil`` and ``learner`` are ``student``), without
fillers, run-together names taken apart by the words that are known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

GUARDIAN, TEACHER, STUDENT = "guardian", "teacher", "student"
SUBJECTS = frozenset(
    (
        *(STUDENT, TEACHER, GUARDIAN, "class", "course", "term", "school"),
        *("district", "enrollment", "subject", "homeroom", "emergency"),
    )
)
"""Whom or what a header speaks of."""

IDS = frozenset(("id", "number", "code"))

_SAME: Mapping[str, str] = {
    "student": "pupil learner stu stud stdnt std child kid students scholar",
    "teacher": "staff faculty instructor educator tchr tch teach employee emp teachers "
    "staffs instructors lecturer tutor teachr",
    "guardian": "parent contact relative carer caregiver agent observer parents "
    "guardians contacts par grdn agents guard observers custodian",
    "mother": "mom mum",
    "father": "dad",
    "user": "person people member users persons individual",
    "school": "sch building bldg campus site org organization organisation "
    "schools orgs buildings schl account accounts institution facility campuses",
    "district": "lea dist districts",
    "class": "section sect sec classes sections cls secs group",
    "course": "courses crs",
    "term": "semester session trimester quarter terms sessions sem trm semesters",
    "enrollment": "enrolment enroll enrol enrollments enrolments roster rosters "
    "enr enrolled membership registration",
    "id": "guid uuid uid key sourced pk ref reference identification ids keys refs "
    "sourceid identifiers",
    "number": "nbr no num nr numbers nmbr",
    "code": "abbreviation abbr codes cd short",
    "identifier": "ident",
    "first": "given forename fore preferred chosen",
    "last": "surname sur",
    "middle": "mid",
    "initial": "init",
    "name": "nm nam names",
    "title": "heading",
    "description": "desc descr",
    "birth": "born birthday",
    "date": "dt day dates",
    "email": "mail emails eml",
    "address": "addr",
    "phone": "tel telephone cell mobile cellphone cellular phones telefon ph sms",
    "grade": "gr grd grades yeargroup grad",
    "level": "lvl levels lev",
    "year": "yr years",
    "begin": "start from entry enter entered joined admission begins starts starting "
    "commence opening opens started began",
    "end": "exit leave leaving withdraw withdrawal left until stop ends ending finish "
    "closes to ended finished stopped",
    "status": "stat standing",
    "active": "current currently",
    "enabled": "enable allowed permitted allow",
    "username": "login userid logon signin",
    "role": "roles",
    "type": "kind typ category types",
    "relationship": "relation rel relations relationships",
    "primary": "main prim pri",
    "subject": "subjects subj department dept discipline",
    "period": "per periods block bell slot hour",
    "room": "location classroom rm place loc",
    "homeroom": "hr hmrm",
    "parentof": "upper superior",
    "modified": "updated changed",
    "profile": "profiles",
    "application": "app",
}
_SPELLING = {other: word for word, others in _SAME.items() for other in others.split()}

_PAIRS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("d", "o", "b"): ("birth", "date"),
    ("dob",): ("birth", "date"),
    ("birthdate",): ("birth", "date"),
    ("birthday",): ("birth", "date"),
    ("date", "of", "birth"): ("birth", "date"),
    ("year", "of", "birth"): ("birth", "year"),
    ("family", "name"): ("last", "name"),
    ("familyname",): ("last", "name"),
    ("family",): ("guardian",),
    ("surname",): ("last", "name"),
    ("forename",): ("first", "name"),
    ("firstname",): ("first", "name"),
    ("lastname",): ("last", "name"),
    ("middlename",): ("middle", "name"),
    ("fname",): ("first", "name"),
    ("lname",): ("last", "name"),
    ("mname",): ("middle", "name"),
    ("f", "name"): ("first", "name"),
    ("l", "name"): ("last", "name"),
    ("m", "name"): ("middle", "name"),
    ("mi",): ("middle", "initial"),
    ("user", "name"): ("username",),
    ("user", "names"): ("username",),
    ("account", "name"): ("username", "account"),
    ("account", "enabled"): ("enabled",),
    ("account", "active"): ("enabled", "active"),
    ("account", "status"): ("status",),
    ("network", "id"): ("username",),
    ("network", "login"): ("username",),
    ("login", "name"): ("username",),
    ("login", "id"): ("username",),
    ("sign", "in", "name"): ("username",),
    ("log", "in", "name"): ("username",),
    ("log", "in"): ("username",),
    ("sign", "in"): ("username",),
    ("log", "on"): ("username",),
    ("e", "mail"): ("email",),
    ("e", "mail", "address"): ("email",),
    ("e", "mail", "addr"): ("email",),
    ("email", "address"): ("email",),
    ("email", "addr"): ("email",),
    ("mail", "address"): ("email",),
    ("home", "room"): ("homeroom",),
    ("year", "level"): ("grade",),
    ("year", "group"): ("grade",),
    ("yr", "level"): ("grade",),
    ("yr", "lvl"): ("grade",),
    ("yr", "grp"): ("grade",),
    ("yr", "group"): ("grade",),
    ("grade", "level"): ("grade",),
    ("grade", "levels"): ("grade",),
    ("grade", "lvl"): ("grade",),
    ("grade", "band"): ("grade",),
    ("year", "levels"): ("grade",),
    ("year", "groups"): ("grade",),
    ("school", "year"): ("schoolyear",),
    ("academic", "year"): ("schoolyear",),
    ("acad", "year"): ("schoolyear",),
    ("acad", "yr"): ("schoolyear",),
    ("academic", "yr"): ("schoolyear",),
    ("school", "yr"): ("schoolyear",),
    ("sch", "year"): ("schoolyear",),
    ("sch", "yr"): ("schoolyear",),
    ("academic", "session"): ("term",),
    ("academic", "sessions"): ("term",),
    ("academic", "term"): ("term",),
    ("grading", "period"): ("term",),
    ("marking", "period"): ("term",),
    ("course", "section"): ("class",),
    ("class", "room"): ("room",),
    ("phone", "number"): ("phone",),
    ("phone", "no"): ("phone",),
    ("telephone", "number"): ("phone",),
    ("mobile", "number"): ("phone",),
    ("cell", "number"): ("phone",),
    ("cell", "phone"): ("phone",),
    ("mobile", "phone"): ("phone",),
    ("time", "stamp"): ("modified",),
    ("timestamp",): ("modified",),
    ("last", "modified"): ("modified",),
    ("last", "updated"): ("modified",),
    ("last", "changed"): ("modified",),
    ("last", "update"): ("modified",),
    ("last", "change"): ("modified",),
    ("last", "edited"): ("modified",),
    ("last", "edit"): ("modified",),
    ("first", "day"): ("begin", "date"),
    ("last", "day"): ("end", "date"),
    ("date", "from"): ("begin", "date"),
    ("date", "to"): ("end", "date"),
    ("effective", "date"): ("begin", "date"),
}
"""Words that mean something together; longer ones first."""

_FILLERS = frozenset(
    (
        *("the", "of", "a", "an", "for", "s", "is", "in", "at", "and", "or", "as"),
        *("required", "optional", "sis", "local", "field", "value", "new", "record"),
        "row",
        *("this", "all", "unique", "official", "legal", "lms", "csv", "txt", "export"),
        *("tsv", "data", "file", "list", "extract", "report", "table", "full", "dat"),
        *("his", "her", "their", "has", "can", "assigned", "usr", "home", "db"),
    )
)
"""Words that tell no column from another."""

_KEEP_IF_ALONE = {"sis": "id", "local": "id", "full": "name"}
_LONGEST_PAIR = 3
_SHORTEST_PART = 2
_SHORTEST_SPLIT = 5


@dataclass(frozen=True, slots=True)
class Said:
    """What a header says."""

    words: tuple[str, ...]
    slot: str | None = None
    """Which of several guardians or teachers: ``1``, ``2``, ``mother``, ..."""

    @property
    def subjects(self) -> frozenset[str]:
        """Of whom or what it speaks by name."""
        return SUBJECTS & frozenset(self.words)


@cache
def say(header: str) -> Said:
    """The words of a header, and which of several people it is about."""
    raw = _raw(header)
    paired = _paired(raw)
    words = [_SPELLING.get(word, word) for word in paired]
    words, slot = _slot(words)
    kept = [word for word in words if word not in _FILLERS]
    if not kept and words:
        kept = [_KEEP_IF_ALONE.get(words[-1], words[-1])]
    if raw and set(raw) & {"sis"} and not IDS & set(kept) and len(kept) == 1:
        kept.append("id")
    return Said(tuple(dict.fromkeys(kept)), slot)


def _raw(header: str) -> list[str]:
    bare = unicodedata.normalize("NFKD", header)
    bare = "".join(one for one in bare if not unicodedata.combining(one))
    bare = bare.replace("#", " number ").replace("@", " at ").replace("'", " ")
    bare = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", bare)
    bare = re.sub(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", " ", bare)
    found = re.findall(r"[^\W_]+", bare.casefold())
    return [part for word in found for part in _apart(word)]


def _apart(word: str) -> Sequence[str]:
    """A run-together word in its parts, if known words make all of it."""
    if word in _known() or len(word) < _SHORTEST_SPLIT:
        return [word]
    return _split(word) or [word]


@cache
def _split(word: str) -> tuple[str, ...]:
    """The fewest known words that make up the whole."""
    best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
    for end in range(1, len(word) + 1):
        for start in range(end - _SHORTEST_PART + 1):
            front = best[start]
            if front is None or word[start:end] not in _known():
                continue
            made = (*front, word[start:end])
            there = best[end]
            if there is None or len(made) < len(there):
                best[end] = made
    return best[-1] or ()


@cache
def _known() -> frozenset[str]:
    """The words by which run-together names are taken apart."""
    plain = {part for pair in _PAIRS for part in pair}
    extra = {"contact", "emergency", "metadata", "is", "user", "home", "academic"}
    every = plain | set(_SPELLING) | set(_SAME) | extra | SUBJECTS
    short = {"id", "no", "gr", "yr", "tel", "sis", "dob", "mi"}
    return frozenset(
        word for word in every if len(word) > _SHORTEST_PART or word in short
    )


def _paired(raw: Sequence[str]) -> list[str]:
    """Words that mean something together, put as one."""
    made: list[str] = []
    place = 0
    while place < len(raw):
        for length in range(_LONGEST_PAIR, 0, -1):
            pair = tuple(raw[place : place + length])
            if len(pair) == length and pair in _PAIRS:
                made += _PAIRS[pair]
                place += length
                break
        else:
            made.append(raw[place])
            place += 1
    return made


_ORDINAL = {"first": "1", "second": "2", "third": "3", "primary": "1", "secondary": "2"}


def _slot(words: list[str]) -> tuple[list[str], str | None]:
    """Take out which guardian or teacher it is."""
    for one in ("mother", "father"):
        if one in words:
            rest = [word for word in words if word not in (one, GUARDIAN)]
            return [GUARDIAN, *rest], one
    for place, word in enumerate(words):
        if word not in (GUARDIAN, TEACHER):
            continue
        after = words[place + 1] if place + 1 < len(words) else ""
        if after.isdigit():
            return words[: place + 1] + words[place + 2 :], after.lstrip("0") or "0"
        before = words[place - 1] if place else ""
        alone = len(words) == 2  # noqa: PLR2004 - the subject and what is before it
        if (before in _ORDINAL or before.isdigit()) and not alone:
            slot = _ORDINAL.get(before, before)
            return words[: place - 1] + words[place:], slot
        if words[-1].isdigit() and place == 0 and len(words) > 1:
            return words[:-1], words[-1]
    return words, None
