"""The headers and properties of OneRoster, as its CSV binding prints them."""

from __future__ import annotations

import pytest

from sync.convert.binding import HEADERS, PROPERTIES, required

FIRST = "sourcedId,status,dateLastModified"
SHARED = {
    "academicSessions": "title,type,startDate,endDate,parentSourcedId,schoolYear",
    "orgs": "name,type,identifier,parentSourcedId",
    "courses": (
        "schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes"
    ),
    "classes": (
        "title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
        "termSourcedIds,subjects,subjectCodes,periods"
    ),
    "enrollments": (
        "classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
    ),
    "demographics": (
        "birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,"
        "nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,"
        "hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,"
        "cityOfBirth,publicSchoolResidenceStatus"
    ),
}
USERS_1_1 = (
    "enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password"
)
USERS_1_2 = (
    "enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,"
    "sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,"
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns"
)
ROLES = (
    "userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId"
)
BINDING = {
    "oneroster-1.1": {**SHARED, "users": USERS_1_1},
    "oneroster-1.2": {**SHARED, "users": USERS_1_2, "roles": ROLES},
}
EVERY_PROPERTY = {
    "oneroster-1.1": (
        "academicSessions categories classes classResources courses courseResources"
        " demographics enrollments lineItems orgs resources results users"
    ),
    "oneroster-1.2": (
        "academicSessions categories classes classResources courses courseResources"
        " demographics enrollments lineItemLearningObjectiveIds lineItems"
        " lineItemScoreScales orgs resources resultLearningObjectiveIds results"
        " resultScoreScales roles scoreScales userProfiles userResources users"
    ),
}


@pytest.mark.parametrize("layout", BINDING)
def test_every_file_has_the_header_of_the_binding_in_its_order(layout: str) -> None:
    expected = {
        name: f"{FIRST},{rest}".split(",") for name, rest in BINDING[layout].items()
    }
    assert {name: list(header) for name, header in HEADERS[layout].items()} == expected


@pytest.mark.parametrize("layout", BINDING)
def test_the_manifest_knows_every_file_of_the_version(layout: str) -> None:
    assert list(PROPERTIES[layout]) == EVERY_PROPERTY[layout].split()


@pytest.mark.parametrize("layout", BINDING)
def test_what_is_required_stands_in_the_header(layout: str) -> None:
    for name, header in HEADERS[layout].items():
        assert set(required(layout, name)) <= set(header)
    assert "orgSourcedIds" not in required("oneroster-1.2", "users")
