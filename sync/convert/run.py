"""The entry of the package: a roster in, the files of another layout out."""

from __future__ import annotations

from datetime import datetime

from sync.convert.four_files import four_files
from sync.convert.oneroster import oneroster
from sync.convert.package import FOUR_FILES, Package
from sync.model.roster import Roster


def convert(roster: Roster, layout: str, moment: datetime) -> Package:
    """The roster in one of ``LAYOUTS``; ``moment`` is what a delta of OneRoster names
    as the last change of its rows. Same arguments, same files."""
    if layout == FOUR_FILES:
        return four_files(roster)
    return oneroster(roster, layout, moment)
