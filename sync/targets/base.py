"""The Target protocol: what one kind of remote system says to the engine.

A target is pure. It names services, says which lists to read, turns pages into
frames, composes requests and judges answers; it never waits, reads no clock and opens
no connection. One engine sends, so previews list the very requests, and pages, pace,
retries, journal, resume and verification are written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

import polars as pl

from sync.model.capabilities import Capabilities
from sync.model.entities import Entity
from sync.model.finding import Findings
from sync.model.ids import Ids
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation
from sync.model.outcome import Failure, Outcome
from sync.model.request import Answer, Listing, Page, Request
from sync.model.roster import Roster
from sync.wire.auth import Service

BARRED = "_barred"
"""The table, among those that were read, of lists that could not be had (see
``Listing.barred``): ``label``, ``subject`` and ``status`` as String."""

ID = "_id"
"""Every frame that ``Target.read`` makes has this String column: the record's own
identifier within its list, by which the engine counts distinct records."""


@dataclass(frozen=True, slots=True)
class Wants:
    """What a read is for: the entities, and what is known of the wanted state."""

    entities: tuple[Entity, ...]
    roster: Roster | None = None
    ledger: LedgerView = field(default_factory=LedgerView.empty)
    since: datetime | None = None
    """Lists that can be asked for changes alone are, from this instant of the
    server's clock on; what they held before is known."""


DECISION = "_decision"
REASON = "_reason"
MEANT = "_meant"


@dataclass(frozen=True, slots=True)
class Projection:
    """What of a roster a system can hold, in the form in which it is compared.

    ``frames``: per entity, one row per wanted record: the compared and written
    columns, ``_key`` (the remote identity), ``_file``, ``_row``, ``_keep``, and
    ``_decision`` (null, or ``blocked``, ``deferred``, ``unsupported``, ``unchanged``)
    with ``_reason``; blocked rows of people may have ``_meant``, the keys of remote
    records that they may mean (List[String]), which are then left alone with all that
    is theirs. Rows that come with ``_left`` (what the selection leaves out, see
    ``sync.select``) keep it.
    """

    frames: Mapping[Entity, pl.DataFrame]
    merged: Mapping[Entity, int]
    """Per entity, how many accepted rows were folded into another one's record."""
    frozen: pl.DataFrame
    """``entity`` and ``_key`` (remote identity) of what rejected rows protect."""
    findings: Findings


class Target(Protocol):
    """One configured remote system of one kind."""

    @property
    def capabilities(self) -> Capabilities:
        """What this kind (with this configuration) can do."""

    @property
    def services(self) -> Mapping[str, Service]:
        """The addresses and credentials, by the name that requests give."""

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """What to read next, given the tables read so far, by label; none when done."""

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """The records of one page. Raises ``UnreadableError`` for a body that is
        not this list (no JSON, no envelope)."""

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """The mirror's frames from the tables that were read, by label."""

    def project(
        self, roster: Roster, mirror: Mirror, ledger: LedgerView, today: date
    ) -> Projection:
        """What of the roster this system can hold; findings for what it cannot."""

    def waves(self, operations: pl.DataFrame) -> pl.Series:
        """UInt8: in which wave of its phase each operation of a frame is sent; a wave
        begins when the one before it was answered."""

    def cannot_end(self, entity: Entity, joined: pl.DataFrame) -> tuple[pl.Series, str]:
        """Booleans: which rows of decided differences this system cannot end without
        harm to others; and why."""

    def compose(self, operations: Iterable[Operation], ids: Ids) -> Iterable[Request]:
        """The exact requests, in order, each naming the operations it carries out.

        Is given the operations of one wave: all of them at once where requests carry
        several (``Capabilities.batched``), else in parts; and any part of a wave again
        when a batch was taken apart. The same operations give the same requests.
        ``ids``: remote identifiers that are not the key, of people as a mapping, of
        every entity with ``of``."""

    def interpret(
        self, request: Request, answer: Answer | Failure
    ) -> Sequence[Outcome]:
        """One outcome for each operation of the request, in order."""

    def take_apart(
        self, request: Request, failure: Failure
    ) -> Sequence[tuple[str, ...]]:
        """The operations of a batch that was refused as a whole, in the smaller parts
        in which they are composed and sent again; none where that would not help."""

    def lookup(self, operation: Operation) -> Sequence[Listing]:
        """How to read the one record of this operation."""

    def probes(self) -> Sequence[Listing]:
        """One listing for each kind of list that a run may read, to see whether it is
        permitted and how long it is; their ``limit`` is 1 where it can be."""
