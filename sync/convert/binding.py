"""The OneRoster CSV binding: files, headers in their order, what must be filled.

Source: OneRoster 1.1.1 and 1.2.1 CSV binding, tables of the rostering files and of the
manifest; the manifest says 1.1 and 1.2 all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from sync.convert.package import ONEROSTER_1_1, ONEROSTER_1_2

_FIRST = ("sourcedId", "status", "dateLastModified")

_SHARED: Mapping[str, tuple[str, ...]] = {
    "academicSessions": (
        *_FIRST,
        *("title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
    ),
    "orgs": (*_FIRST, "name", "type", "identifier", "parentSourcedId"),
    "courses": (
        *(*_FIRST, "schoolYearSourcedId", "title", "courseCode", "grades"),
        *("orgSourcedId", "subjects", "subjectCodes"),
    ),
    "classes": (
        *(*_FIRST, "title", "grades", "courseSourcedId", "classCode", "classType"),
        *("location", "schoolSourcedId", "termSourcedIds", "subjects"),
        *("subjectCodes", "periods"),
    ),
    "enrollments": (
        *(*_FIRST, "classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
        *("primary", "beginDate", "endDate"),
    ),
    "demographics": (
        *(*_FIRST, "birthDate", "sex", "americanIndianOrAlaskaNative", "asian"),
        *("blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander", "white"),
        *("demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity"),
        *("countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth"),
        "publicSchoolResidenceStatus",
    ),
}

HEADERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    ONEROSTER_1_1: {
        **_SHARED,
        "users": (
            *(*_FIRST, "enabledUser", "orgSourcedIds", "role", "username", "userIds"),
            *("givenName", "familyName", "middleName", "identifier", "email", "sms"),
            *("phone", "agentSourcedIds", "grades", "password"),
        ),
    },
    ONEROSTER_1_2: {
        **_SHARED,
        "users": (
            *(*_FIRST, "enabledUser", "username", "userIds", "givenName", "familyName"),
            *("middleName", "identifier", "email", "sms", "phone", "agentSourcedIds"),
            *("grades", "password", "userMasterIdentifier", "preferredGivenName"),
            *("preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId"),
            "pronouns",
        ),
        "roles": (
            *(*_FIRST, "userSourcedId", "roleType", "role", "beginDate", "endDate"),
            *("orgSourcedId", "userProfileSourcedId"),
        ),
    },
}
"""Layout -> file -> its header, before ``metadata.*``."""

_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "academicSessions": ("title", "type", "startDate", "endDate", "schoolYear"),
    "orgs": ("name", "type"),
    "courses": ("title", "orgSourcedId"),
    "classes": (
        *("title", "courseSourcedId", "classType", "schoolSourcedId"),
        "termSourcedIds",
    ),
    "enrollments": ("classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
    "users": (
        *("enabledUser", "orgSourcedIds", "role", "username", "givenName"),
        "familyName",
    ),
    "roles": ("userSourcedId", "roleType", "role", "orgSourcedId"),
}


def required(layout: str, name: str) -> tuple[str, ...]:
    """The columns of a file that the binding wants filled in every row."""
    header = HEADERS[layout][name]
    return tuple(one for one in _REQUIRED.get(name, ()) if one in header)


ROLES_1_1 = (
    *("administrator", "aide", "guardian", "parent", "proctor", "relative"),
    *("student", "teacher"),
)
"""OneRoster 1.1 RoleType of users; there are no extensions."""

ADMINISTRATORS = (
    *("counselor", "principal", "districtAdministrator", "siteAdministrator"),
    "systemAdministrator",
)
"""Roles of 1.2 that 1.1 has only as ``administrator``."""

_ROLES_1_2 = (
    *("aide", "counselor", "districtAdministrator", "guardian", "parent", "principal"),
    *("proctor", "relative", "siteAdministrator", "student", "systemAdministrator"),
    "teacher",
)
_ENROLLED = ("administrator", "proctor", "student", "teacher")
_ORGS = ("department", "school", "district", "local", "state", "national")
_SESSIONS = ("gradingPeriod", "semester", "schoolYear", "term")

WORDS: Mapping[str, Mapping[tuple[str, str], tuple[str, ...]]] = {
    layout: {
        ("academicSessions", "type"): _SESSIONS,
        ("orgs", "type"): _ORGS,
        ("classes", "classType"): ("homeroom", "scheduled"),
        ("enrollments", "role"): _ENROLLED,
        (("users", "role") if layout == ONEROSTER_1_1 else ("roles", "role")): ROLES_1_1
        if layout == ONEROSTER_1_1
        else _ROLES_1_2,
    }
    for layout in (ONEROSTER_1_1, ONEROSTER_1_2)
}
"""Layout -> (file, column) -> its vocabulary; 1.2 takes ``ext:`` tokens besides."""

PROPERTIES: Mapping[str, tuple[str, ...]] = {
    ONEROSTER_1_1: (
        *("academicSessions", "categories", "classes", "classResources", "courses"),
        *("courseResources", "demographics", "enrollments", "lineItems", "orgs"),
        *("resources", "results", "users"),
    ),
    ONEROSTER_1_2: (
        *("academicSessions", "categories", "classes", "classResources", "courses"),
        *("courseResources", "demographics", "enrollments"),
        *("lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs"),
        *("resources", "resultLearningObjectiveIds", "results", "resultScoreScales"),
        *("roles", "scoreScales", "userProfiles", "userResources", "users"),
    ),
}
"""Layout -> the files of which its manifest says absent, bulk or delta."""

VERSIONS = {ONEROSTER_1_1: "1.1", ONEROSTER_1_2: "1.2"}
GUID = r"^[0-9A-Za-z.\-_/@]{1,255}$"
"""Characters of a OneRoster identifier."""
