"""Schools, sessions and courses: a number of students comes in, the frame that their
lives at school are fitted into goes out.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sync.samples.chance import padded

GRADES = ("KG", *(f"{grade:02d}" for grade in range(1, 13)))
"""The thirteen grades of a district by CEDS code; an index means a place in here."""

DISTRICT = "dst-000001"
SCHOOL_YEAR = "ses-2026"
TERMS = ("ses-2026-1", "ses-2026-2")
FIRST_DAY = "2026-08-17"
LAST_DAY = "2027-06-04"


@dataclass(frozen=True, slots=True)
class Level:
    """A kind of school: the indexes of its grades, its usual size, its electives."""

    name: str
    first_grade: int
    last_grade: int
    usual_size: int
    electives: tuple[tuple[str, str], ...]

    @property
    def grades(self) -> tuple[int, ...]:
        """The indexes of its grades."""
        return tuple(range(self.first_grade, self.last_grade + 1))


LEVELS = (
    Level("Elementary School", 0, 5, 450, (("Music", "MUS"), ("Art", "ART"))),
    Level("Middle School", 6, 8, 650, (("Band", "BND"), ("Español", "SPA"))),
    Level(
        *("High School", 9, 12, 1200),
        (("Español Avanzado", "SPA"), ("Studio Art", "ART"), ("Café Culinary", "CUL")),
    ),
)
CORE = (
    ("Homeroom", "HR"),
    ("English Language Arts", "ELA"),
    ("Mathematics", "MAT"),
    ("Science", "SCI"),
    ("Social Studies", "SOC"),
)
"""Subjects that every grade has a course of; the sixth of a student is an elective."""

ELECTIVE = len(CORE)
"""Subjects from this number on are the electives of all levels, in order."""

_PLACES = (
    *("Lincoln", "Riverbend", "Cesar Chavez", "Oak Hollow", "Harriet Tubman"),
    *("Cedar Ridge", "Peña Blanca", "Lakeview", "Rosa Parks", "Fox Meadow"),
    *("Sally Ride", "Prairie Wind", "Langston Hughes", "Mill Creek", "St. Croix"),
)


def school_plan(students: int) -> pl.DataFrame:
    """Return the schools: `school` (index), `level`, `schoolId`, `name`, `weight`.

    A level has as many schools as its share of the students fills at its usual size,
    and one at least. Weights say how students spread over the schools of a level.
    """
    rows: list[tuple[int, int, str, str, int]] = []
    for number, level in enumerate(LEVELS):
        share = students * len(level.grades) / len(GRADES)
        for k in range(max(1, round(share / level.usual_size))):
            index = len(rows)
            turn, place = divmod(index, len(_PLACES))
            name = f"{_PLACES[place]} {level.name}" + (f" {turn + 1}" if turn else "")
            weight = 70 + k * 37 % 61
            rows.append((index, number, f"sch-{index + 1:06d}", name, weight))
    columns = ["school", "level", "schoolId", "name", "weight"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def course_plan() -> pl.DataFrame:
    """Return the courses: `course` (index), `level`, `subject`, `grade`, `courseId`, ….

    `grade` is the index of the only grade, or of the first one of an elective.
    """
    rows: list[tuple[int, int, int, str, str, str, str]] = []
    elective = ELECTIVE
    for number, level in enumerate(LEVELS):
        for grade in level.grades:
            code = GRADES[grade]
            for subject, (title, short) in enumerate(CORE):
                named = f"{title}, {_grade_name(grade)}"
                rows.append(
                    (number, subject, grade, named, f"{short}-{code}", code, title)
                )
        for title, short in level.electives:
            codes = ",".join(GRADES[grade] for grade in level.grades)
            mark = f"{short}-{'EMH'[number]}"
            first = level.first_grade
            rows.append((number, elective, first, title, mark, codes, title))
            elective += 1
    columns = ["level", "subject", "grade", "title", "code", "grades", "subjects"]
    courses = pl.DataFrame(rows, schema=columns, orient="row").with_row_index("course")
    identifier = pl.lit("crs-") + padded(pl.col("course") + 1)
    return courses.with_columns(courseId=identifier)


def orgs(schools: pl.DataFrame) -> pl.DataFrame:
    """Return orgs.csv: the district and its schools."""
    district = pl.DataFrame(
        {
            "sourcedId": [DISTRICT],
            "name": ["Cañada Valley Unified School District"],
            "type": ["district"],
            "identifier": ["0600001"],
            "parentSourcedId": [""],
        }
    )
    own = schools.select(
        "name",
        sourcedId="schoolId",
        type=pl.lit("school"),
        identifier=pl.lit("06") + padded(pl.col("school") + 100, 5),
        parentSourcedId=pl.lit(DISTRICT),
    )
    return _active(pl.concat([district, own.select(district.columns)]))


def academic_sessions() -> pl.DataFrame:
    """Return academicSessions.csv: the school year and its two terms."""
    rows = [
        (SCHOOL_YEAR, "School year 2026-27", "schoolYear", FIRST_DAY, LAST_DAY, ""),
        (TERMS[0], "Fall term", "term", FIRST_DAY, "2026-12-18", SCHOOL_YEAR),
        (TERMS[1], "Spring term", "term", "2027-01-04", LAST_DAY, SCHOOL_YEAR),
    ]
    columns = ["sourcedId", "title", "type", "startDate", "endDate", "parentSourcedId"]
    sessions = pl.DataFrame(rows, schema=columns, orient="row")
    return _active(sessions.with_columns(schoolYear=pl.lit("2027")))


def courses_table(courses: pl.DataFrame) -> pl.DataFrame:
    """Return courses.csv."""
    return _active(
        courses.select(
            "title",
            "grades",
            "subjects",
            sourcedId="courseId",
            courseCode="code",
            subjectCodes=pl.col("code").str.split("-").list.first(),
            schoolYearSourcedId=pl.lit(SCHOOL_YEAR),
            orgSourcedId=pl.lit(DISTRICT),
        )
    )


def _active(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(status=pl.lit("active"), dateLastModified=pl.lit(""))


def _grade_name(grade: int) -> str:
    return "Kindergarten" if grade == 0 else f"Grade {grade}"
