"""The timetable: who learns what with whom. Students with a school and a grade come in,
classes of 20 to 30, their teachers' numbers and the enrollments go out.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sync.samples.chance import Chance, padded, source_id
from sync.samples.schools import CORE, ELECTIVE, FIRST_DAY, LAST_DAY, TERMS

PER_STUDENT = len(CORE) + 1
_LARGEST = 30
_ELEMENTARY = 0
# How many classes one teacher has: electives, and subjects above elementary school.
_ELECTIVE_LOAD, _SUBJECT_LOAD = 6, 5


@dataclass(frozen=True, slots=True)
class Timetable:
    """`seats` (`number`, `j`, `class`), and `classes` with their course and teacher."""

    seats: pl.DataFrame
    classes: pl.DataFrame


def timetable(
    cast: pl.DataFrame, courses: pl.DataFrame, schools: pl.DataFrame, chance: Chance
) -> Timetable:
    """Seat every student of the cast (`number`, `school`, `level`, `grade`)."""
    wishes = _wishes(cast, courses, chance)
    groups = _groups(wishes)
    seats = wishes.join(groups, on=["school", "course"], how="left").select(
        *("number", "j"), **{"class": pl.col("base") + _section()}
    )
    classes = _classes(groups, courses, schools, chance)
    return Timetable(seats.sort("number", "j"), classes)


def _wishes(cast: pl.DataFrame, courses: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Six rows for each student: the course, and his place among those who take it."""
    people = cast.select("number", "school", "level", "grade").sort("number")
    place = pl.int_range(pl.len(), dtype=pl.Int64).over("school", "grade")
    people = people.with_columns(place=place)
    core = courses.filter(pl.col("subject") < ELECTIVE)
    parts = []
    for j in range(len(CORE)):
        mine = core.filter(pl.col("subject") == j).select("grade", "course")
        parts.append(people.join(mine, on="grade", how="left"))
    parts.append(_elective_wishes(people, courses, chance))
    columns = ["number", "school", "level", "course", "place"]
    numbered = [
        part.select(*columns, j=pl.lit(j, dtype=pl.Int64))
        for j, part in enumerate(parts)
    ]
    return pl.concat(numbered)


def _elective_wishes(
    people: pl.DataFrame, courses: pl.DataFrame, chance: Chance
) -> pl.DataFrame:
    electives = courses.filter(pl.col("subject") >= ELECTIVE).sort("course")
    first = electives.group_by("level").agg(pl.col("course").min(), n=pl.len())
    first = first.sort("level")
    level, drawn = pl.col("level"), chance.draw(pl.col("number"), "elective")
    count = pl.lit(first["n"].cast(pl.UInt64)).gather(level)
    start = pl.lit(first["course"].cast(pl.UInt64)).gather(level)
    place = pl.int_range(pl.len(), dtype=pl.Int64).over("school", "course")
    chosen_course = (start + drawn % count).cast(pl.UInt32)
    return people.with_columns(course=chosen_course).with_columns(place=place)


def _groups(wishes: pl.DataFrame) -> pl.DataFrame:
    """Classes for each school and course: how many, and the index of the first."""
    size = wishes.group_by("school", "course").agg(size=pl.len())
    return (
        size.sort("school", "course")
        .with_columns(sections=((pl.col("size") + _LARGEST - 1) // _LARGEST))
        .with_columns(pl.col("sections").cast(pl.Int64))
        .with_columns(base=pl.col("sections").cum_sum() - pl.col("sections"))
        .drop("size")
    )


def _section() -> pl.Expr:
    """Spread a course's students evenly over its classes.

    In elementary school a class stays together in all subjects; above, each subject
    turns the rows of the seating plan by another step, so that everybody meets others.
    """
    rows, column = pl.col("place") // pl.col("sections"), pl.col("place")
    turn = pl.when(pl.col("level") == _ELEMENTARY).then(0).otherwise("j")
    return (column + rows * turn) % pl.col("sections")


def _classes(
    groups: pl.DataFrame,
    courses: pl.DataFrame,
    schools: pl.DataFrame,
    chance: Chance,
) -> pl.DataFrame:
    sections = pl.int_ranges(0, pl.col("sections"))
    classes = (
        groups.with_columns(section=sections)
        .explode("section", empty_as_null=False)
        .with_columns(**{"class": pl.col("base") + pl.col("section")})
        .join(courses, on="course", how="left")
        .join(schools.select("school", "schoolId"), on="school", how="left")
        .sort("class")
    )
    identifier = source_id("cls", pl.col("class") + 1, chance)
    classes = classes.with_columns(classId=identifier)
    return classes.join(_teachers(classes), on="class", how="left").sort("class")


def _teachers(classes: pl.DataFrame) -> pl.DataFrame:
    """Return `class` and `teacher` (index): one teacher for each class."""
    school, subject = pl.col("school"), pl.col("subject")
    run = pl.int_range(pl.len(), dtype=pl.Int64).over("school", "subject")
    homerooms = pl.len().over("school", "subject").cast(pl.Int64)
    staffed = (homerooms + _SUBJECT_LOAD - 1) // _SUBJECT_LOAD
    is_elective, is_homeroom = subject >= ELECTIVE, subject == 0
    is_elementary = (pl.col("level") == _ELEMENTARY) & ~is_elective
    department = (
        pl.when(is_elementary)
        .then(0)
        .when(is_homeroom)
        .then(1 + run % (len(CORE) - 1))
        .otherwise(subject)
    )
    chair = (
        pl.when(is_elementary)
        .then(run)
        .when(is_elective)
        .then(run // _ELECTIVE_LOAD)
        .when(is_homeroom)
        .then(run // (len(CORE) - 1) % staffed)
        .otherwise(run // _SUBJECT_LOAD)
    )
    posts = classes.select("class", school, department=department, chair=chair)
    keys = ["school", "department", "chair"]
    teachers = posts.select(keys).unique().sort(keys)
    return posts.join(teachers.with_row_index("teacher"), on=keys, how="left").select(
        "class", pl.col("teacher").cast(pl.Int64)
    )


def classes_table(classes: pl.DataFrame) -> pl.DataFrame:
    """Return classes.csv."""
    is_homeroom = pl.col("subject") == 0
    number = pl.lit(" - ") + (pl.col("section") + 1).cast(pl.String)
    period = pl.when(pl.col("subject") >= ELECTIVE).then(6).otherwise("subject")
    kind = pl.when(is_homeroom).then(pl.lit("homeroom"))
    return classes.select(
        "grades",
        "subjects",
        sourcedId="classId",
        status=pl.lit("active"),
        dateLastModified=pl.lit(""),
        title=pl.col("title") + number,
        courseSourcedId="courseId",
        classCode=pl.col("code") + pl.lit("-") + padded(pl.col("section") + 1, 2),
        classType=kind.otherwise(pl.lit("scheduled")),
        location=pl.lit("Room ") + (100 + pl.col("class") % 60).cast(pl.String),
        schoolSourcedId="schoolId",
        termSourcedIds=pl.lit(",".join(TERMS)),
        subjectCodes=pl.col("code").str.split("-").list.first(),
        periods=pl.when(is_homeroom).then(pl.lit("HR")).otherwise(period),
    )


def student_enrollments(
    seats: pl.DataFrame, classes: pl.DataFrame, chance: Chance
) -> pl.DataFrame:
    """Return the enrollments of students: `seats` has `userId` and `class`."""
    number = pl.int_range(pl.len(), dtype=pl.Int64) + 1
    seats = seats.with_columns(row=number)
    open_end = chance.share(pl.col("row"), "open end", 50)
    place = pl.col("class")
    return seats.select(
        sourcedId=source_id("enr", pl.col("row"), chance),
        status=pl.lit("active"),
        userSourcedId="userId",
        role=pl.lit("student"),
        classSourcedId=_of(classes["classId"], place),
        courseSourcedId=_of(classes["courseId"], place),
        schoolSourcedId=_of(classes["schoolId"], place),
        primary=pl.lit("false"),
        beginDate=pl.lit(FIRST_DAY),
        endDate=pl.when(open_end).then(pl.lit("")).otherwise(pl.lit(LAST_DAY)),
    )


def teacher_enrollments(classes: pl.DataFrame, first: int) -> pl.DataFrame:
    """Return the enrollments of teachers, numbered from `first`."""
    number = pl.int_range(pl.len(), dtype=pl.Int64) + first
    return classes.select(
        sourcedId=pl.lit("enr-") + padded(number),
        status=pl.lit("active"),
        userSourcedId=pl.lit("tch-") + padded(pl.col("teacher") + 1),
        role=pl.lit("teacher"),
        classSourcedId="classId",
        courseSourcedId="courseId",
        schoolSourcedId="schoolId",
        primary=pl.lit("true"),
        beginDate=pl.lit(FIRST_DAY),
        endDate=pl.lit(LAST_DAY),
    )


def _of(values: pl.Series, index: pl.Expr) -> pl.Expr:
    """Return the value of the series at each index."""
    return pl.lit(values).gather(index)
