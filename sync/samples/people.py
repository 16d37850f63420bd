"""Families: a cast of students comes in, students, guardians and their links go out.

A cast is a frame with `number`, `family`, `child`, `size`, `grade` (index), `schoolId`:
who there is, before anybody has a name. Everything about a family follows from its
number, so that siblings share a name, a home and guardians.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sync.samples.chance import Chance, chosen, number_of, padded, source_id
from sync.samples.names import (
    culture,
    family_names,
    given_names,
    latin,
    name_index,
    native,
)
from sync.samples.schools import GRADES

# Kinds of families, in a hundred: one guardian, a couple, two homes, two homes with a
# step-parent, relatives or a legal guardian, nobody on file.
_KINDS = [0] * 42 + [1] * 34 + [2] * 12 + [3] * 7 + [4] * 4 + [5]
_COUPLE, _TWO_HOMES, _STEP, _RELATIVE, _NOBODY = 1, 2, 3, 4, 5
# The places of a family's guardians; the last is the step-parent's.
_ONE, _OTHER, _STEP_PARENT = 0, 1, 2
_PAIR, _MIDDLE_SCHOOL = 2, 6
_AREAS = ("312", "773", "214", "505", "808", "415", "202", "617")
_MAIL = ("mailbox.example", "post.example", "home.example", "correo.example")
_KIN = ("grandmother", "grandfather", "aunt", "uncle")
_WARDS = ("legal guardian", "foster parent")
STUDENT_MAIL = "@students.canada-valley.example"
# Of a thousand.
_NO_MAIL_STUDENT, _NO_MAIL_GUARDIAN, _JUNIOR, _DISABLED = 20, 40, 30, 5
_YEAR_DAYS = 365
# Of fifty families with two children.
_TWINS = 2


@dataclass(frozen=True, slots=True)
class People:
    """What a cast turned into: students.csv, rows of users.csv and agents.csv."""

    students: pl.DataFrame
    guardians: pl.DataFrame
    agents: pl.DataFrame


def family_cast(first: int, count: int, chance: Chance) -> pl.DataFrame:
    """Return `number`, `family`, `child`, `size`, `step` of so many new students.

    Numbers begin with `first`. Of a family of two, one in twenty-five are twins.
    """
    family, step = pl.col("family"), chance.below(pl.col("family"), "ages apart", 50)
    sizes = pl.Series([1] * 55 + [2] * 33 + [3] * 10 + [4] * 2, dtype=pl.Int64)
    families = pl.select(family=pl.int_range(first, first + count)).with_columns(
        size=pl.lit(sizes).gather(chance.below(family, "size of family", 100))
    )
    families = families.with_columns(
        twins=(pl.col("size") == _PAIR) & (step < _TWINS),
        step=(2 + step % 2).cast(pl.Int64),
        start=pl.col("size").cum_sum() - pl.col("size"),
    ).filter(pl.col("start") < count)
    children = families.select(pl.all().repeat_by("size").explode()).head(count)
    place = pl.int_range(pl.len(), dtype=pl.Int64)
    step_or_none = pl.when("twins").then(0).otherwise("step")
    return children.select(
        "family",
        "size",
        number=place + first,
        child=place - pl.col("start"),
        step=step_or_none,
    )


def people(cast: pl.DataFrame, first_guardian: int, chance: Chance) -> People:
    """Return the people of a cast; guardians are numbered from `first_guardian`."""
    homes = _households(cast, chance)
    children = _children(cast.join(homes, on="family", how="left"), chance)
    guardians = _guardians(homes, first_guardian, chance)
    links = (
        children.select("number", "sourcedId", "family", "child")
        .join(guardians.select("family", "slot", "id", "relation"), on="family")
        .filter(_is_linked(chance))
        .sort("number", "slot")
    )
    agents = links.select(
        studentSourcedId="sourcedId", agentSourcedId="id", relationshipType="relation"
    )
    return People(children, _guardian_users(guardians, chance), agents)


def _is_linked(chance: Chance) -> pl.Expr:
    """A step-parent stands by the eldest child and by half of the others."""
    drawn = chance.share(pl.col("number"), "step-child", 500)
    return (pl.col("slot") != _STEP_PARENT) | (pl.col("child") == 0) | drawn


def _households(cast: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    family, names = pl.col("family"), family_names()
    homes = cast.filter(pl.col("child") == 0).select("family", homeSchool="schoolId")
    homes = homes.with_columns(
        culture=culture(family, "culture", chance),
        kind=pl.lit(pl.Series(_KINDS, dtype=pl.Int64)).gather(
            chance.below(family, "kind of family", len(_KINDS))
        ),
        phone=phone(family, "home phone", chance),
    )
    index = name_index(names, pl.col("culture"), chance.draw(family, "family name"))
    return homes.with_columns(name=index).sort("family")


def _children(cast: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    number, given, family = pl.col("number"), given_names(), family_names()
    index = name_index(given, pl.col("culture"), chance.draw(number, "given name"))
    cast = cast.with_columns(
        given=index, sourcedId=source_id("stu", number, chance)
    ).with_columns(familyLatin=latin(family, pl.col("name")))
    initial = latin(given, pl.col("given")).str.slice(0, 1)
    cast = cast.with_columns(
        username=initial + pl.col("familyLatin") + number.cast(pl.String)
    )
    no_mail = chance.share(number, "no e-mail", _NO_MAIL_STUDENT)
    has_phone = (pl.col("grade") >= _MIDDLE_SCHOOL) & chance.share(
        number, "own phone", 600
    )
    enabled = chance.share(number, "disabled", _DISABLED)
    return cast.with_columns(
        status=pl.lit("active"),
        enabledUser=pl.when(enabled).then(pl.lit("false")).otherwise(pl.lit("true")),
        givenName=native(given, pl.col("given")),
        familyName=native(family, pl.col("name")) + _junior(chance),
        middleName=chance.pick(number, "middle name", _MIDDLE),
        email=pl.when(no_mail).then(pl.lit("")).otherwise(_student_mail()),
        phone=pl.when(has_phone).then("phone").otherwise(pl.lit("")),
        identifier=padded(number, 8),
        birthDate=_birth_date(chance),
        grades=chosen(GRADES, pl.col("grade")),
        primaryOrgSourcedId=pl.col("schoolId"),
    ).sort("number")


_MIDDLE = (*[""] * 14, "A.", "J.", "María", "Lee", "Grace", "de Jesús")


def _student_mail() -> pl.Expr:
    return pl.col("username") + STUDENT_MAIL


def _junior(chance: Chance) -> pl.Expr:
    """A few eldest children of English name bear a suffix, comma and all."""
    is_junior = chance.share(pl.col("number"), "junior", _JUNIOR)
    is_eldest = (pl.col("culture") == 0) & (pl.col("child") == 0)
    return pl.when(is_junior & is_eldest).then(pl.lit(", Jr.")).otherwise(pl.lit(""))


def _birth_date(chance: Chance) -> pl.Expr:
    """Children are five on 1 September of the year in which they enter kindergarten."""
    one = pl.when(pl.col("step") == 0).then("family").otherwise("number")
    day = chance.below(one, "birthday", _YEAR_DAYS).cast(pl.Int64)
    earliest = pl.date(2020 - pl.col("grade"), 9, 2)
    return (earliest + pl.duration(days=day)).dt.to_string("%Y-%m-%d")


def _guardians(homes: pl.DataFrame, first: int, chance: Chance) -> pl.DataFrame:
    kind, slot = pl.col("kind"), pl.col("slot")
    slots = pl.DataFrame(
        {"slot": [_ONE, _OTHER, _STEP_PARENT]}, schema={"slot": pl.Int64}
    )
    has_second = kind.is_in([_COUPLE, _TWO_HOMES, _STEP])
    is_there = (
        pl.when(slot == _ONE)
        .then(kind != _NOBODY)
        .when(slot == _OTHER)
        .then(has_second)
        .otherwise(kind == _STEP)
    )
    guardians = homes.join(slots, how="cross").filter(is_there).sort("family", "slot")
    number = pl.int_range(pl.len(), dtype=pl.Int64) + first
    guardians = guardians.with_columns(number=number).with_columns(
        id=source_id("gdn", pl.col("number"), chance),
        relation=_relation(chance),
        ofOwnName=(slot != _ONE) & (kind != _COUPLE),
    )
    return guardians.with_columns(_guardian_names(chance))


def _relation(chance: Chance) -> pl.Expr:
    family, slot = pl.col("family"), pl.col("slot")
    father_first = chance.share(family, "father first", 250)
    is_kin = chance.share(family, "kin or ward", 700)
    is_relative = pl.col("kind") == _RELATIVE
    return (
        pl.when(is_relative & is_kin)
        .then(chance.pick(family, "kin", _KIN))
        .when(is_relative)
        .then(chance.pick(family, "ward", _WARDS))
        .when(slot == _STEP_PARENT)
        .then(chance.pick(family, "step-parent", ("stepfather", "stepmother")))
        .when((slot == _ONE) ^ father_first)
        .then(pl.lit("mother"))
        .otherwise(pl.lit("father"))
    )


def _guardian_names(chance: Chance) -> list[pl.Expr]:
    """Another home's guardian has a family name of his or her own, if not culture."""
    number, names, own = pl.col("number"), family_names(), pl.col("ofOwnName")
    drawn = culture(number, "own culture", chance)
    settled = pl.when(own).then(drawn).otherwise("culture")
    other = name_index(names, drawn, chance.draw(number, "own family name"))
    # The next name of the list when the draw met the very name of the household.
    following = (other + 1) % len(names.native)
    other = pl.when(other == pl.col("name")).then(following).otherwise(other)
    given = name_index(given_names(), settled, chance.draw(number, "given guardian"))
    return [pl.when(own).then(other).otherwise("name").alias("name"), given.alias("g")]


def _guardian_users(guardians: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    number, relation = pl.col("number"), pl.col("relation")
    latin_name = latin(family_names(), pl.col("name"))
    mail = pl.col("username") + "@" + chance.pick(number, "mail", _MAIL)
    own_phone = phone(number, "mobile", chance)
    has_mail = ~chance.share(number, "no e-mail guardian", _NO_MAIL_GUARDIAN)
    role = (
        pl.when(relation.is_in(_KIN))
        .then(pl.lit("relative"))
        .when(relation.is_in(_WARDS))
        .then(pl.lit("guardian"))
        .otherwise(pl.lit("parent"))
    )
    guardians = guardians.with_columns(
        username=latin_name + "-" + number.cast(pl.String)
    )
    return guardians.with_columns(
        sourcedId="id",
        status=pl.lit("active"),
        enabledUser=pl.lit("true"),
        givenName=native(given_names(), pl.col("g")),
        familyName=native(family_names(), pl.col("name")),
        email=pl.when(has_mail).then(mail).otherwise(pl.lit("")),
        phone=pl.when(pl.col("slot") == _ONE).then("phone").otherwise(own_phone),
        identifier=pl.lit(""),
        primaryOrgSourcedId="homeSchool",
        role=role,
        roleType=pl.lit("primary"),
        roleOrgSourcedId="homeSchool",
    )


def phone(number: pl.Expr, purpose: str, chance: Chance) -> pl.Expr:
    """Return numbers of the range 555-0100 to 555-0199, which belongs to nobody.

    Schools type them in more than one way.
    """
    area = chance.pick(number, f"{purpose} area", _AREAS)
    line = padded(chance.below(number, f"{purpose} line", 100) + 100, 4)
    way = chance.below(number, f"{purpose} way", 10)
    return (
        pl.when(way == 0)
        .then(pl.lit("(") + area + ") 555-" + line)
        .when(way == 1)
        .then(area + ".555." + line)
        .otherwise(pl.lit("+1-") + area + "-555-" + line)
    )


def next_number(identifiers: pl.Series, prefix: str) -> int:
    """Return the first number that no identifier of this prefix has."""
    odd = identifiers.str.starts_with("5f0c")
    own = identifiers.filter(identifiers.str.starts_with(prefix) | odd)
    numbers = own.to_frame("id").select(number_of(pl.col("id"))).to_series()
    largest = numbers.max()
    return 1 + (largest if isinstance(largest, int) else 0)
