"""HTTP as data: what targets compose and read, and what the engine sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, without host and credentials.

    ``path`` begins with ``/`` and is already percent-encoded; ``service`` names the
    base address and the credentials (``platform``, ``api``).
    """

    service: str
    method: str
    path: str
    body: Json | None = None
    query: tuple[tuple[str, str], ...] = ()
    repeatable: bool = True
    """Whether sending it twice has the effect of once."""
    lane: str | None = None
    """Requests of one lane are sent one after the other."""
    operations: tuple[str, ...] = ()
    """The ids of the operations that it carries out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers with lower-case names, the body's bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list (or a single record) to read by pages of ``limit`` and ``offset``.

    ``label`` names it in messages and to ``Target.read``; ``subject`` carries whose
    list it is where there is one list for each person.
    """

    label: str
    service: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    paged: bool = True
    limit: int = 100
    """Records to ask for at once; the server's own maximum is smaller or equal."""
    subject: str | None = None
    absent: tuple[int, ...] = ()
    """Statuses that mean that there is no such record: an empty answer, no error."""
    feeds: tuple[str, ...] = ()
    """The entities whose completeness rests on this list; empty: the entity that the
    label names, or else all that are wanted."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of itself, besides its records."""

    received: int
    """Records in this page; paging advances by it and by nothing else."""
    total: int | None = None
    limit: int | None = None
    """The page size that the server really used, where it says so."""
    next: str | None = None
