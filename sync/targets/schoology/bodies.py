"""Operations -> the batches that carry them out, in JSON or XML.

In: the operations of one wave. Out: requests of at most 50 items each. The routes are
those of the Schoology REST API, Enrollment; which of them makes an enrollment is the
configuration's ``route``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from sync.model.operation import Operation, Verb
from sync.model.request import Json, Request
from sync.targets.common.answers import segment
from sync.targets.schoology.config import SERVICE, SchoologySettings
from sync.targets.schoology.records import LIST_SEPARATOR

BATCH = 50
"""Items; Schoology REST API, Enrollment: every bulk route takes up to 50."""
ACTIVE = "1"
ENDED = {"section": "5", "group": "2"}
"""Archived; groups know only expired."""
ADMIN = {"teacher": "1", "student": "0"}
XML = "text/xml"

IMPORT = "/enrollments/import/course"
Item = dict[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Form:
    """One kind of batch: what stands in one request together."""

    way: str
    """``realm``, ``multi-realm``, ``codes`` or ``section-code`` (they make or change
    enrollments), ``change`` (by id), ``delete``."""
    scope: str = ""
    """The realm, or the grading periods, in the path."""


class Composer:
    """Makes the requests of one configuration."""

    def __init__(self, settings: SchoologySettings, *, deletes: bool) -> None:
        """``deletes``: whether what ends is taken away and not only marked."""
        self._settings = settings
        self._deletes = deletes
        self._realm = settings.realm

    def compose(self, operations: Iterable[Operation]) -> Iterator[Request]:
        """Batches by form, in the order of realm and user, each operation in one."""
        batches: dict[Form, list[Operation]] = {}
        for operation in sorted(operations, key=lambda one: one.key):
            batches.setdefault(self._form(operation), []).append(operation)
        for form in sorted(batches):
            mine = batches[form]
            for start in range(0, len(mine), BATCH):
                yield self._request(form, mine[start : start + BATCH])

    def _form(self, operation: Operation) -> Form:
        values = _values(operation)
        if operation.verb is Verb.REMOVE and self._deletes:
            return Form("delete")
        if operation.ends or _comes_back(operation):
            return Form("change", values["realmId"])
        way = self._way(operation, values)
        if way in {"realm", "change"}:
            return Form(way, values["realmId"])
        return Form(way, self._periods(values) if way == "codes" else "")

    def _way(self, operation: Operation, values: Mapping[str, Any]) -> str:
        """The route of the configuration; failing what it needs, by ids."""
        known = operation.remote_id is not None
        match self._settings.route:
            case "section-code" if values.get("sectionSchoolCode"):
                return "section-code"
            case "codes" if values.get("courseCode") and values.get("sectionCode"):
                return "codes"
            case "realm":
                return "change" if known else "realm"
            case "multi-realm":
                return "multi-realm"
            case _:
                return "change" if known else "multi-realm"

    def _periods(self, values: Mapping[str, Any]) -> str:
        """The configured periods in which this section is: by them and its codes it is
        one and no other (Schoology REST API, Section: unique in course and period)."""
        own = (values.get("gradingPeriods") or "").split(LIST_SEPARATOR)
        both = [one for one in self._settings.grading_periods if one in own]
        return LIST_SEPARATOR.join(both or self._settings.grading_periods)

    def _request(self, form: Form, operations: Sequence[Operation]) -> Request:
        done = tuple(one.id for one in operations)
        if form.way == "delete":
            ids = LIST_SEPARATOR.join(one.remote_id or "" for one in operations)
            return Request(
                SERVICE,
                "DELETE",
                "/enrollments",
                query=(("enrollment_ids", ids),),
                operations=done,
                headers=self.headers,
            )
        items = [self._item(form.way, one) for one in operations]
        many = form.way == "multi-realm"
        return Request(
            SERVICE,
            "PUT" if form.way == "change" else "POST",
            self._path(form),
            self._body(items, numbers=many),
            query=(("update_existing", "1"),) if many else (),
            # A second creation in one realm is not known to be harmless.
            repeatable=form.way != "realm",
            operations=done,
            headers=(*self.headers, *self._content),
        )

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What every request says of the answer's form."""
        return (("Accept", XML),) if self._settings.format == "xml" else ()

    @property
    def _content(self) -> tuple[tuple[str, str], ...]:
        return (("Content-Type", XML),) if self._settings.format == "xml" else ()

    def path(self, realm: str) -> str:
        """The path of the enrollments of one realm."""
        return f"/{self._realm}s/{segment(realm)}/enrollments"

    def _path(self, form: Form) -> str:
        match form.way:
            case "realm" | "change":
                return self.path(form.scope)
            case "multi-realm":
                return "/enrollments"
            case "codes":
                return f"{IMPORT}/{form.scope}"
            case _:
                return IMPORT

    def _item(self, way: str, operation: Operation) -> Item:
        values = _values(operation)
        admin = ADMIN[values["role"]] if not operation.ends else ""
        match way:
            case "change":
                return self._change(operation, values, admin)
            case "section-code":
                return {
                    "section_school_code": values["sectionSchoolCode"],
                    "school_uid": values["userSourcedId"],
                    "admin": admin,
                }
            case "codes":
                return {
                    "course_code": values["courseCode"],
                    "section_code": values["sectionCode"],
                    "school_uid": values["userSourcedId"],
                    "admin": admin,
                }
            case "multi-realm":
                place = {"realm": self._realm, f"{self._realm}_id": values["realmId"]}
                return place | _person(values["uid"], admin)
            case _:
                return _person(values["uid"], admin)

    def _change(
        self, operation: Operation, values: Mapping[str, Any], admin: str
    ) -> Item:
        """By id; the samples in XML name the user as well."""
        item = {"id": operation.remote_id or ""}
        if self._settings.format == "xml" and values.get("uid"):
            item["uid"] = values["uid"]
        if operation.ends:
            return item | {"status": self._ended(operation, values)}
        if _comes_back(operation):
            item["status"] = ACTIVE
        if "role" in operation.fields:
            item["admin"] = admin
        return item

    def _ended(self, operation: Operation, values: Mapping[str, Any]) -> str:
        """The status of what is over; what had been, goes back to what it was."""
        before = str(values.get("state"))
        known = operation.verb is Verb.UPDATE and before in ENDED.values()
        return before if known else ENDED[self._realm]

    def _body(self, items: Sequence[Item], *, numbers: bool) -> Json:
        if self._settings.format == "xml":
            return _xml(items)
        shown = [_numbers(one) for one in items] if numbers else list(items)
        return {"enrollments": {"enrollment": shown}}


def _values(operation: Operation) -> Mapping[str, Any]:
    return operation.after or operation.before or {}


def _comes_back(operation: Operation) -> bool:
    """Whether an ended enrollment is made active again."""
    return operation.verb is Verb.REACTIVATE or (
        operation.verb is Verb.UPDATE and "status" in operation.fields
    )


def _person(uid: str, admin: str) -> Item:
    return {"uid": uid, "admin": admin, "status": ACTIVE}


def _numbers(item: Item) -> Json:
    """The samples of the route over many realms have numbers, where those of other
    routes have texts."""
    return {
        name: int(text) if text.isascii() and text.isdecimal() else text
        for name, text in item.items()
    }


def _xml(items: Sequence[Item]) -> str:
    """The items between ``<body>`` and ``<enrollments>``."""
    inner = "".join(
        "<enrollment>"
        + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in one.items())
        + "</enrollment>"
        for one in items
    )
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f"{head}<body><enrollments>{inner}</enrollments></body>"
