"""A roster that goes through OneRoster and comes back says the same as before."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sync.convert import as_delivered, convert, write
from sync.flow import How, Intake, Rejection, take_in
from sync.model.entities import ENROLLMENT_ROLES, USER_ROLES, Entity
from sync.model.roster import KEY, Roster

TODAY = date(2026, 9, 1)
MOMENT = datetime(2026, 8, 31, 2, tzinfo=UTC)
LAYOUTS = ["oneroster-1.1", "oneroster-1.2"]
Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]

TRIPS = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking whole drops takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

WORDS = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="|,"),
    min_size=1,
    max_size=8,
)
NAMES = st.one_of(
    st.sampled_from(["Ada", "O'Connor", "王小明", "Zoë-Lou", "=1+1", 'The "Rock"']),
    st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=10),
)
BLANKS = st.just("")
STATUSES = st.sampled_from(["active", "active", "inactive", "tobedeleted"])
FLAGS = st.sampled_from(["true", "false"])
DAYS = st.dates(date(2000, 1, 1), date(2030, 12, 31)).map(str)
GRADES = st.sampled_from(["KG", "05", "11,12", "PS", "Other", "IT,PR,PK"])
ORGS = ("o1", "o/2", "100 % ö", "o-4")
ORG = st.sampled_from(ORGS)
ROLES = [role for role in USER_ROLES if role != "student"]


def maybe(cells: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(BLANKS, cells)


PERSON = {
    "status": STATUSES,
    "enabledUser": FLAGS,
    "givenName": NAMES,
    "familyName": NAMES,
    "primaryOrgSourcedId": ORG,
}
PERSON_OPTIONAL = {
    "middleName": maybe(NAMES),
    "email": maybe(st.sampled_from(["a@b.example", "ü.x@schule.example", "no mail"])),
    "phone": maybe(st.sampled_from(["+1-505-555-0153", "(202) 555-0160 x12", "call"])),
    "identifier": maybe(WORDS),
    "birthDate": maybe(DAYS),
    "metadata.homeroom": maybe(NAMES),
    "metadata.vendor.key": maybe(NAMES),
}
USER_OPTIONAL = {**PERSON_OPTIONAL, "grades": maybe(GRADES)}
AGENT_OPTIONAL = {"agentId": maybe(WORDS), "status": maybe(STATUSES)}
ENROLLMENT_OPTIONAL = {
    "schoolSourcedId": maybe(ORG),
    "status": maybe(STATUSES),
    "primary": maybe(FLAGS),
    "beginDate": maybe(st.just("2026-08-17")),
    "endDate": maybe(st.just("2027-06-04")),
    "metadata.cohort": maybe(NAMES),
}


@st.composite
def some(
    draw: st.DrawFn, columns: Mapping[str, st.SearchStrategy[str]]
) -> Mapping[str, st.SearchStrategy[str]]:
    """Some of the columns: a file need not have them all."""
    return {name: cells for name, cells in columns.items() if draw(st.booleans())}


@st.composite
def students(draw: st.DrawFn) -> list[Row]:
    columns = {**PERSON, "grades": GRADES, **draw(some(PERSON_OPTIONAL))}
    return [
        {
            "sourcedId": f"s{number}",
            "username": f"{number}-{draw(WORDS)}",
            **{name: draw(cells) for name, cells in columns.items()},
        }
        for number in range(draw(st.integers(1, 5)))
    ]


@st.composite
def users(draw: st.DrawFn, pupils: Sequence[Row]) -> list[Row]:
    """Staff and guardians with one row for each role, some of whom are students too."""
    columns = {**PERSON, **draw(some(USER_OPTIONAL))}
    says_org, says_type, says_name = (draw(st.booleans()) for _ in range(3))
    rows: list[Row] = []
    for number in range(draw(st.integers(1, 6))):
        own = {name: draw(cells) for name, cells in columns.items()}
        own["sourcedId"] = f"u{number}"
        if says_name:
            own["username"] = draw(st.sampled_from(["", f"u{number}.name"]))
        if draw(st.integers(0, 4)) == 0:
            pupil = draw(st.sampled_from(list(pupils)))
            own |= {name: text for name, text in pupil.items() if name in own}
        for _ in range(draw(st.integers(1, 3))):
            role = {"role": draw(st.sampled_from([*ROLES, "ext:coach"]))}
            if says_org:
                role["roleOrgSourcedId"] = draw(maybe(ORG))
            if says_type:
                role["roleType"] = draw(st.sampled_from(["primary", "secondary", ""]))
            rows.append({**own, **role})
    return rows


@st.composite
def agents(draw: st.DrawFn, pupils: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    columns = draw(some(AGENT_OPTIONAL))
    kinds = st.one_of(st.sampled_from(["mother", "parent", "guardian"]), WORDS)
    pairs = [(p["sourcedId"], u["sourcedId"]) for p in pupils for u in others]
    if not pairs:
        return []
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=6, unique=True))
    return [
        {
            "studentSourcedId": pupil,
            "agentSourcedId": agent,
            "relationshipType": draw(kinds),
            **{name: draw(cells) for name, cells in columns.items()},
        }
        for pupil, agent in chosen
    ]


@st.composite
def enrollments(draw: st.DrawFn, people: Sequence[Row]) -> list[Row]:
    columns = draw(some(ENROLLMENT_OPTIONAL))
    has_id, has_course = draw(st.booleans()), draw(st.booleans())
    classes = st.sampled_from(["c1", "c 2"])
    rows: list[Row] = []
    for number in range(draw(st.integers(0, 6)) if people else 0):
        row = {name: draw(cells) for name, cells in columns.items()}
        row["userSourcedId"] = draw(st.sampled_from(list(people)))["sourcedId"]
        row["role"] = draw(st.sampled_from(ENROLLMENT_ROLES))
        row["classSourcedId"] = draw(maybe(classes) if has_course else classes)
        if has_course:
            course = st.sampled_from(["k1", "k-2"])
            row["courseSourcedId"] = draw(
                maybe(course) if row["classSourcedId"] else course
            )
        if has_id:
            row["sourcedId"] = draw(maybe(st.just(f"e{number}")))
        rows.append(row)
    return rows


def reference() -> dict[str, st.SearchStrategy[list[Row]]]:
    """The tables that the others refer to; each may be missing."""

    def table(
        ids: Sequence[str],
        required: Mapping[str, st.SearchStrategy[str]],
        optional: Mapping[str, st.SearchStrategy[str]],
    ) -> st.SearchStrategy[list[Row]]:
        @st.composite
        def rows(draw: st.DrawFn) -> list[Row]:
            columns = {**required, **draw(some(optional))}
            return [
                {"sourcedId": key, **{name: draw(c) for name, c in columns.items()}}
                for key in ids
            ]

        return rows()

    shared = {"status": maybe(STATUSES), "metadata.note": maybe(NAMES)}
    texts = {"subjects": maybe(WORDS), "subjectCodes": maybe(WORDS)}
    school_year = {"schoolYear": maybe(st.just("2027"))}
    return {
        "orgs": table(
            ORGS,
            {"name": NAMES},
            {
                **shared,
                "type": maybe(st.sampled_from(["school", "district"])),
                "identifier": maybe(WORDS),
            },
        ),
        "academicSessions": table(
            ("t1", "t2"),
            {
                "title": NAMES,
                "startDate": st.just("2026-08-17"),
                "endDate": st.just("2027-06-04"),
            },
            {**shared, **school_year, "type": maybe(st.just("term"))},
        ),
        "courses": table(
            ("k1", "k-2"),
            {"title": NAMES},
            {**shared, **texts, "courseCode": maybe(WORDS), "grades": maybe(GRADES)},
        ),
        "classes": table(
            ("c1", "c 2"),
            {"title": NAMES},
            {
                **shared,
                **texts,
                "grades": maybe(GRADES),
                "courseSourcedId": st.just("k1"),
                "classType": maybe(st.just("homeroom")),
                "location": maybe(NAMES),
                "schoolSourcedId": ORG,
                "termSourcedIds": st.sampled_from(["t1", "t1,t2", ""]),
                "periods": maybe(st.just("1,2")),
            },
        ),
    }


@st.composite
def rosters(draw: st.DrawFn) -> Tables:
    """The four files, or all but agents and enrollments, and some of the others."""
    pupils = draw(students())
    others = draw(users(pupils))
    tables = {
        name: draw(rows) for name, rows in reference().items() if draw(st.booleans())
    }
    tables |= {"students": pupils, "users": others}
    if draw(st.integers(0, 4)):
        tables["agents"] = draw(agents(pupils, others))
    if draw(st.integers(0, 4)):
        tables["enrollments"] = draw(enrollments([*pupils, *others]))
    return {name: rows for name, rows in tables.items() if rows}


def write_four_files(tables: Tables, folder: Path) -> Path:
    folder.mkdir()
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            header = list(dict.fromkeys(column for row in rows for column in row))
            lines = csv.DictWriter(file, header, restval="", lineterminator="\n")
            lines.writeheader()
            lines.writerows(rows)
    return folder


def taken_in(path: Path, *, delta: bool = False) -> Intake:
    how = How(delta=delta, rejection=Rejection(percent=100))
    intake = take_in(path, how, TODAY)
    assert intake.roster is not None, intake.findings.frame["message"].to_list()
    return intake


def converted(intake: Intake, layout: str, folder: Path) -> Path:
    assert intake.roster is not None
    assert intake.mapped is not None
    roster = as_delivered(intake.roster, intake.mapped)
    package = convert(roster, layout, MOMENT)
    assert package.left_out == ()
    write(package, folder, zipped=False)
    return folder


def said(
    roster: Roster, entity: Entity, names: Sequence[str]
) -> list[tuple[object, ...]]:
    """What a roster says of an entity in these columns: an empty status is active, and
    a column that is not there is empty."""
    frame = roster.frames.get(entity)
    if frame is None:
        return []
    there = [
        pl.col(name) if name in frame.columns else pl.lit(None, pl.String).alias(name)
        for name in names
    ]
    whole = frame.select(KEY, *there)
    if "status" in names:
        whole = whole.with_columns(pl.col("status").fill_null("active"))
    return whole.sort(KEY).rows()


def assert_same(before: Roster, after: Roster) -> None:
    for entity in before.frames:
        frames = [one.frames[entity] for one in (before, after) if entity in one.frames]
        names = sorted(
            {n for frame in frames for n in frame.columns if not n.startswith("_")}
        )
        for name in names:  # one by one, so that a failure names its column
            assert said(after, entity, [name]) == said(before, entity, [name]), name
        assert before.modes[entity] == after.modes[entity]
    strange = {e for e in after.frames if e not in before.frames}
    assert all(after.frames[entity].is_empty() for entity in strange)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(tables=rosters(), delta=st.booleans())
@TRIPS
def test_a_roster_comes_back_from_oneroster_as_it_went(
    layout: str, tables: Tables, *, delta: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        intake = taken_in(write_four_files(tables, place / "drop"), delta=delta)
        package = converted(intake, layout, place / "package")
        back = taken_in(package)
        assert intake.roster is not None
        assert back.roster is not None
        assert not back.rejected, back.findings.frame["message"].to_list()
        assert_same(intake.roster, back.roster)
        four = converted(back, "four-files", place / "four")
        again = taken_in(four, delta=delta)
        assert again.roster is not None
        assert_same(intake.roster, again.roster)


@given(tables=rosters(), delta=st.booleans())
@TRIPS
def test_the_four_files_of_the_four_files_say_the_same(
    tables: Tables, *, delta: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        intake = taken_in(write_four_files(tables, place / "drop"), delta=delta)
        again = taken_in(converted(intake, "four-files", place / "four"), delta=delta)
        assert intake.roster is not None
        assert again.roster is not None
        assert_same(intake.roster, again.roster)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(tables=rosters())
@TRIPS
def test_the_same_roster_gives_the_same_bytes(layout: str, tables: Tables) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        intake = taken_in(write_four_files(tables, place / "drop"))
        turned = {name: rows[::-1] for name, rows in tables.items()}
        other = taken_in(write_four_files(turned, place / "turned"))
        first, second = (
            {
                path.name: path.read_bytes()
                for path in converted(one, layout, place / name).iterdir()
            }
            for one, name in ((intake, "one"), (other, "other"))
        )
        assert first == second
