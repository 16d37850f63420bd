"""What the rows of each file are, and which of its headers say what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.model.entities import ENTITIES
from sync.suggest.links import Links
from sync.suggest.meanings import role_of
from sync.suggest.phrases import FULL_NAME, KINDS, Kind
from sync.suggest.sheets import Bonus, Match, Sheet, matches
from sync.suggest.words import GUARDIAN, STUDENT, TEACHER

PEOPLE = (Kind.STUDENTS, Kind.STAFF, Kind.GUARDIANS, Kind.USERS)
TARGETS: Mapping[str, tuple[Kind, ...]] = {
    "userSourcedId": PEOPLE,
    "studentSourcedId": (Kind.STUDENTS, Kind.USERS),
    "agentSourcedId": (Kind.GUARDIANS, Kind.USERS, Kind.STAFF),
    "agentSourcedIds": (Kind.GUARDIANS, Kind.USERS, Kind.STAFF),
    "classSourcedId": (Kind.CLASSES,),
    "courseSourcedId": (Kind.COURSES,),
    "primaryOrgSourcedId": (Kind.ORGS,),
    "roleOrgSourcedId": (Kind.ORGS,),
    "orgSourcedId": (Kind.ORGS,),
    "schoolSourcedId": (Kind.ORGS,),
    "termSourcedIds": (Kind.SESSIONS,),
    "schoolYearSourcedId": (Kind.SESSIONS,),
}
"""Canonical column -> the kinds of files of which it names a record."""

_FOUND, _LOST = 0.9, 0.1
"""Containment that speaks for a reference, and that speaks against it."""
_FOR, _AGAINST = 0.4, -2.0
_NAMED, _UNNAMED = 0.2, -0.1
_CORE, _REQUIRED, _OPTIONAL = 2.0, 1.5, 1.0
_MISSING = 0.6
_FILE_NAME, _FILE_WORD = 2.5, 1.0
_SPOKEN = 1.2
_MIXED = 4.0
_BORROWED = 5.0
_ONCE = 0.1
"""So much more often a key stands once in the file whose rows it names."""
_RECORDS = (*PEOPLE, Kind.ORGS, Kind.SESSIONS, Kind.COURSES, Kind.CLASSES)
_BESIDE = 3.0
_NOT_BESIDE: Mapping[Kind, frozenset[str]] = {
    Kind.STAFF: frozenset((STUDENT, GUARDIAN)),
    Kind.GUARDIANS: frozenset((TEACHER, "class", "course", "homeroom")),
    Kind.ORGS: frozenset((STUDENT, GUARDIAN, "class", "term")),
    Kind.SESSIONS: frozenset((STUDENT, GUARDIAN, "class", "course")),
    Kind.COURSES: frozenset((STUDENT, GUARDIAN)),
    Kind.CLASSES: frozenset((STUDENT, GUARDIAN)),
    Kind.USERS: frozenset(("class", "course", "term")),
}
"""Subjects of which the headers of such a file do not speak."""
_EASY = frozenset(("status", "enabledUser", "username"))
"""Required columns that many layouts lack: their absence says nothing."""


@dataclass(frozen=True, slots=True)
class Read:
    """A file and what it was taken for."""

    sheet: Sheet
    kind: Kind | None
    matches: Mapping[str, Match]
    score: float = 0.0

    @property
    def key(self) -> str | None:
        """The header that identifies its rows."""
        match = self.matches.get("sourcedId")
        return match.header if match is not None else None


@dataclass(frozen=True, slots=True)
class Files:
    """All files with what they were taken for, and how they hold together."""

    reads: Sequence[Read]
    links: Links

    def named(self, sheet: Sheet, match: Match | None, kind: Kind) -> Read | None:
        """The file of that kind in whose key the values of a header stand."""
        for other in self.reads:
            if match is None or other.kind is not kind or other.key is None:
                continue
            place, key = (sheet.file, match.header), (other.sheet.file, other.key)
            if (self.links.share(place, key) or 0.0) >= _FOUND:
                return other
        return None


def read_all(sheets: Sequence[Sheet], links: Links) -> list[Read]:
    """Each file by itself first, then again with what the others say."""
    first = [_best(one, {}, links) for one in sheets]
    for _ in range(2):
        first = [
            _best(one, {kind: bonus(one, kind, first, links) for kind in Kind}, links)
            for one in sheets
        ]
    return first


def bonus(one: Sheet, kind: Kind, reads: Sequence[Read], links: Links) -> Bonus:
    """What containment between the files says for a header."""
    named = {
        header: links.named_by((one.file, header), _FOUND) for header in one.profiles
    }
    most = max(named.values(), default=0)

    def judge(column: str, header: str) -> float:
        more = 0.0
        targets = TARGETS.get(column)
        if column == "parentSourcedId":
            targets = (kind,)
        if kind is Kind.DEMOGRAPHICS and column == "sourcedId":
            targets = PEOPLE
        if targets is not None:
            more = _contained(one, header, targets, reads, links)
        elif column == "sourcedId" and most and one.profiles[header].filled:
            more = _NAMED * named[header] / most if named[header] else _UNNAMED
        return more

    return judge


def _contained(
    one: Sheet,
    header: str,
    targets: Sequence[Kind],
    reads: Sequence[Read],
    links: Links,
) -> float:
    place = (one.file, header)
    chosen, any_key = [], []
    for read in reads:
        if read.kind not in targets or (read.sheet.file, read.key) == place:
            continue
        if read.key is not None:
            chosen.append(links.share(place, (read.sheet.file, read.key)))
        best = links.best(place, read.sheet.file)
        any_key.append(None if best is None else best[1])
    known = [share for share in chosen if share is not None]
    if known and sum(known) >= _FOUND:
        return _FOR
    somewhere = [share for share in any_key if share is not None]
    if not somewhere or max(somewhere) > _LOST:
        return 0.0
    return _AGAINST


def _best(one: Sheet, bonuses: Mapping[Kind, Bonus], links: Links) -> Read:
    """The kind that explains most of the file."""
    best = Read(one, None, {})
    for kind in Kind:
        headers = [h for h in one.profiles if _is_its_own(one, h)]
        found = matches(one, kind, headers, bonuses.get(kind))
        if not _has_core(kind, found):
            continue
        score = _value(one, kind, found) - _borrowed(one, kind, found, links)
        if best.kind is None or score > best.score:
            best = Read(one, kind, found, score)
    return best


def _is_its_own(one: Sheet, header: str) -> bool:
    """A second guardian or teacher is not the one of whom the row speaks."""
    said = one.said[header]
    return said.slot is None or not said.subjects & {GUARDIAN, TEACHER}


def _has_core(kind: Kind, found: Mapping[str, Match]) -> bool:
    return all(any(c in found for c in either) for either in KINDS[kind].core)


def _value(one: Sheet, kind: Kind, found: Mapping[str, Match]) -> float:
    spec = KINDS[kind]
    core = {next((c for c in either if c in found), "") for either in spec.core}
    required = set(ENTITIES[spec.entity].required)
    value = 0.0
    for column, match in found.items():
        weight = _REQUIRED if column in required else _OPTIONAL
        value += match.score * (_CORE if column in core else weight)
    whole = {"givenName", "familyName"} if FULL_NAME in found else set()
    lacking = required - found.keys() - _EASY - whole
    value -= _MISSING * len(lacking)
    if kind is Kind.ENROLLMENTS and _teaches(one, found):
        value -= _BESIDE
    value += _by_file_name(one, kind)
    value += _spoken(one, kind) - _others(one, kind)
    return value + _by_roles(one, kind, found)


def _borrowed(
    one: Sheet, kind: Kind, found: Mapping[str, Match], links: Links
) -> float:
    """What repeats here and stands once in another file is a record of that one."""
    key = found.get("sourcedId")
    if kind not in _RECORDS or key is None:
        return 0.0
    place = (one.file, key.header)
    unique = one.profiles[key.header].unique + _ONCE
    elsewhere = [
        share
        for other, share in links.shares.get(place, {}).items()
        if other[0] != one.file and links.unique[other] > unique
    ]
    return _BORROWED if max(elsewhere, default=0.0) >= _FOUND else 0.0


def _teaches(one: Sheet, found: Mapping[str, Match]) -> bool:
    """A class with its teacher, room and period is no enrollment."""
    user = found.get("userSourcedId")
    if user is None or TEACHER not in one.said[user.header].subjects:
        return False
    words = {word for said in one.said.values() for word in said.words}
    return STUDENT not in words and bool({"room", "period"} & words)


def _by_file_name(one: Sheet, kind: Kind) -> float:
    words = [word for word in one.file_words if not word.isdigit()]
    hints = KINDS[kind].names
    if kind is Kind.ENROLLMENTS and "class" in words and {STUDENT, TEACHER} & {*words}:
        return _FILE_NAME + _FILE_WORD
    if not words or not hints & set(words):
        return 0.0
    if kind is Kind.CLASSES and {STUDENT, TEACHER} & {*words}:
        return 0.0
    if kind is Kind.AGENTS:
        links = {"relationship", "link", "links"} & set(words)
        both = {STUDENT, GUARDIAN} <= set(words)
        return _FILE_NAME if links or both else _FILE_WORD
    return _FILE_NAME if words[-1] in hints or len(words) == 1 else _FILE_WORD


def _spoken(one: Sheet, kind: Kind) -> float:
    """Headers that name their subject say what the rows are."""
    own = KINDS[kind].own
    spoken = [said.subjects for said in one.said.values() if said.subjects]
    if not spoken or kind is Kind.DEMOGRAPHICS:
        return 0.0
    return _SPOKEN * sum(bool(subjects & own) for subjects in spoken) / len(one.said)


def _others(one: Sheet, kind: Kind) -> float:
    """A row that speaks of students besides others is that of a student."""
    others = _NOT_BESIDE.get(kind, frozenset())
    beside = {s for said in one.said.values() for s in said.subjects} & others
    return _BESIDE * len(beside)


def _by_roles(one: Sheet, kind: Kind, found: Mapping[str, Match]) -> float:
    """People of several roles in one file are users; of one, that role's file."""
    role = found.get("role")
    if role is None or kind not in PEOPLE:
        return 0.0
    seen = {role_of(code) for code in one.profiles[role.header].codes} - {None}
    mixed = "student" in seen and len(seen) > 1
    if kind is Kind.USERS:
        return _MIXED if mixed else 0.3
    if kind is Kind.GUARDIANS:
        return 1.0 if seen and seen <= {"parent", "guardian", "relative"} else -1.0
    return -_MIXED if mixed else 0.0
