"""Whatever comes in place of the drop: nothing of it is sent, and nobody is ended.

Each disaster comes after a good night, on the guards that nobody has touched, on one
of the five kinds by turns (in the long form on each that it can harm). Whether
anything was sent is read in the log of the sandbox, and whether anybody was ended in
what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox import Sandbox
from tests.faults.disasters import DISASTERS, Disaster
from tests.faults.nights import FIVE, Tried, accented, home
from tests.faults.proofs import Line

STUDENTS = 60
REFUSED, HELD, PARTIAL = 3, 4, 1


def turns(kind: str, rounds: int) -> Iterator[Disaster]:
    """The disasters whose turn it is on a kind."""
    names = [one.name for one in FIVE]
    for number, disaster in enumerate(DISASTERS):
        able = disaster.kinds or names
        if kind in able and (rounds > 1 or able[number % len(able)] == kind):
            yield disaster


@pytest.mark.parametrize("kind", [one.name for one in FIVE])
def test_no_disaster_ends_anybody(
    proof: Callable[[str, str], Line],
    rounds: int,
    kind: str,
    tmp_path: Path,
    served: Sandbox,
) -> None:
    (harness,) = (one for one in FIVE if one.name == kind)
    after = home(harness, tmp_path, served, accented(STUDENTS))
    tried: dict[str, Tried] = {}
    for number, disaster in enumerate(turns(kind, rounds)):
        spoilt = disaster.spoil(after.copy(str(number)))
        tried[disaster.name] = after.sync(spoilt)
        if served.dump() != after.remote:
            after.restore()

    row = proof("D", "disasters after a good night, on the default guards")
    row.times = len(tried)
    stopped = [name for name, one in tried.items() if was_stopped(one)]
    row.all_of("held, refused or nothing of it sent", len(stopped), len(tried))
    row.zero("removals sent", sum(one.removed for one in tried.values()))
    row.zero("writes sent", sum(len(one.written) for one in tried.values()))
    held = [one for one in tried.values() if one.code == HELD]
    if held:
        said = proof("D", "what the line of a held disaster says")
        said.times = len(held)
        wanting = [one.ended.line for one in held if lacking(one)]
        said.zero("guard, count, limit, examples or command missing", len(wanting))
        assert not wanting, wanting
    assert len(stopped) == len(tried), {
        name: (one.code, one.removed, one.written[:3], one.ended.err[-600:])
        for name, one in tried.items()
        if not was_stopped(one)
    }


def was_stopped(tried: Tried) -> bool:
    """Held or refused; or said to be bad in parts, and nothing of it sent."""
    codes = {REFUSED, HELD, PARTIAL}
    return tried.code in codes and not tried.removed and not tried.written


def place(guard: Mapping[str, Any]) -> str:
    """What a guard counted, as the line begins."""
    group = f" in {guard['group']}" if guard["group"] else ""
    return f"{guard['name']} of {guard['entity']}{group}:"


def lacking(tried: Tried) -> list[str]:
    """What the one line of a held run does not say of the worst guard that trips."""
    line = tried.ended.line
    tripped = [one for one in tried.ended.document["guards"] if one["tripped"]]
    named = line.partition("held by ")[2]
    first = next(one for one in tripped if named.startswith(place(one)))
    digest = tried.ended.document["digest"]
    wanted = [
        first["name"],
        f"{first['count']:,}",
        first["limit"],
        *first["examples"][:3],
        "--approve",
        digest[:8],
    ]
    missing = [one for one in wanted if one not in line]
    few = first["name"] != "shrink" and len(first["examples"]) < min(3, first["count"])
    others = {one["name"] for one in tripped}
    unnamed = [name for name in others if not re.search(rf"\b{name}\b", line)]
    return [*missing, *unnamed, *(["examples"] if few else [])]


def test_there_are_fifty_of_them_and_every_kind_has_its_share(
    proof: Callable[[str, str], Line],
) -> None:
    row = proof("D", "disasters there are")
    row.times = len({one.name for one in DISASTERS})
    row.least("of them", row.times, 50)
    shares = [len(list(turns(one.name, 1))) for one in FIVE]
    row.least("on each kind", min(shares), 5)
    assert sum(shares) == row.times
