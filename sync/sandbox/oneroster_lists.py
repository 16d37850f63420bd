"""OneRoster's lists and single records, from the top and inside another record.

In: a version. Out: its GET routes. Which form answers is asked at each call.
Source: the operations of the published rostering service, the OpenAPI description of
TimeBack's api for the keys that it names otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sync.sandbox.exchange import Call, Refusal, Reply, Route
from sync.sandbox.listing import (
    Collection,
    Dialect,
    page_of,
    selected_fields,
    shown_text,
)
from sync.sandbox.oneroster_answers import list_reply, single_reply
from sync.sandbox.oneroster_forms import (
    ROOTS,
    Form,
    Version,
    computed,
    fields,
    form_of,
    said_otherwise,
    scopes,
    shape_of,
)
from sync.sandbox.people import settle
from sync.sandbox.store import Selection

if TYPE_CHECKING:
    from sync.sandbox.settings import SandboxSettings
    from sync.sandbox.world import World

_TIMEBACK = Dialect(
    default_limit=100,
    ascending="asc",
    descending="desc",
    operators=frozenset({"=", "!=", "~", ">", ">=", "<", "<=", "@"}),
)
_SPEC = replace(
    _TIMEBACK,
    operators=_TIMEBACK.operators - {"@"},
    predicates=2,
    unknown_sort="ignore",
    unknown_fields="all",
    orders_alone=False,
)
_DIALECTS = {
    "refuse": _TIMEBACK,
    "spec": _SPEC,
    "edfi": replace(
        _SPEC,
        predicates=20,
        unknown_fields="refuse",
        nested=False,
        above_cap="clamp",
        orders_alone=True,
    ),
    "all": replace(
        _SPEC,
        predicates=None,
        unknown_filter="nothing",
        bad_number="default",
        above_cap="free",
        orders_alone=True,
        and_wins=True,
    ),
}
_NAMES = ("givenName", "familyName", "email")
_TITLE = ("title",)
COLLECTIONS: tuple[Collection, ...] = (
    Collection("orgs", "orgs", "orgs", "org", searched=("name",)),
    Collection("schools", "orgs", "orgs", "org", "type = 'school'", ("name",)),
    Collection(
        "academicSessions",
        "academicSessions",
        "academicSessions",
        "academicSession",
    ),
    Collection("terms", "academicSessions", "terms", "term", "type = 'term'"),
    Collection(
        "gradingPeriods",
        "academicSessions",
        "gradingPeriods",
        "gradingPeriod",
        "type = 'gradingPeriod'",
    ),
    Collection(
        "courses", "courses", "courses", "course", searched=("title", "courseCode")
    ),
    Collection("classes", "classes", "classes", "class", searched=_TITLE),
    Collection("users", "users", "users", "user", searched=_NAMES),
    Collection("students", "users", "users", "user", "student = 1", _NAMES),
    Collection("teachers", "users", "users", "user", "teacher = 1", _NAMES),
    Collection("enrollments", "enrollments", "enrollments", "enrollment"),
    Collection("demographics", "demographics", "demographics", "demographics"),
)
"""As TimeBack's api names them; the standard puts every session into one envelope."""
_BY_PATH = {collection.path: collection for collection in COLLECTIONS}

_MEMBERS = (
    'sourcedId IN (SELECT "user" FROM enrollments'
    " WHERE \"class\" = ? AND role = '{}' AND status != 'tobedeleted')"
)
_CLASSES = (
    'sourcedId IN (SELECT "class" FROM enrollments'
    " WHERE \"user\" = ?{} AND status != 'tobedeleted')"
)
_AT_SCHOOL = (
    '(sourcedId IN (SELECT "user" FROM enrollments WHERE school = ?'
    " AND role = '{}' AND status != 'tobedeleted') OR EXISTS"
    " (SELECT 1 FROM json_each(item, '$.roles') AS r WHERE"
    " json_extract(r.value, '$.role') = '{}'"
    " AND json_extract(r.value, '$.org.sourcedId') = ?))"
)
_TERMS = (
    "(json_extract(item, '$.org.sourcedId') = ? OR sourcedId IN"
    " (SELECT json_extract(t.value, '$.sourcedId') FROM classes AS c,"
    " json_each(c.item, '$.terms') AS t WHERE c.school = ?))"
)
_TERM = (
    "EXISTS (SELECT 1 FROM json_each(item, '$.terms') AS t"
    " WHERE json_extract(t.value, '$.sourcedId') = ?)"
)


@dataclass(frozen=True, slots=True)
class _Nested:
    """A list inside other records: ``parents`` are the collections of their ids."""

    pattern: str
    parents: tuple[str, ...]
    path: str
    where: str
    uses: tuple[int, ...] = (0,)
    """Which ids of the path are bound in ``where``, in this order."""


def _people(role: str) -> tuple[_Nested, ...]:
    path = f"{role}s"
    at_school = _AT_SCHOOL.format(role, role)
    members = _MEMBERS.format(role)
    in_role = _CLASSES.format(f" AND role = '{role}'")
    return (
        _Nested(f"schools/{{}}/{path}", ("schools",), path, at_school, (0, 0)),
        _Nested(
            f"schools/{{}}/classes/{{}}/{path}",
            ("schools", "classes"),
            path,
            members,
            (1,),
        ),
        _Nested(f"classes/{{}}/{path}", ("classes",), path, members),
        _Nested(f"{path}/{{}}/classes", (path,), "classes", in_role),
    )


_NESTED: tuple[_Nested, ...] = (
    *_people("student"),
    *_people("teacher"),
    _Nested("schools/{}/classes", ("schools",), "classes", "school = ?"),
    _Nested(
        "schools/{}/courses",
        ("schools",),
        "courses",
        "(json_extract(item, '$.org.sourcedId') = ? OR sourcedId IN"
        " (SELECT course FROM classes WHERE school = ?))",
        (0, 0),
    ),
    _Nested("schools/{}/terms", ("schools",), "terms", _TERMS, (0, 0)),
    _Nested("schools/{}/enrollments", ("schools",), "enrollments", "school = ?"),
    _Nested(
        "schools/{}/classes/{}/enrollments",
        ("schools", "classes"),
        "enrollments",
        '"class" = ?',
        (1,),
    ),
    _Nested("courses/{}/classes", ("courses",), "classes", "course = ?"),
    _Nested("terms/{}/classes", ("terms",), "classes", _TERM),
    _Nested(
        "terms/{}/gradingPeriods",
        ("terms",),
        "gradingPeriods",
        "json_extract(item, '$.parent.sourcedId') = ?",
    ),
    _Nested("users/{}/classes", ("users",), "classes", _CLASSES.format("")),
)


def _dialect(settings: SandboxSettings, form: Form) -> Dialect:
    usual = "spec" if form.standard else "refuse"
    named = settings.oneroster_queries
    dialect = _DIALECTS[usual if named == "usual" else named]
    return replace(
        dialect,
        default_limit=settings.oneroster_page_default,
        skips=not settings.oneroster_ignores_offset,
        loses=settings.oneroster_loses_rows,
        nested=dialect.nested and settings.oneroster_nested_filter,
    )


def _cap(settings: SandboxSettings) -> int:
    return settings.oneroster_page_cap or settings.page_cap_api


def collection_of(world: World, form: Form, path: str) -> Collection:
    """Return the collection at ``path`` as ``form`` has it now."""
    settings, found = world.settings, _BY_PATH[path]
    spec = settings.oneroster_envelope == "spec"
    if found.table == "academicSessions" and (form.standard or spec):
        found = replace(found, key="academicSessions", single="academicSession")
    where = found.where if settings.oneroster_blind == "no" else "0"
    made = computed(world, form, found.table)
    if form.version == "1.1" and path in ("students", "teachers"):
        # Of several roles 1.1 shows one, and by that one it lists people.
        role = f"json_extract({made['role']}, '$.role')"
        where = f"{where} AND {role} = '{path[:-1]}'"
    if settings.oneroster_ended == "hidden":
        where = f"{where} AND status != 'tobedeleted'"
    return replace(
        found,
        table=form.table(found.table),
        where=where,
        known=fields(settings, form, found.table),
        expressions=said_otherwise(settings, form),
        made=made,
        shape=shape_of(settings, form, found.table),
    )


def _listed(world: World, call: Call, form: Form, collection: Collection) -> Reply:
    dialect = _dialect(world.settings, form)
    page = page_of(world, call, collection, dialect, _cap(world.settings))
    return list_reply(world, call, form, collection, page)


def _list(version: Version, path: str) -> Route:
    def handler(world: World, call: Call) -> Reply:
        settle(world)
        form = form_of(world.settings, version)
        return _listed(world, call, form, collection_of(world, form, path))

    return Route("GET", f"{ROOTS[version]}/{path}", handler, _scopes(version, path))


def _scopes(version: Version, path: str) -> frozenset[str]:
    if path == "demographics":
        return scopes(version, "roster-demographics.readonly")
    return scopes(version, "roster.readonly", "roster-core.readonly")


def _single(version: Version, path: str) -> Route:
    def handler(world: World, call: Call) -> Reply:
        settle(world)
        form = form_of(world.settings, version)
        collection = collection_of(world, form, path)
        paths = selected_fields(call, collection, _dialect(world.settings, form))
        text = shown_text(_text(world, collection, call.values[0]), collection, paths)
        return single_reply(world.settings, collection, text)

    pattern = f"{ROOTS[version]}/{path}/{{}}"
    return Route("GET", pattern, handler, _scopes(version, path))


def _text(world: World, collection: Collection, key: str) -> str:
    where = f"{collection.where} AND sourcedId = ?"
    texts = world.store.texts(collection.table, Selection(where, (key,)))
    if not texts:
        status = 403 if world.settings.oneroster_blind == "forbidden" else 404
        raise Refusal(status, f"there is no {collection.single} {key}")
    return texts[0]


def _inside(version: Version, nested: _Nested) -> Route:
    def handler(world: World, call: Call) -> Reply:
        settle(world)
        form = form_of(world.settings, version)
        for path, key in zip(nested.parents, call.values, strict=True):
            _text(world, collection_of(world, form, path), key)
        _want_there(world, nested, call.values)
        found = collection_of(world, form, nested.path)
        values = tuple(call.values[number] for number in nested.uses)
        where = f"{found.where} AND {nested.where}"
        return _listed(world, call, form, replace(found, where=where, values=values))

    pattern = f"{ROOTS[version]}/{nested.pattern}"
    return Route("GET", pattern, handler, scopes(version, "roster.readonly"))


def _want_there(world: World, nested: _Nested, values: tuple[str, ...]) -> None:
    """Refuse a class that is not one of the school in the path."""
    if nested.parents != ("schools", "classes"):
        return
    where = "school = ? AND sourcedId = ?"
    if not world.store.count("classes", Selection(where, values)):
        raise Refusal(404, f"the school has no class {values[1]}")


def routes(version: Version) -> tuple[Route, ...]:
    """Return everything that can be read under the root of ``version``."""
    return (
        *(_list(version, path) for path in _BY_PATH),
        *(_single(version, path) for path in _BY_PATH),
        *(_inside(version, nested) for nested in _NESTED),
    )
