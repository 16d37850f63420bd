"""What stands for required columns that no header says: a constant or a gap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sync.suggest.drafts import Draft
from sync.suggest.phrases import Kind
from sync.suggest.shaped import Line


def assumed(draft: Draft, column: str) -> Line:
    """The line of a required column; ``missing`` where somebody has to complete it."""
    made = _ASSUMED[column](draft) if column in _ASSUMED else None
    if made is not None:
        return made
    steps = {"from": column, "optional": True}
    doubt = f'put the header of {column} in place of "{column}", or leave it blank'
    return Line(column, steps, "", [doubt], missing=True)


_LEAVING = {"active", "inactive", "withdrawn", "withdrawal", "withdraw"} | {
    *("exit", "left", "leaver", "terminated"),
}
_STATUS_OF = {"status", "student", "user", "staff", "account", "school", "current"} | {
    *("enroll", "enrolled", "enrollment", "enrolment", "enrl"),
}


def _active(draft: Draft) -> Line:
    """Everybody, unless a header may well say who is not: a leaver must not come back
    because a code is unknown."""
    taken = {match.header for match in draft.matches.values()}
    for header, said in draft.sheet.said.items():
        words = set(said.words)
        status = "status" in words and words <= _STATUS_OF
        if header not in taken and (status or words & _LEAVING):
            doubt = (
                f'"{header}" may say who has left: name what its cells mean, as in '
                '"A" = "active"; until then the rows are rejected'
            )
            steps = {"from": header, "values": {"active": "active"}}
            return Line("status", steps, "", [doubt], missing=True)
    doubt = "no header says it: everybody in the file counts as active"
    return Line("status", {"value": "active"}, "", [doubt])


def _enabled(_: Draft) -> Line:
    doubt = "no header says it: everybody may log in"
    return Line("enabledUser", {"value": "true"}, "", [doubt])


def _username(draft: Draft) -> Line | None:
    for column in ("email", "sourcedId"):
        if column in draft.matches:
            header = draft.matches[column].header
            doubt = f"no header says it: {column} is taken"
            steps: dict[str, Any] = {"from": header}
            if column == "email":
                steps |= {"lower": True}
                both = draft.sheet.profiles[header]
                if both.fill < 1.0:
                    steps["optional"] = True
            return Line("username", steps, "", [doubt])
    return None


def _by_kind(draft: Draft) -> Line | None:
    roles = {Kind.STAFF: "teacher", Kind.GUARDIANS: "guardian"}
    if draft.kind is Kind.ENROLLMENTS:
        return _enrolled_as(draft)
    if draft.kind not in roles:
        return None
    role = roles[draft.kind]
    if draft.slot in {"mother", "father"}:
        role = "parent"
    doubt = f"no header says it: everybody in the file is a {role}"
    return Line("role", {"value": role}, "", [doubt])


def _enrolled_as(draft: Draft) -> Line:
    user = draft.matches.get("userSourcedId")
    said = draft.sheet.said[user.header].words if user is not None else ()
    words = {*draft.sheet.file_words, *said}
    role = "teacher" if "teacher" in words and "student" not in words else "student"
    doubt = f"no header says it: everybody in the file is a {role}"
    return Line("role", {"value": role}, "", [doubt])


def _relationship(_: Draft) -> Line:
    doubt = "no header says it: everybody is a guardian"
    return Line("relationshipType", {"value": "guardian"}, "", [doubt])


def _named_by(*columns: str) -> Callable[[Draft], Line | None]:
    def find(draft: Draft) -> Line | None:
        for column in columns:
            if column in draft.matches:
                header = draft.matches[column].header
                name = "name" if draft.kind is Kind.ORGS else "title"
                doubt = f"no header says it: {column} is taken"
                return Line(name, {"from": header}, "", [doubt])
        return None

    return find


def _session_id(draft: Draft) -> Line | None:
    if "title" not in draft.matches:
        return None
    header = draft.matches["title"].header
    return Line("sourcedId", {"from": header}, "", ["no header says it: the title"])


_ASSUMED: Mapping[str, Callable[[Draft], Line | None]] = {
    "status": _active,
    "enabledUser": _enabled,
    "username": _username,
    "role": _by_kind,
    "relationshipType": _relationship,
    "title": _named_by("courseCode", "classCode", "courseSourcedId", "sourcedId"),
    "name": _named_by("identifier", "sourcedId"),
    "sourcedId": _session_id,
}
