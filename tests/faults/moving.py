"""Other people at work on a list while it is being read.

Their records stand at its front and are taken away from there, which makes all others
move up; what they add comes to its end, where nobody has read yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.sandbox import Sandbox
from sync.sandbox.people import save_people
from tests.support.meddler import Heard, Trouble

PLACES = 150
"""Records of others that stand at the front."""


@dataclass(frozen=True, slots=True)
class Place:
    """A list that is paged, and the table behind it."""

    path: str
    """The end of the path of the list."""
    pages: Mapping[str, Any]
    """Settings under which it has five records a page."""
    put: Callable[[Any, Sequence[str]], None]
    """Adds records of others to the store of a sandbox: to the front those whose keys
    begin with ``aaa``, before them ``aa0``, to the end those with ``zzz``."""
    take: Callable[[Any, str], None]
    mark: str
    """A record of others that stays, as the mirror has it."""
    marks: Callable[[Any], set[str]]
    """The records that are there, as the mirror calls them."""
    later: bool = False
    """Others can come only when something of ours is there."""


def _put_people(world: Any, keys: Sequence[str]) -> None:
    template = world.store.all("users")[0]
    save_people(
        world,
        [
            {**template, "sourcedId": key, "username": key, "email": f"{key}@o.example"}
            for key in keys
        ],
    )


def _take_person(world: Any, key: str) -> None:
    for view in ("users", "api_users"):
        world.store.run(f"DELETE FROM {view} WHERE sourcedId = ?", key)  # noqa: S608 - ours


def _people(world: Any) -> set[str]:
    return {one[0] for one in world.store.rows("SELECT sourcedId FROM users")}


def _uid(key: str) -> int:
    bases = {"aa0": 100, "aaa": 1_000, "zzz": 9_000_000}
    return int(key[3:]) + bases[key[:3]]


def _put_accounts(world: Any, keys: Sequence[str]) -> None:
    text = world.store.one("SELECT item FROM schoology_records WHERE kind = 'users'")
    template = json.loads(text[0])
    for key in keys:
        own = {"uid": str(_uid(key)), "school_uid": key, "username": key}
        item = json.dumps({**template, **own, "primary_email": f"{key}@o.example"})
        world.store.run(
            "INSERT INTO schoology_records VALUES ('users', ?, ?, NULL, 1, ?)",
            _uid(key),
            key,
            item,
        )


def _take_account(world: Any, key: str) -> None:
    world.store.run(
        "DELETE FROM schoology_records WHERE kind = 'users' AND id = ?", _uid(key)
    )


def _accounts(world: Any) -> set[str]:
    rows = world.store.rows("SELECT id FROM schoology_records WHERE kind = 'users'")
    return {str(one[0]) for one in rows}


def _put_learners(world: Any, keys: Sequence[str]) -> None:
    (course,) = world.store.one("SELECT MIN(id) FROM openedx_courses")
    for key in keys:
        world.store.run(
            "INSERT INTO openedx_users VALUES (?, ?, 1, 0, 0)", key, f"{key}@o.example"
        )
        world.store.run(
            "INSERT INTO openedx_enrollments (username, course_id, is_active, mode,"
            " created) VALUES (?, ?, 1, 'audit', '2026-01-01 00:00')",
            key,
            course,
        )


def _take_learner(world: Any, key: str) -> None:
    world.store.run("DELETE FROM openedx_enrollments WHERE username = ?", key)


def _learners(world: Any) -> set[str]:
    rows = (
        "SELECT username FROM openedx_enrollments"
        " WHERE course_id = (SELECT MIN(id) FROM openedx_courses)"
    )
    return {one[0].lower() for one in world.store.rows(rows)}


def _put_seats(world: Any, keys: Sequence[str]) -> None:
    (other,) = world.store.one("SELECT MIN(sourcedId) FROM users WHERE NOT student")
    template = world.store.all("enrollments")[0]
    own = {"user": {**template["user"], "sourcedId": other}, "role": "teacher"}
    new = [{**template, **own, "sourcedId": key} for key in keys]
    world.store.put("enrollments", new)


def _take_seat(world: Any, key: str) -> None:
    world.store.run("DELETE FROM enrollments WHERE sourcedId = ?", key)


def _seats(world: Any) -> set[str]:
    rows = world.store.rows("SELECT sourcedId FROM enrollments")
    return {one[0].lower() for one in rows}


API = "/ims/oneroster/rostering/v1p2"
SMALL = {"page_cap_api": 5, "clamp_limit": True}
PEOPLE = Place(
    f"{API}/users",
    SMALL,
    _put_people,
    _take_person,
    f"aaa{PLACES - 1:04}",
    _people,
)
PLACE_OF: Mapping[str, Place] = {
    "timeback": PEOPLE,
    "oneroster-1.2": PEOPLE,
    "edubridge": Place(
        f"{API}/enrollments",
        SMALL,
        _put_seats,
        _take_seat,
        f"aaa{PLACES - 1:04}",
        _seats,
        later=True,
    ),
    "schoology": Place(
        "/v1/users",
        {"schoology_page_cap": 5},
        _put_accounts,
        _take_account,
        str(PLACES - 1 + 1_000),
        _accounts,
    ),
    "openedx": Place(
        "/api/so2/v1/enrollments",
        {"openedx_list_shape": 2, "openedx_page_size": 5},
        _put_learners,
        _take_learner,
        f"aaa{PLACES - 1:04}",
        _learners,
    ),
}
WAYS: Mapping[str, Sequence[str]] = {
    "comes": ("in",),
    "goes": ("out",),
    "comes and goes": ("in", "out"),
    "is exchanged": ("in out",),
    "changes places": ("in in out out", "back"),
}
"""What happens at each page, in turns. ``back``: one leaves the end that nobody has
read yet, and another comes to the front. After both turns one record that stayed was
skipped and one that came was read: neither the total nor the number of records that
were read shows it."""


@dataclass(slots=True)
class Busy:
    """One thing happens at each page that is asked for, until it is ``enough``."""

    sandbox: Sandbox
    place: Place
    turns: Sequence[str]
    enough: int
    asked: int = 0
    """Pages of the list."""
    gone: list[str] = field(default_factory=list)
    come: list[str] = field(default_factory=list)
    count: int = 0

    def __call__(self, heard: Heard) -> Trouble | None:
        """Nothing that this request would notice by itself."""
        if not heard.path.partition("?")[0].endswith(self.place.path):
            return None
        turn = self.turns[self.asked % len(self.turns)]
        self.asked += 1
        if self.asked <= self.enough:
            self.sandbox._do(lambda world: self.work(world, turn))
        return None

    def work(self, world: Any, turn: str) -> None:
        """Add some at the end, take some from the front, or the other way round."""
        for step in turn.split():
            if step == "in":
                self.count += 1
                self.come.append(f"zzz{self.count:04}")
                self.place.put(world, self.come[-1:])
            elif step == "back":
                self.place.take(world, self.come.pop())
                self.place.put(world, [f"aa0{200 - self.asked:04}"])
            elif len(self.gone) < PLACES - 1:
                self.gone.append(f"aaa{len(self.gone):04}")
                self.place.take(world, self.gone[-1])


def settle_in(sandbox: Sandbox, place: Place) -> None:
    """Put the records of others to the front."""
    keys = [f"aaa{n:04}" for n in range(PLACES)]
    sandbox._do(lambda world: place.put(world, keys))


def there(sandbox: Sandbox, place: Place) -> set[str]:
    """What the list has now."""
    return sandbox._do(place.marks)
