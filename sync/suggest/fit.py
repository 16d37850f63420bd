"""Whether the cells of a column could be what a canonical column holds: -1 to 1.

1 speaks for it, 0 says nothing, ``NEVER`` rules it out whatever its name is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sync.model.entities import ENTITIES, Entity
from sync.model.entities import Kind as Cell
from sync.suggest.meanings import boolean_of, status_of
from sync.suggest.phrases import FULL_NAME
from sync.suggest.shapes import Profile

NEVER = -1.0
_HARDLY = -0.6
_MOST = 0.8
_SOME = 0.3
_HALF = 0.5
_NUMBERS = range(1, 7)
"""So many different numbers may be codes of a status or role."""
_NEVER_BLANK = frozenset(("enabledUser", "role", "relationshipType"))
_WRITTEN = frozenset(("name", "title", FULL_NAME, "location", "subjects"))
_NAMES = frozenset(("givenName", "familyName", "middleName", FULL_NAME))


def fit(entity: Entity, column: str, profile: Profile) -> float:
    """How well the cells fit; 0 where there are none."""
    if not profile.filled:
        return _blank(entity, column, profile)
    if column in _NAMES:
        return _name(profile, column)
    if column in _SPECIAL:
        return _SPECIAL[column](profile)
    if column == "agentSourcedIds":
        return _identifier(profile)
    kind = ENTITIES[entity].column(column).kind
    if column == ENTITIES[entity].key[0] and len(ENTITIES[entity].key) == 1:
        return _key(profile)
    return _OF_KIND[kind](profile)


def _blank(entity: Entity, column: str, profile: Profile) -> float:
    """Columns without any cell say nothing, and so are no key and no status."""
    if not profile.rows:
        return 0.0
    if column in _NEVER_BLANK:
        return NEVER
    return _HARDLY if ENTITIES[entity].key == (column,) else 0.0


def _share(shape: str) -> Callable[[Profile], float]:
    """Most cells have the shape, or it is another column."""

    def judge(profile: Profile) -> float:
        share = profile.share(shape)
        return 2 * share - 1 if share >= _SOME else NEVER

    return judge


def _role(profile: Profile) -> float:
    """Most cells are known words, or the codes are a few numbers."""
    share = profile.share("role")
    if share >= _HALF:
        return share
    if profile.share("boolean") == 1.0 and len(profile.codes) > 1:
        return NEVER
    numbers = profile.share("number") == 1.0 and len(profile.codes) in _NUMBERS
    return 0.1 if numbers else NEVER


def _name(profile: Profile, column: str) -> float:
    share = profile.share("name")
    if column == "middleName":
        share = max(share, profile.share("initial"))
    if profile.share("email") > _SOME or profile.share("date") > _SOME:
        return NEVER
    if profile.share("digits") > _SOME:
        return NEVER
    if column == FULL_NAME:
        two = max(profile.share("two_words"), profile.share("comma_name"))
        return share if two >= _MOST else 2 * two - 1.4
    return 2 * share - 1


def _title(profile: Profile) -> float:
    """Text to read: a name of something."""
    if profile.share("email") > _SOME or profile.share("digits") > _MOST:
        return _HARDLY
    if profile.share("date") > _MOST:
        return NEVER
    spoken = profile.share("two_words")
    if profile.share("boolean") > _MOST or profile.share("status") > _MOST:
        return _HARDLY
    return min(0.5, 2 * max(spoken, profile.share("letters") * 0.6) - 0.6)


def _identifier(profile: Profile) -> float:
    if profile.share("name") > _MOST and profile.share("has_digit") == 0.0:
        return _HARDLY + 0.2
    if profile.share("email") > _MOST and profile.unique < _MOST:
        return _HARDLY
    if profile.share("iso") > _MOST or profile.share("long") > _SOME:
        return NEVER
    if profile.date_format not in {None, "%Y%m%d"} and profile.share("date") > _MOST:
        return NEVER
    spaced = 1 - profile.share("word")
    if profile.separator is not None:
        spaced = 0.0
    return 0.4 - 1.2 * spaced


def _key(profile: Profile) -> float:
    base = _identifier(profile)
    named = max(profile.share("two_words"), profile.share("comma_name")) >= _HALF
    if base == NEVER or (named and profile.share("has_digit") < _HALF):
        return NEVER
    if profile.is_key:
        return min(1.0, base + 0.6)
    return base - 0.3 if profile.fill > _MOST else base - 0.8


def _text(profile: Profile) -> float:
    return _HARDLY if profile.share("date") > _MOST else 0.0


def _code(profile: Profile) -> float:
    """A short text without much to read."""
    if profile.share("date") > _MOST and profile.date_format != "%Y%m%d":
        return NEVER
    return 0.3 if profile.share("word") > _MOST else -0.3


def _username(profile: Profile) -> float:
    if profile.share("word") < _MOST or profile.share("date") > _SOME:
        return NEVER
    if profile.share("boolean") > _MOST:
        return NEVER
    return 0.5 if profile.unique > _HALF else _HARDLY


def _status(profile: Profile) -> float:
    """Some code must mean active, or be a number of which nobody knows the meaning."""
    if not profile.codes:
        return NEVER
    if any(status_of(code) == "active" for code in profile.codes):
        return profile.share("status")
    if profile.fill < 1 and all(map(status_of, profile.codes)):
        return 0.2
    numbers = profile.share("number") == 1.0 and len(profile.codes) in _NUMBERS
    return 0.1 if numbers else NEVER


def _type(profile: Profile) -> float:
    if profile.share("date") > _MOST or profile.share("email") > _MOST:
        return NEVER
    return 0.3 if profile.codes else -0.3


def _room(profile: Profile) -> float:
    return NEVER if profile.share("date") > _MOST else 0.0


def _relation(profile: Profile) -> float:
    if profile.share("relation") >= _MOST:
        return 1.0
    if profile.share("email") > _SOME or profile.share("digits") > _MOST:
        return NEVER
    return 0.3 if profile.codes else -0.4


def _year(profile: Profile) -> float:
    return 0.6 if profile.share("year") > _MOST else -0.2


def _enabled(profile: Profile) -> float:
    if profile.share("boolean") == 1.0:
        return 1.0
    known = {boolean_of(code) for code in profile.codes}
    return 0.3 if known and None not in known else NEVER


_SPECIAL: Mapping[str, Callable[[Profile], float]] = {
    "name": _title,
    "title": _title,
    "username": _username,
    "type": _type,
    "classType": _type,
    "location": _room,
    "relationshipType": _relation,
    "schoolYear": _year,
    "courseCode": _code,
    "classCode": _code,
    "subjectCodes": _code,
    "identifier": _code,
    "enabledUser": _enabled,
    "primary": _enabled,
}

_OF_KIND: Mapping[Cell, Callable[[Profile], float]] = {
    Cell.IDENTIFIER: _identifier,
    Cell.IDENTIFIERS: _identifier,
    Cell.TEXT: _text,
    Cell.STATUS: _status,
    Cell.BOOLEAN: _share("boolean"),
    Cell.EMAIL: _share("email"),
    Cell.PHONE: _share("phone"),
    Cell.DATE: _share("date"),
    Cell.GRADES: _share("grade"),
    Cell.USER_ROLE: _role,
    Cell.ENROLLMENT_ROLE: _role,
    Cell.ROLE_TYPE: _type,
}
