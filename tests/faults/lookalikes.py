"""Households in which people are easily taken for each other, and who is who in truth.

Each household stands on both sides, the drop and the target, in one of the ways in
which an information system and a school year confuse them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
GIVEN = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Ida", "Jon", "Kim")
FAMILY = ("Hill", "Moor", "Lake", "Wood", "Field", "Brook", "Dale", "Ford")


@dataclass(slots=True)
class World:
    """Both sides, and the truth that neither tells."""

    drop: dict[str, Row] = field(default_factory=dict)
    remote: dict[str, Row] = field(default_factory=dict)
    row_of: dict[str, int] = field(default_factory=dict)
    """Key of a row -> who it is."""
    record_of: dict[str, int] = field(default_factory=dict)
    """Key of a record -> who it is."""
    changed: dict[str, str] = field(default_factory=dict)
    """Old key -> new key of those whose ids have changed."""
    reused: set[str] = field(default_factory=set)
    """Keys that were given to another person."""
    people: int = 0


@dataclass(slots=True)
class Maker:
    """Makes households, one number for each person."""

    chance: random.Random
    world: World = field(default_factory=World)

    def person(self, **cells: Any) -> Row:
        """Somebody of his own: name, birth date, e-mail, username, identifier."""
        self.world.people += 1
        n = self.world.people
        return {
            "who": n,
            "givenName": self.chance.choice(GIVEN),
            "familyName": self.chance.choice(FAMILY),
            "birthDate": f"20{n % 16:02}-{n // 16 % 12 + 1:02}-{n // 192 % 28 + 1:02}",
            "email": f"p{n}@x.example",
            "username": f"p{n}",
            "identifier": f"I{n}",
            "primaryOrgSourcedId": f"o{n % 40}",
            **cells,
        }

    def twin(self, of: Row, **cells: Any) -> Row:
        """A sibling of the same day: another given name, all else of the family's."""
        names = [one for one in GIVEN if one != of["givenName"]]
        same = ("familyName", "birthDate", "email", "primaryOrgSourcedId")
        own = {"givenName": self.chance.choice(names)}
        return self.person(**{name: of[name] for name in same}, **own, **cells)

    def there(self, one: Row, key: str = "", status: str = "active") -> str:
        """A record of the target."""
        key = key or f"r{one['who']}"
        self.world.remote[key] = _cells(one) | {"status": status}
        self.world.record_of[key] = one["who"]
        return key

    def told(self, one: Row, key: str) -> str:
        """A row of the drop."""
        self.world.drop[key] = _cells(one) | {"status": "active"}
        self.world.row_of[key] = one["who"]
        return key

    def renumbered(self, one: Row, **cells: Any) -> None:
        """Somebody whose id has changed, and maybe a little besides."""
        old = self.there(one)
        self.world.changed[old] = self.told(one | cells, f"n{one['who']}")


def _cells(one: Row) -> Row:
    return {name: value for name, value in one.items() if name != "who"}


def twins_renumbered(make: Maker) -> None:
    """Both get new ids; e-mail, name and day tell nothing, the usernames do."""
    one = make.person()
    for each in (one, make.twin(one)):
        make.renumbered(each, identifier=None)


def namesakes_renumbered(make: Maker) -> None:
    """Two of one name, day and school; only their identifiers differ."""
    one = make.person(email=None)
    same = ("givenName", "familyName", "birthDate", "primaryOrgSourcedId")
    other = make.person(email=None, **{name: one[name] for name in same})
    for each in (one, other):
        make.renumbered(each, username=None)


def by_birth_date_alone(make: Maker) -> None:
    """Whatever else is known has changed with the id."""
    one = make.person()
    n = one["who"]
    make.renumbered(one, email=f"q{n}@x.example", username=f"q{n}", identifier=None)


def married(make: Maker) -> None:
    """Another family name and another username with the new id."""
    one = make.person()
    make.renumbered(one, familyName="Newman", username=None, identifier=None)


def in_other_letters(make: Maker) -> None:
    """The same in other case and with other spaces."""
    one = make.person()
    shouted = {
        "givenName": f" {one['givenName'].upper()}",
        "email": one["email"].upper(),
    }
    make.renumbered(one, **shouted, username=None, identifier=None, birthDate=None)


def twin_comes_as_twin_goes(make: Maker) -> None:
    """One leaves, the other arrives: everything but the given name is the same."""
    one = make.person()
    make.there(one)
    make.told(make.twin(one), f"n{one['who']}")


def sibling_takes_the_account(make: Maker) -> None:
    """The younger one is given the username and the e-mail of the one who left."""
    one = make.person()
    make.there(one)
    names = [name for name in GIVEN if name != one["givenName"]]
    same = {name: one[name] for name in ("familyName", "email", "username")}
    other = make.person(**same, givenName=make.chance.choice(names))
    make.told(other, f"n{one['who']}")


def one_twin_stays(make: Maker) -> None:
    """One keeps his id, the other leaves: the row is his who stays."""
    one = make.person()
    stays, goes = one, make.twin(one)
    key = make.there(stays)
    make.there(goes)
    make.told(stays, key)


def like_one_who_left_long_ago(make: Maker) -> None:
    """A new one with the name and e-mail of a record that has ended."""
    one = make.person()
    make.there(one, status="tobedeleted")
    same = {name: one[name] for name in ("givenName", "email", "username")}
    other = make.person(**same)
    make.told(other, f"n{other['who']}")


def id_given_to_another(make: Maker) -> None:
    """The id of one who left is somebody else's now."""
    one = make.person(givenName="Ada", familyName="Hill")
    key = make.there(one)
    make.told(make.person(givenName="Ben", familyName="Moor"), key)
    make.world.reused.add(key)


def strangers_of_one_name(make: Maker) -> None:
    """Father and son at one school: one name, another day."""
    one = make.person()
    make.there(one)
    same = {name: one[name] for name in ("givenName", "familyName")}
    other = make.person(**same, primaryOrgSourcedId=one["primaryOrgSourcedId"])
    make.told(other, f"n{other['who']}")


def told_apart_by_nobody(make: Maker) -> None:
    """Another person of the same name, day and school comes as one leaves: nobody but
    a person can tell, so nothing is done."""
    one = make.person(email=None, username=None, identifier=None)
    make.there(one)
    names = ("givenName", "familyName", "birthDate", "primaryOrgSourcedId")
    other = make.person(**{name: one[name] for name in names})
    make.told(other, f"n{other['who']}")


Households = tuple[Callable[[Maker], None], ...]
HOUSEHOLDS: Households = (
    *(twins_renumbered, namesakes_renumbered, by_birth_date_alone, married),
    *(in_other_letters, twin_comes_as_twin_goes, sibling_takes_the_account),
    *(one_twin_stays, like_one_who_left_long_ago, id_given_to_another),
    *(strangers_of_one_name, told_apart_by_nobody),
)


WITHOUT_BIRTH_DATES = tuple(one for one in HOUSEHOLDS if one is not by_birth_date_alone)
"""Those who can be told where the target does not show birth dates."""


def world(people: int, seed: int, households: Households = HOUSEHOLDS) -> World:
    """Households of all kinds in turn until there are so many people."""
    make = Maker(random.Random(seed))  # noqa: S311 - the same again for the same seed
    while make.world.people < people:
        for household in households:
            household(make)
    return make.world
