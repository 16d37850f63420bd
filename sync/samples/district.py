"""A district in one go: a number of students and a seed come in, tables go out."""

from __future__ import annotations

import polars as pl

from sync.samples.chance import Chance
from sync.samples.classes import (
    classes_table,
    student_enrollments,
    teacher_enrollments,
    timetable,
)
from sync.samples.people import family_cast, people
from sync.samples.schools import (
    GRADES,
    LEVELS,
    academic_sessions,
    course_plan,
    courses_table,
    orgs,
    school_plan,
)
from sync.samples.staff import staff
from sync.samples.tables import Tables, shaped

_ZONES = 1 << 20


def generate(students: int, seed: int = 1) -> Tables:
    """Return a district of so many students; the same arguments, the same tables.

    Raises ValueError where there is not one student.
    """
    if students < 1:
        message = f"a district needs at least one student, not {students}"
        raise ValueError(message)
    chance = Chance(seed)
    schools, courses = school_plan(students), course_plan()
    cast = _placed(family_cast(1, students, chance), schools, chance)
    folk = people(cast, 1, chance)
    table = timetable(cast, courses, schools, chance)
    named = folk.students.select("number", userId="sourcedId")
    seats = table.seats.join(named, on="number", how="left").sort("number", "j")
    learning = student_enrollments(seats, table.classes, chance)
    teaching = teacher_enrollments(table.classes, learning.height + 1)
    sizes = cast.group_by("school").agg(size=pl.len()).sort("school")
    employed = shaped("users", staff(table.classes, schools, sizes, chance))
    frames = {
        "students": folk.students,
        "users": pl.concat([employed, shaped("users", folk.guardians)]),
        "agents": folk.agents,
        "enrollments": pl.concat([learning, teaching]),
        "orgs": orgs(schools),
        "academicSessions": academic_sessions(),
        "courses": courses_table(courses),
        "classes": classes_table(table.classes),
    }
    return Tables(**{name: shaped(name, frame) for name, frame in frames.items()})


def _placed(cast: pl.DataFrame, schools: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Give every child a grade, and the school of that grade in the family's zone."""
    family = pl.col("family")
    start = chance.below(family, "grade of the eldest", len(GRADES)).cast(pl.Int64)
    grade = (start + pl.col("child") * pl.col("step")) % len(GRADES)
    level_of = [n for n, level in enumerate(LEVELS) for _ in level.grades]
    cast = cast.with_columns(
        grade=grade, zone=chance.below(family, "zone", _ZONES).cast(pl.Int64)
    ).with_columns(level=pl.lit(pl.Series(level_of)).gather(pl.col("grade")))
    parts = []
    for number in range(len(LEVELS)):
        mine = schools.filter(pl.col("level") == number).sort("school")
        edges = mine["weight"].cum_sum() * _ZONES // mine["weight"].sum()
        pupils = cast.filter(pl.col("level") == number)
        place = edges.search_sorted(pupils["zone"], side="right")
        parts.append(
            pupils.with_columns(
                school=mine["school"].gather(place),
                schoolId=mine["schoolId"].gather(place),
            )
        )
    return pl.concat(parts).sort("number")
