"""The following night: last night's tables come in, tonight's go out.

Of the asked share of students a fifth leaves, a fifth arrives and three fifths change
in one way each; staff and guardians change in like measure. Whoever moves or arrives
follows a classmate, who takes the same classes and has been at that school and in that
grade all along, so that every night is as sound as the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from sync.samples.chance import Chance, chosen, source_id
from sync.samples.classes import PER_STUDENT
from sync.samples.names import family_names
from sync.samples.people import (
    STUDENT_MAIL,
    family_cast,
    next_number,
    people,
    phone,
)
from sync.samples.schools import GRADES, LAST_DAY
from sync.samples.tables import Tables, shaped

KINDS = (
    *("phone", "class", "email", "grade", "familyName", "school", "relation"),
    "ended",
)
"""What may happen to a student who stays, one kind each."""

_PERSON_KINDS = ("phone", "email", "familyName")
_LEAVE, _CHANGE = 0.2, 0.6
# Of four ways in which an enrollment ends: below it the row is gone, above it also
# the status says so.
_BY_DATE = 2
_FIRST_NIGHT, _NIGHTS = date(2026, 9, 8), 60


@dataclass(frozen=True, slots=True)
class _Night:
    """Draws and the day of one night."""

    chance: Chance
    day: str


def next_night(tables: Tables, seed: int, change: float = 0.02) -> Tables:
    """Return the drop of the night after `tables`, in another order of rows.

    `change` is the share of students that leave, arrive or change, from 0 to 1.
    Raises ValueError for any other.
    """
    if not 0 <= change <= 1:
        message = f"the share of changes is between 0 and 1, not {change}"
        raise ValueError(message)
    day = _FIRST_NIGHT + timedelta(days=seed % _NIGHTS)
    night = _Night(Chance(seed + 1_000_003), day.isoformat())
    fates = _fates(tables.students, change, night)
    seats = _seats(tables, fates)
    moves = _moves(fates, seats, night)
    new = _newcomers(tables, seats, round(fates.height * change * _LEAVE), night)
    agents = _agents(tables.agents, fates)
    after = dict(tables.items())
    after["students"] = pl.concat([_students(tables, moves, night), new.students])
    after["users"] = pl.concat([_users(tables, agents, change, night), new.users])
    after["agents"] = pl.concat([agents, new.agents])
    after["enrollments"] = _enrollments(tables, moves, seats, new, night)
    for name in ("students", "users", "agents", "enrollments"):
        after[name] = _shuffled(after[name], name, night)
    return Tables(**after)


def _fates(students: pl.DataFrame, change: float, night: _Night) -> pl.DataFrame:
    """Return `id`, `n`, `school`, `grade` (index), `fate` ("" for most)."""
    leave, alter = (round(students.height * change * s) for s in (_LEAVE, _CHANGE))
    place = pl.int_range(pl.len(), dtype=pl.Int64)
    kind = chosen(KINDS, (place - leave) % len(KINDS))
    fate = pl.when(place < leave).then(pl.lit("gone")).when(place < leave + alter)
    return (
        students.select(
            id="sourcedId",
            n=pl.col("identifier").cast(pl.Int64),
            school="primaryOrgSourcedId",
            grade=pl.col("grades").replace_strict(
                list(GRADES), range(len(GRADES)), return_dtype=pl.Int64
            ),
        )
        .sort(night.chance.draw(pl.col("n"), "fate"))
        .with_columns(fate=fate.then(kind).otherwise(pl.lit("")))
        .sort("n")
    )


@dataclass(frozen=True, slots=True)
class _Seats:
    """Who may be followed into his classes, and what everybody attends.

    `models` has `id`, `school`, `grade`, ordered by grade and school; `groups` says
    where each school and grade begins in it; `open` are enrollments without an end.
    """

    models: pl.DataFrame
    groups: pl.DataFrame
    open: pl.DataFrame


def _seats(tables: Tables, fates: pl.DataFrame) -> _Seats:
    is_open = (pl.col("status") == "active") & pl.col("endDate").is_in(["", LAST_DAY])
    learning = tables.enrollments.filter(is_open & (pl.col("role") == "student"))
    full = (
        learning.group_by("userSourcedId")
        .agg(seats=pl.len())
        .filter(pl.col("seats") == PER_STUDENT)
    )
    steady = fates.filter(pl.col("fate") == "")
    models = steady.join(full, left_on="id", right_on="userSourcedId", how="semi")
    models = models.select("id", "n", "school", "grade").sort("grade", "school", "n")
    groups = models.group_by("grade", "school").agg(count=pl.len().cast(pl.Int64))
    groups = groups.sort("grade", "school").with_columns(
        start=pl.col("count").cum_sum() - pl.col("count"),
        group=pl.int_range(pl.len(), dtype=pl.Int64),
    )
    return _Seats(models, groups, learning)


def _moves(fates: pl.DataFrame, seats: _Seats, night: _Night) -> pl.DataFrame:
    """Return the fates with `model`, `newSchool`, `newGrade` of those who move."""
    where = fates.filter(pl.col("fate").is_in(["class", "grade", "school"]))
    where = where.with_columns(group=_target(where, seats.groups, night))
    groups = seats.groups.select("group", "start", "count")
    where = where.join(groups, on="group", how="inner")
    drawn = night.chance.draw(pl.col("n"), "model") % pl.col("count").cast(pl.UInt64)
    place = pl.col("start").cast(pl.UInt64) + drawn
    where = where.select(
        "id",
        model=pl.lit(seats.models["id"]).gather(place),
        newSchool=pl.lit(seats.models["school"]).gather(place),
        newGrade=pl.lit(seats.models["grade"]).gather(place),
    )
    return fates.join(where, on="id", how="left").sort("n")


def _target(where: pl.DataFrame, groups: pl.DataFrame, night: _Night) -> pl.Series:
    """Return the group that each mover joins, null where there is none."""
    in_grade = groups.select(
        "grade",
        "school",
        own="group",
        first=pl.col("group").min().over("grade"),
        schools=pl.len().over("grade").cast(pl.Int64),
    )
    keys = ["grade", "school"]
    found = where.join(in_grade, on=keys, how="left", maintain_order="left")
    for name, step in (("above", 1), ("below", -1)):
        beside = groups.select("school", pl.col("grade") - step, **{name: "group"})
        found = found.join(beside, on=keys, how="left", maintain_order="left")
    others = pl.max_horizontal(pl.col("schools") - 1, 1).cast(pl.UInt64)
    away = 1 + (night.chance.draw(pl.col("n"), "away") % others).cast(pl.Int64)
    elsewhere = (pl.col("own") - pl.col("first") + away) % pl.col("schools")
    target = (
        pl.when(pl.col("fate") == "grade")
        .then(pl.coalesce("above", "below"))
        .when(pl.col("fate") == "school")
        .then(pl.col("first") + elsewhere)
        .otherwise("own")
    )
    return found.select(target.alias("group")).to_series()


@dataclass(frozen=True, slots=True)
class _Newcomers:
    """Rows that arrive tonight, and the `id` and `model` of each new student."""

    students: pl.DataFrame
    users: pl.DataFrame
    agents: pl.DataFrame
    wishes: pl.DataFrame


def _newcomers(tables: Tables, seats: _Seats, count: int, night: _Night) -> _Newcomers:
    models = seats.models
    number = tables.students["identifier"].cast(pl.Int64).max()
    first = 1 + (number if isinstance(number, int) else 0)
    cast = family_cast(first, count if models.height else 0, night.chance)
    drawn = night.chance.draw(pl.col("number"), "model of newcomer")
    place = drawn % max(1, models.height)
    cast = cast.with_columns(
        model=pl.lit(models["id"]).gather(place),
        schoolId=pl.lit(models["school"]).gather(place),
        grade=pl.lit(models["grade"]).gather(place),
    )
    guardian = next_number(tables.users["sourcedId"], "gdn")
    folk = people(cast, guardian, night.chance)
    return _Newcomers(
        shaped("students", folk.students),
        shaped("users", folk.guardians),
        shaped("agents", folk.agents),
        folk.students.select("model", id="sourcedId"),
    )


def _students(tables: Tables, moves: pl.DataFrame, night: _Night) -> pl.DataFrame:
    fate, n = pl.col("fate"), pl.col("n")
    mail = _new_mail(n, night) + STUDENT_MAIL
    happened = moves.select("n", "fate", "newSchool", "newGrade", sourcedId="id")
    known = tables.students.join(happened, on="sourcedId", how="left").sort("n")
    grade = chosen(GRADES, pl.col("newGrade"))
    school = pl.coalesce("newSchool", "primaryOrgSourcedId")
    changed = known.filter(fate != "gone").with_columns(
        phone=_where("phone", phone(n, "new phone", night.chance)),
        email=_where("email", mail),
        familyName=_where("familyName", _new_name(n, night)),
        grades=pl.coalesce(grade, "grades"),
        primaryOrgSourcedId=school,
    )
    return shaped("students", changed)


def _where(fate: str, new: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("fate") == fate).then(new).otherwise(fate)


def _new_mail(number: pl.Expr, night: _Night) -> pl.Expr:
    drawn = night.chance.below(number, "new e-mail", 900).cast(pl.Int64) + 100
    return pl.col("username") + "." + drawn.cast(pl.String)


def _new_name(number: pl.Expr, night: _Night) -> pl.Expr:
    """Another family name, of the first two cultures, and not the old one."""
    names = family_names()
    some = names.native[: names.start[2]]
    drawn = night.chance.below(number, "new name", len(some))
    name = chosen(some, drawn)
    other = chosen(some, (drawn + 1) % len(some))
    return pl.when(name == pl.col("familyName")).then(other).otherwise(name)


def _agents(agents: pl.DataFrame, fates: pl.DataFrame) -> pl.DataFrame:
    """The links of those who stay; for some the first becomes another relationship."""
    happened = fates.select("fate", "n", studentSourcedId="id")
    links = agents.join(happened, on="studentSourcedId", how="left")
    links = links.filter(pl.col("fate") != "gone").sort("n", "agentSourcedId")
    is_first = pl.int_range(pl.len()).over("n") == 0
    new = pl.when(pl.col("relationshipType") == "legal guardian")
    new_type = new.then(pl.lit("foster parent")).otherwise(pl.lit("legal guardian"))
    changes = (pl.col("fate") == "relation") & is_first
    relation = pl.when(changes).then(new_type).otherwise("relationshipType")
    return shaped("agents", links.with_columns(relationshipType=relation))


def _users(
    tables: Tables, agents: pl.DataFrame, change: float, night: _Night
) -> pl.DataFrame:
    """Everybody but guardians who are left with no child; a few changed."""
    key, user = "agentSourcedId", "sourcedId"
    lost = tables.agents.join(agents, on=key, how="anti").select(key).unique()
    kept = tables.users.join(lost, left_on=user, right_on=key, how="anti")
    persons = kept.select(user).unique().sort(user)
    persons = persons.with_columns(n=pl.int_range(pl.len(), dtype=pl.Int64))
    count, place = round(persons.height * change * _CHANGE), pl.int_range(pl.len())
    persons = persons.sort(night.chance.draw(pl.col("n"), "person")).with_columns(
        fate=pl.when(place < count).then(chosen(_PERSON_KINDS, place % 3))
    )
    known = kept.join(persons, on=user, how="left").sort("n", "roleType")
    domain = pl.col("email").str.extract(r"(@.+)$").fill_null("@mailbox.example")
    number = pl.col("n")
    return shaped(
        "users",
        known.with_columns(
            phone=_where("phone", phone(number, "new mobile", night.chance)),
            email=_where("email", _new_mail(number, night) + domain),
            familyName=_where("familyName", _new_name(number, night)),
        ),
    )


def _enrollments(
    tables: Tables,
    moves: pl.DataFrame,
    seats: _Seats,
    new: _Newcomers,
    night: _Night,
) -> pl.DataFrame:
    seat = ["userSourcedId", "classSourcedId"]
    gone = moves.filter(pl.col("fate") == "gone").select(userSourcedId="id")
    staying = tables.enrollments.join(gone, on="userSourcedId", how="anti")
    movers = moves.filter(pl.col("model").is_not_null()).select("id", "model")
    wishes = _wished(pl.concat([movers, new.wishes.select("id", "model")]), seats)
    movers_seats = seats.open.join(
        movers, left_on="userSourcedId", right_on="id", how="semi"
    )
    left = movers_seats.join(wishes, on=seat, how="anti")
    left = pl.concat([left, _given_up(moves, seats)]).select("sourcedId")
    taken = wishes.join(seats.open, on=seat, how="anti").sort(seat)
    first = next_number(tables.enrollments["sourcedId"], "enr")
    return pl.concat([_ended(staying, left, night), _begun(taken, first, night)])


def _wished(followers: pl.DataFrame, seats: _Seats) -> pl.DataFrame:
    """Return the model's seats under the follower's id."""
    wishes = followers.join(
        seats.open, left_on="model", right_on="userSourcedId", how="inner"
    )
    return wishes.rename({"id": "userSourcedId"}).select(seats.open.columns)


def _given_up(moves: pl.DataFrame, seats: _Seats) -> pl.DataFrame:
    """Return the last seat of each student who gives one up."""
    who = moves.filter(pl.col("fate") == "ended").select(userSourcedId="id")
    mine = seats.open.join(who, on="userSourcedId", how="semi")
    return mine.sort("sourcedId").group_by("userSourcedId").last().select(mine.columns)


def _ended(
    enrollments: pl.DataFrame, left: pl.DataFrame, night: _Night
) -> pl.DataFrame:
    """Of the seats left, half of the rows go, a quarter get an end, a quarter both.

    Systems differ in how they say that somebody has left a class.
    """
    kept = enrollments.join(left, on="sourcedId", how="anti")
    ending = enrollments.join(left, on="sourcedId", how="semi").sort("sourcedId")
    way = night.chance.below(pl.int_range(pl.len()), "way of ending", 4)
    end = pl.max_horizontal(pl.lit(night.day), "beginDate")
    ending = ending.with_columns(way=way).filter(pl.col("way") >= _BY_DATE)
    status = pl.when(pl.col("way") == _BY_DATE).then("status")
    ending = ending.with_columns(
        endDate=end, status=status.otherwise(pl.lit("tobedeleted"))
    )
    return pl.concat([kept, ending.select(kept.columns)])


def _begun(taken: pl.DataFrame, first: int, night: _Night) -> pl.DataFrame:
    number = pl.int_range(pl.len(), dtype=pl.Int64) + first
    taken = taken.with_columns(row=number)
    identifier = source_id("enr", pl.col("row"), night.chance)
    begun = taken.with_columns(sourcedId=identifier, beginDate=pl.lit(night.day))
    return shaped("enrollments", begun)


def _shuffled(frame: pl.DataFrame, name: str, night: _Night) -> pl.DataFrame:
    # Sorted first: what comes here has been joined, and joins promise no order.
    frame = frame.sort(frame.columns)
    return frame.sort(night.chance.draw(pl.int_range(pl.len()), f"order of {name}"))
