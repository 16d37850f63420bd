"""The tables that the files seem to hold, before their columns get steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from sync.model.entities import Entity
from sync.suggest.phrases import KINDS, Kind
from sync.suggest.sheets import Match, Sheet


@dataclass(slots=True)
class Draft:
    """One table of the mapping to be."""

    kind: Kind
    sheet: Sheet
    matches: dict[str, Match]
    own: bool = True
    """Whether the rows of the file are these records; else they are derived."""
    slot: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    """Canonical column -> constant, with the reason in ``reasons``."""
    hashes: dict[str, list[str]] = field(default_factory=dict)
    """Canonical column -> headers of which it is made."""
    templates: dict[str, list[str]] = field(default_factory=dict)
    """Canonical column -> headers that together are the key of a class."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Canonical column -> what is to say beside it."""
    where: dict[str, list[str]] = field(default_factory=dict)
    unless: dict[str, list[str]] = field(default_factory=dict)
    filled: list[str] = field(default_factory=list)
    combine: dict[str, str] | None = None
    join: dict[str, dict[str, str | bool]] = field(default_factory=dict)
    joined: dict[str, tuple[str, Sheet, Match]] = field(default_factory=dict)
    """Canonical column -> the join and where it stands in its file."""
    defaults: dict[str, str] = field(default_factory=dict)
    """Canonical column -> what stands for a blank cell."""
    blank: set[str] = field(default_factory=set)
    """Columns of joined files that not every row has."""
    notes: list[str] = field(default_factory=list)
    entity_: Entity | None = None

    @property
    def entity(self) -> Entity:
        """What the rows become."""
        return self.entity_ or KINDS[self.kind].entity

    def has(self, column: str) -> bool:
        """Whether something is known for a canonical column."""
        known = (self.matches, self.values, self.hashes, self.templates, self.joined)
        return any(column in one for one in known)

    def join_with(self, name: str, header: str, file: str, key: str) -> str:
        """Join another file by a header of the own one; the name of the join.

        No header of the own file may begin with it and a dot, for then it would be
        taken for one of the other file.
        """
        headers = [one.casefold() for one in self.sheet.profiles]
        while any(one.startswith(f"{name.casefold()}.") for one in headers):
            name += "_file"
        self.join[name] = {"files": file, "on": header, "key": key}
        return name

    def make(self, column: str, headers: list[str]) -> None:
        """Make an identifier of several headers, because the file has none."""
        self.hashes[column] = headers
        self.reasons[column] = "no identifier in the file, so one is made"

    def refer(self, column: str, other: Draft) -> None:
        """Name the record of another table of the same file by its identifier."""
        if "sourcedId" in other.matches:
            self.matches[column] = other.matches["sourcedId"]
        else:
            self.make(column, other.hashes["sourcedId"])
