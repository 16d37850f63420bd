"""Words that schools write and that mean one of the allowed values, for hints.

They are never taken in its place: the finding stands, and the person who mends the
data sees what was probably meant. Keys in lower case, letters and digits only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def _all(meaning: str, words: str) -> Iterable[tuple[str, str]]:
    return ((word, meaning) for word in words.split())


def _counted(words: str) -> Iterable[tuple[str, str]]:
    return ((word, f"{n:02d}") for n, word in enumerate(words.split(), start=1))


STATUSES_MEANT: Mapping[str, str] = dict(
    (
        *_all("active", "enrolled current present a 1 y yes true on open new"),
        *_all("inactive", "withdrawn dropped left exited graduated transferred"),
        *_all("inactive", "suspended disabled ended closed i 0 n no false off w"),
        *_all("tobedeleted", "deleted delete removed remove purge d x"),
    )
)
BOOLEANS_MEANT: Mapping[str, str] = dict(
    (
        *_all("true", "t on x wahr ja si oui active enabled"),
        *_all("false", "f off falsch nein non inactive disabled"),
    )
)
GRADES_MEANT: Mapping[str, str] = dict(
    (
        *_all("KG", "kindergarten kinder kdg kind"),
        *_all("PK", "prek prekindergarten preschool p3 p4 ec"),
        *_all("TK", "transitionalkindergarten"),
        *_all("IT", "infant toddler"),
        *_all("09", "freshman"),
        *_all("10", "sophomore"),
        *_all("11", "junior"),
        *_all("12", "senior"),
        *_all("PS", "postsecondary"),
        *_all("UG", "ungraded"),
        *_counted("one two three four five six seven eight nine ten eleven twelve"),
        *_counted("first second third fourth fifth sixth seventh eighth ninth tenth"),
    )
)
USER_ROLES_MEANT: Mapping[str, str] = dict(
    (
        *_all("student", "pupil learner"),
        *_all("teacher", "faculty instructor educator staff substitute"),
        *_all("parent", "mother father mom mum dad"),
        *_all("guardian", "contact caregiver carer fosterparent"),
        *_all("relative", "grandmother grandfather grandparent aunt uncle sibling"),
        *_all("aide", "paraprofessional para assistant"),
        *_all("principal", "headteacher viceprincipal assistantprincipal"),
        *_all("districtAdministrator", "superintendent"),
        *_all("siteAdministrator", "schooladministrator schooladmin"),
        *_all("systemAdministrator", "sysadmin it"),
        *_all("administrator", "admin"),
    )
)
ENROLLMENT_ROLES_MEANT: Mapping[str, str] = dict(
    (
        *_all("student", "pupil learner"),
        *_all("teacher", "primary lead faculty instructor coteacher secondary"),
        *_all("administrator", "admin principal designer"),
        *_all("aide", "paraprofessional para assistant ta teachingassistant"),
    )
)
ROLE_TYPES_MEANT: Mapping[str, str] = dict(
    (*_all("primary", "main first 1 yes true"), *_all("secondary", "other second 2 no"))
)
ORG_TYPES_MEANT: Mapping[str, str] = dict(
    (
        *_all("school", "elementary elementaryschool middle middleschool high"),
        *_all("school", "highschool campus building site"),
        *_all("district", "lea county division authority trust"),
        *_all("state", "sea region province"),
        *_all("national", "country nation"),
    )
)
CLASS_TYPES_MEANT: Mapping[str, str] = dict(
    (
        *_all("scheduled", "class section course regular subject lesson"),
        *_all("homeroom", "advisory hr tutor registration form"),
    )
)
SESSION_TYPES_MEANT: Mapping[str, str] = dict(
    (
        *_all("schoolYear", "year academicyear yr fullyear annual"),
        *_all("gradingPeriod", "quarter q1 q2 q3 q4 markingperiod sixweeks"),
        *_all("term", "trimester fall spring summer winter autumn"),
        *_all("semester", "s1 s2 sem half"),
    )
)
