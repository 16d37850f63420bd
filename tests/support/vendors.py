"""What a target holds before a vendor's drop comes: its schools and its classes.

They are written down by hand in each test, not taken from the drop: an id that a
mapping makes wrongly must not be right because the target was made by the same mapping.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sync.samples import Document
from tests.support.workspace import Workspace

SAMPLES = Path(__file__).parents[2] / "samples"
_YEAR = {"sourcedId": "held-year", "type": "schoolYear", "title": "All years"}
_DAYS = {"startDate": "2020-01-01", "endDate": "2090-12-31", "schoolYear": 2090}
"""In force on whatever day the tests run."""


def held(
    orgs: Iterable[str], classes: Mapping[str, tuple[str, str]] | None = None
) -> Document:
    """What to load a sandbox with: orgs, and class -> (its course, its school)."""
    classes = classes or {}
    courses = dict.fromkeys(course for course, _ in classes.values())
    return {
        "orgs": [_org(one) for one in orgs],
        "academicSessions": [{**_YEAR, **_DAYS, "status": "active", "parent": None}],
        "courses": [_course(one) for one in courses],
        "classes": [_class(one, *where) for one, where in classes.items()],
    }


def ready(
    workspace: Workspace,
    orgs: Iterable[str],
    classes: Mapping[str, tuple[str, str]] | None = None,
) -> Workspace:
    """The workspace with a target that holds these schools and classes, no others."""
    workspace.sandbox.reset()
    workspace.sandbox.load(held(orgs, classes))
    return workspace


def counts(document: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Entity -> rows read, accepted, merged and rejected, of ``check --json``."""
    return {
        entity: tuple(one["rows"][name] for name in _COUNTED)
        for entity, one in document["entities"].items()
    }


_COUNTED = ("read", "accepted", "merged", "rejected")


def _reference(key: str) -> dict[str, str]:
    return {"sourcedId": key}


def _org(key: str) -> dict[str, Any]:
    names = {"name": f"School {key}", "type": "school", "identifier": key}
    return {"sourcedId": key, "status": "active", **names, "parent": None}


def _course(key: str) -> dict[str, Any]:
    names = {"title": f"Course {key}", "courseCode": key, "grades": []}
    return {"sourcedId": key, "status": "active", **names, "org": None}


def _class(key: str, course: str, school: str) -> dict[str, Any]:
    names = {"title": f"Class {key}", "classCode": key, "classType": "scheduled"}
    return {
        "sourcedId": key,
        "status": "active",
        **names,
        "grades": [],
        "course": _reference(course),
        "school": _reference(school),
        "terms": [_reference(_YEAR["sourcedId"])],
    }
