"""What codes probably mean: roles, statuses, yes and no, grades."""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from sync.model import normalise
from sync.model.entities import USER_ROLES

_ROLES: Mapping[str, str] = {
    **{role.lower(): role for role in USER_ROLES},
    **dict.fromkeys(
        ("pupil", "learner", "s", "stu", "studentenrollment", "child", "students"),
        "student",
    ),
    **dict.fromkeys(
        (
            *("faculty", "instructor", "t", "tch", "teacherenrollment", "staff"),
            *("lecturer", "educator", "teachingstaff", "teachers", "coteacher"),
            *("headteacher", "leadteacher", "primaryteacher"),
        ),
        "teacher",
    ),
    **dict.fromkeys(
        ("ta", "taenrollment", "teachingassistant", "paraprofessional", "assistant"),
        "aide",
    ),
    **dict.fromkeys(("mother", "father", "mom", "dad", "p", "parents"), "parent"),
    **dict.fromkeys(
        ("g", "contact", "carer", "caregiver", "observer", "observerenrollment"),
        "guardian",
    ),
    **dict.fromkeys(
        ("admin", "staffadmin", "administratorenrollment"), "administrator"
    ),
    **dict.fromkeys(("schooladmin", "schooladministrator"), "siteAdministrator"),
    **dict.fromkeys(("districtadmin",), "districtAdministrator"),
    **dict.fromkeys(("sysadmin", "systemadmin", "itadmin"), "systemAdministrator"),
    **dict.fromkeys(("counsellor", "guidance"), "counselor"),
}
_STATUSES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("active", "a", "enrolled", "current", "y", "yes", "true", "e"),
            *("on roll", "onroll", "registered", "open", "activated", "present"),
        ),
        "active",
    ),
    **dict.fromkeys(
        (
            *("inactive", "i", "withdrawn", "w", "left", "graduated", "transferred"),
            *("dropped", "former", "leaver", "n", "no", "false", "suspended", "closed"),
            *("completed", "concluded", "deactivated", "withdrew", "not enrolled"),
        ),
        "inactive",
    ),
    **dict.fromkeys(("tobedeleted", "deleted"), "tobedeleted"),
}
_YES = ("true", "1", "yes", "y", "t", "active", "a", "enabled", "on", "x", "allow")
_NO = (
    *("suspended", "blocked", "locked", "archived"),
    *("false", "0", "no", "n", "f", "inactive", "i", "disabled", "off", "deny"),
)
_GRADES: Mapping[str, str] = {
    **dict.fromkeys(("kindergarten", "kinder", "kg", "k5", "0", "00", "kf"), "KG"),
    **dict.fromkeys(
        ("prek", "prekindergarten", "pk3", "pk4", "p3", "p4", "-1", "-2", "preschool"),
        "PK",
    ),
    **dict.fromkeys(("tk", "transitionalkindergarten"), "TK"),
    **dict.fromkeys(("ungraded", "ug"), "UG"),
    **dict.fromkeys(("freshman",), "09"),
    **dict.fromkeys(("sophomore",), "10"),
    **dict.fromkeys(("junior",), "11"),
    **dict.fromkeys(("senior",), "12"),
}


def role_of(code: str) -> str | None:
    """The role that a code probably is."""
    return _ROLES.get(re.sub(r"[\s_\-./]", "", code.strip().lower()))


def status_of(code: str) -> str | None:
    """The status; numbers differ from system to system, so none of them is known."""
    return _STATUSES.get(code.strip().lower())


def boolean_of(code: str) -> str | None:
    """Yes or no."""
    lowered = code.strip().lower()
    if lowered in _YES:
        return "true"
    return "false" if lowered in _NO else None


def grade_of(code: str) -> str | None:
    """The grade, also of "Grade 5", "5th grade", "Year 5" and "Kindergarten"."""
    bare = re.sub(r"(?i)\b(grade|gr|year|yr)\b\.?", "", code.strip().lower()).strip()
    if bare == "":
        return None
    known = _GRADES.get(re.sub(r"[\s_]|(?<=\w)-", "", bare))
    return known or _normal(bare)


def _normal(code: str) -> str | None:
    found: str | None = pl.select(normalise.grades(pl.lit(code))).item()
    return found
