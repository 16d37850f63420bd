"""What the contract needs to know of one kind, and what a remote state says.

A state is a bag of facts: tuples of text in the canonical words, the same whatever
the kind. What the remote system holds (``Sandbox.dump``) and what a drop says become
such bags, and a run is right when they are equal; two of the same would be a double.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from sync.cli.sandbox import CREDENTIALS
from sync.samples import Tables
from tests.support.districts import drop

Fact = tuple[str, ...]
Facts = Counter[Fact]
Dump = Mapping[str, Any]


class Can(StrEnum):
    """What not every kind can, or not every configuration of it."""

    UPDATE = "update"
    """It changes records, and does not only make and end them."""
    BEARER = "bearer"
    """It is asked with a token, which expires."""
    TOTAL = "total"
    """Its lists announce how many records they have."""
    DELTA = "delta"
    """Its lists tell what has changed, of which there may be nothing."""
    SINGLE = "single"
    """A record can be asked for by itself, so that an empty list can be doubted."""


@dataclass(frozen=True, slots=True)
class Harness:
    """One kind in one configuration, for the scenarios of the contract."""

    name: str
    table: Callable[[str], dict[str, Any]]
    """The target's table in the configuration, given an address."""
    before: Callable[[Tables], Dump]
    """What the sandbox holds before the first night: no enrollments, and no people
    where the kind makes them."""
    held: Callable[[Dump], Iterable[Fact]]
    """What is in force on the remote system."""
    wanted: Callable[[Tables], Iterable[Fact]]
    """What should be in force there after a sync of these tables."""
    lists: tuple[str, ...]
    """The ends of the paths of the lists that a run cannot do without."""
    secret: str
    """The environment variable of a credential."""
    fetched: Callable[[Path], int]
    """How many of the facts a folder of ``fetch`` tells."""
    can: frozenset[Can]
    small_pages: Mapping[str, Any]
    """Settings of a sandbox that gives few records a page, whatever is asked for."""
    shifting: Mapping[str, Any]
    """Settings of a sandbox whose pages each begin a row late."""
    empty: Mapping[str, Any]
    """Settings of a sandbox whose lists are empty."""
    unsupported: Callable[[Tables], Mapping[str, int]]
    """Rows that it has no place for, by entity."""
    changed: Callable[[Tables], Tables] | None = None
    """A drop in which one record says something else; none where it cannot update."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of the sandbox."""
    environment: Mapping[str, str] = field(default_factory=lambda: CREDENTIALS)
    write_drop: Callable[[Tables, Path], Path] = drop
    root: str = ""
    """What stands in the sandbox's log before the paths of requests."""
    sibling: bool = False
    """Another configuration of a kind that is here already: only the long form of the
    suite tries every trouble with it."""


def facts(found: Iterable[Fact]) -> Facts:
    """A bag of them."""
    return Counter(found)
