"""One file as ``suggest`` sees it, and how its headers fit the columns of a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sync.model.entities import ENTITIES, Entity
from sync.model.roster import RawTable
from sync.suggest.assign import assign
from sync.suggest.fit import NEVER, fit
from sync.suggest.known import vendors
from sync.suggest.likeness import likeness
from sync.suggest.phrases import FULL_NAME, KINDS, Kind
from sync.suggest.shapes import Profile, profiles
from sync.suggest.words import GUARDIAN, STUDENT, TEACHER, Said, say

ENOUGH = 0.5
"""Score from which a header is taken for a column."""
NEAR = 0.12
"""Two headers whose scores are nearer than this are a doubt."""
_SHAPE = 0.3
"""What the cells count beside the name."""
_LEAST_LIKE = 0.55
_LEAST: Mapping[str, float] = {
    "status": 0.75,
    "type": 0.7,
    "classType": 0.6,
    "name": 0.6,
    "title": 0.8,
    "primary": 0.6,
    "parentSourcedId": 0.7,
    "grades": 0.7,
    "roleType": 0.75,
    "enabledUser": 0.6,
    "classCode": 0.8,
    "agentSourcedId": 0.6,
    "agentSourcedIds": 0.75,
    "subjectCodes": 0.7,
    "termSourcedIds": 0.7,
    "schoolYearSourcedId": 0.7,
}
"""Names that must be met better, because many headers have a word of them."""
_EXACT_VENDOR = 0.9
_CORE, _REQUIRED = 3.0, 1.2
"""How much more a column counts that must not be missing, so that no other one takes
the header that is best for it."""
_TELLING: Mapping[str, str] = {
    "email": "email",
    "birthDate": "date",
    "grades": "grade",
    "role": "role",
    "relationshipType": "relation",
}
"""Columns whose cells are like no other's, and the shape of these."""
_TELLING_SHARE = 0.9
_TOLD = 0.15
_BY_SHAPE = 0.55
_PEOPLE = frozenset((STUDENT, TEACHER, GUARDIAN, "emergency"))
_LATER = 0.02
"""What each later phrase of a column counts less than the one before it."""
_LATEST = 0.2

Bonus = Callable[[str, str], float]
"""(canonical column, header) -> what other files say for or against it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file: its headers in words and its columns as they look."""

    file: str
    table: RawTable
    said: Mapping[str, Said]
    profiles: Mapping[str, Profile]

    @property
    def base(self) -> str:
        """The name without folders."""
        return self.file.rpartition("/")[2]

    @property
    def file_words(self) -> tuple[str, ...]:
        """The words of the file's name."""
        return say(self.base).words

    def slots(self, subject: str) -> list[str | None]:
        """Which of several guardians or teachers the headers speak of."""
        found = {s.slot for s in self.said.values() if subject in s.subjects}
        return sorted(found, key=lambda slot: slot or "")

    def speaking(self, subject: str, slot: str | None) -> list[str]:
        """The headers that speak of one of them."""
        return [
            header
            for header, said in self.said.items()
            if subject in said.subjects
            and said.slot == slot
            and "emergency" not in said.subjects
        ]


@dataclass(frozen=True, slots=True)
class Match:
    """One header for one canonical column."""

    header: str
    score: float
    like: float
    fit: float
    phrase: str
    """The name that it is like."""
    rivals: tuple[str, ...] = ()
    """Other headers that were nearly as good."""


def sheet(table: RawTable) -> Sheet:
    """Look at a file."""
    return Sheet(
        table.file,
        table,
        {header: say(header) for header in table.headers},
        profiles(table),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What headers are sought for: the columns of a kind, in a file that speaks so."""

    kind: Kind
    bonus: Bonus | None = None
    own_: frozenset[str] | None = None

    @property
    def own(self) -> frozenset[str]:
        """The subjects that a header need not name."""
        return KINDS[self.kind].own if self.own_ is None else self.own_

    def more(self, column: str, header: str) -> float:
        """What other files say for or against a header."""
        return 0.0 if self.bonus is None else self.bonus(column, header)


def matches(
    one: Sheet,
    kind: Kind,
    headers: Sequence[str],
    bonus: Bonus | None = None,
    own: frozenset[str] | None = None,
) -> dict[str, Match]:
    """The best header for each column of a kind: each used once."""
    asked = Asked(kind, bonus, own)
    columns = list(KINDS[kind].phrases)
    table = [
        [_score(one, asked, column, header) for column in columns] for header in headers
    ]
    weights = [_weight(kind, column) for column in columns]
    scores = [
        [
            cell.score * weight if cell.score >= ENOUGH else 0.0
            for cell, weight in zip(cells, weights, strict=True)
        ]
        for cells in table
    ]
    pairs = assign(scores)
    taken = {headers[row] for row, _ in pairs}
    found = {}
    for row, place in pairs:
        best = table[row][place]
        least = max(best.score - NEAR, ENOUGH)
        near = (cells[place] for cells in table)
        rivals = (c.header for c in near if c.header not in taken and c.score > least)
        found[columns[place]] = replace(best, rivals=tuple(rivals))
    if {"givenName", "familyName"} <= found.keys():
        found.pop(FULL_NAME, None)
    return {name: found[name] for name in columns if name in found}


def _weight(kind: Kind, column: str) -> float:
    spec = KINDS[kind]
    if any(column == either[0] for either in spec.core):
        return _CORE
    if any(column in either for either in spec.core):
        return _REQUIRED
    return _REQUIRED if column in ENTITIES[spec.entity].required else 1.0


def _score(one: Sheet, asked: Asked, column: str, header: str) -> Match:
    """How well one header fits one column; score 0 where something rules it out."""
    said = one.said[header]
    profile = one.profiles[header]
    like, phrase = _likeness(asked.kind, column, said.words, asked.own)
    cells = _fit(asked.kind, column, profile)
    never = Match(header, 0.0, like, cells, phrase)
    if cells <= NEVER or _speaks_of_others(said, phrase, asked.own):
        return never
    if column == "status" and not profile.filled and not _says_status(said):
        return never
    more = asked.more(column, header)
    score = like + _SHAPE * cells + more
    if like < _LEAST.get(column, _LEAST_LIKE):
        # E-mails are known without a name; nothing else is.
        known = column == "email" and _tells(profile, column, cells)
        score = _BY_SHAPE + more if known and not said.subjects - asked.own else 0.0
    elif column in _TELLING and _tells(profile, column, cells):
        score += _TOLD
    return Match(header, score, like, cells, phrase)


def _speaks_of_others(said: Said, phrase: str, own: frozenset[str]) -> bool:
    """Whether a header names people of whom neither file nor column speaks."""
    return bool(said.subjects & _PEOPLE - own - set(say(phrase).words))


def _says_status(said: Said) -> bool:
    """Whether a column without any cell is one of status, and not of an address."""
    return bool({"status", "active"} & {*said.words})


def _fit(kind: Kind, column: str, profile: Profile) -> float:
    if column == "studentSourcedId" and kind is Kind.GUARDIANS:
        return 0.0  # no column of users; the link between both is judged elsewhere
    return fit(KINDS[kind].entity, column, profile)


def _tells(profile: Profile, column: str, cells: float) -> bool:
    """Whether nearly all cells have the shape of the column."""
    return cells > 0 and profile.share(_TELLING[column]) >= _TELLING_SHARE


@cache
def _likeness(
    kind: Kind, column: str, words: tuple[str, ...], own: frozenset[str]
) -> tuple[float, str]:
    """How like the nearest name of the column, and which one that is."""
    best, name = 0.0, ""
    for place, phrase in enumerate(KINDS[kind].phrases[column]):
        like = likeness(words, say(phrase).words, own)
        like -= min(place * _LATER, _LATEST) if like else 0.0
        if like > best:
            best, name = like, phrase
    links = {"relationshipType", "studentSourcedId"}
    entity = Entity.AGENTS if column in links else KINDS[kind].entity
    for said, vendor in vendors().get(entity, {}).get(column, {}).items():
        if said.words == words and len(words) > 1 and best < _EXACT_VENDOR:
            best, name = _EXACT_VENDOR, f"{' '.join(words)} ({vendor})"
    return best, name
