"""HTTP as data: what targets compose and read, and what the engine sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

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
    """A value to send as JSON; a text is sent as it is, in the form that
    ``Content-Type`` among the ``headers`` says."""
    query: tuple[tuple[str, str], ...] = ()
    repeatable: bool = True
    """Whether sending it twice has the effect of once."""
    lanes: tuple[str, ...] = ()
    """Of the requests that have a lane in common only one is in flight."""
    operations: tuple[str, ...] = ()
    """The ids of the operations that it carries out."""
    headers: tuple[tuple[str, str], ...] = ()
    """Besides the common ones, or in their place (``Accept``, ``Content-Type``)."""
    follow: bool = False
    """A redirect of a GET is asked anew, on the same origin, with its own signature."""
    otherwise: Self | None = None
    """The other verb for the same values, sent once where this one is answered with
    one of ``otherwise_on`` and the record still is as it was when planned."""
    otherwise_on: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers with lower-case names, the body's bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to ask a list for several records by their identifiers: the identifiers,
    parted by ``between``, from ``first`` to ``last``."""

    first: str
    between: str
    last: str
    most: int
    """Identifiers in one request."""
    longest: int
    """Bytes of the value, percent-encoded."""


@dataclass(frozen=True, slots=True)
class Among:
    """How a record that can be read by itself is asked for together with others."""

    identifier: str
    path: str
    """Of the list that has it."""
    parameter: str
    """The one whose value is made in one of the ``ways``."""
    ways: tuple[Way, ...]
    """The one that asks for most first; a server may know none of them."""
    never: str
    """Characters that an identifier must not have to be asked for so."""
    page: int
    """Records to ask for at once."""


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
    preferred: tuple[tuple[str, str], ...] = ()
    """Parameters that a server may not know (a sort, fewer fields): where it refuses
    them with 400, the list is asked for without."""
    paged: bool = True
    window: tuple[str, str] | None = ("limit", "offset")
    """The parameters that ask for a page: how many records, and from which on; null
    where pages are only reached by the ``next`` of the page before."""
    limit: int = 100
    """Records to ask for at once; the server's own maximum is smaller or equal."""
    subject: str | None = None
    absent: tuple[int, ...] = ()
    """Statuses that mean that there is no such record: an empty answer, no error."""
    feeds: tuple[str, ...] = ()
    """The entities whose completeness rests on this list; empty: the entity that the
    label names, or else all that are wanted."""
    barred: tuple[int, ...] = ()
    """Statuses that mean that this one list cannot be had, while others of its label
    can: it is left out and told in the table ``BARRED``. All of them refused with 401
    or 403 fail the read."""
    headers: tuple[tuple[str, str], ...] = ()
    """As those of a request."""
    follow: bool = False
    """As that of a request."""
    delta: bool = False
    """Only what has changed since ``Wants.since``: laid over the records of the last
    read."""
    leads: bool = False
    """Whether what it shows leads to further lists, whatever others of its round show:
    they are asked for as soon as it is whole."""
    among: Among | None = None
    """Of a single record: how it is asked for with others, where it can be."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of itself, besides its records."""

    received: int
    """Records in this page; paging advances by it and by nothing else."""
    total: int | None = None
    limit: int | None = None
    """The page size that the server really used, where it says so."""
    next: str | None = None
