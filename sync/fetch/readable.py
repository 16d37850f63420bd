"""What of a target the reading needs: where, which lists, what a page means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import polars as pl

from sync.model.entities import Entity
from sync.model.request import Answer, Listing, Page
from sync.targets.base import Wants
from sync.wire import Service


class Readable(Protocol):
    """The reading half of ``Target``; every target is one."""

    @property
    def services(self) -> Mapping[str, Service]:
        """The addresses, by the name that listings give."""

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """What to read next; none when done."""

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """The records of one page."""

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """The mirror's frames from the tables that were read."""
