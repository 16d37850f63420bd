"""What was taken out of the watched folder and is not filed yet, as the state knows it.

One small file for each claim, written before anything is moved and removed when all is
filed. So whoever starts after a crash knows what is under way, what was run already,
and how that ended.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from sync.errors import ExitCode, LocalError
from sync.state import local_errors, write_atomic
from sync.watch.look import Inside, Packing, inside
from sync.watch.names import WORKING

FORMAT = 1
FINAL = frozenset({ExitCode.DONE, ExitCode.PARTIAL, ExitCode.REFUSED, ExitCode.HELD})
"""With these a drop has had its run; with any other it is run again."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of a claimed drop: its name, and its exit code once it has ended."""

    run: str | None
    code: int | None = None

    @property
    def final(self) -> bool:
        """Whether the drop needs no other run."""
        return self.code is not None and self.code in FINAL


@dataclass(frozen=True, slots=True)
class Claim:
    """One drop that was claimed."""

    number: int
    """In the order in which claims were made."""
    name: str
    packing: str
    files: tuple[str, ...]
    """What of the folder it consists of."""
    signs: tuple[str, ...]
    """The sentinels that came with it."""
    digest: str
    stamp: tuple[tuple[str, int, int], ...]
    """How it looked when its digest was made."""
    taken: bool = False
    """All that belongs to it has been moved."""
    runs: Mapping[str, Ran] = field(default_factory=dict)
    """By target."""
    refused: str | None = None
    """Why it is not to be run at all."""
    filed: str | None = None
    """Where it is being filed, such as ``done/night-2``."""

    def room(self, folder: Path) -> Path:
        """The folder for this claim alone."""
        return folder / WORKING / str(self.number)

    def base(self, folder: Path) -> Path:
        """Where its files lie."""
        loose = self.packing == Packing.FILES
        return self.room(folder) / self.name if loose else self.room(folder)

    def drop(self, folder: Path) -> Path:
        """The drop, as a run takes it."""
        return self.room(folder) / self.name

    def moves(self, folder: Path) -> list[tuple[Path, Path]]:
        """What has to be moved to claim it: from where, to where."""
        base = self.base(folder)
        room = base if self.packing == Packing.FILES else self.room(folder)
        drop = [(folder / one, base / one) for one in self.files]
        return [*drop, *((folder / one, room / one) for one in self.signs)]

    def now(self, folder: Path) -> Inside:
        """How it looks by now."""
        return inside(self.base(folder), self.files)

    def ran(self, target: str, ran: Ran) -> Claim:
        """With what is known of its run for that target."""
        return replace(self, runs={**self.runs, target: ran})

    @classmethod
    def read(cls, found: Any) -> Self:
        """The claim of a JSON document. Raises ``ValueError`` where it is none."""
        try:
            if found.pop("format") != FORMAT:
                raise ValueError
            runs = {name: Ran(**ran) for name, ran in found.pop("runs").items()}
            stamp = tuple((str(n), int(s), int(t)) for n, s, t in found.pop("stamp"))
            files, signs = tuple(found.pop("files")), tuple(found.pop("signs"))
            return cls(files=files, signs=signs, stamp=stamp, runs=runs, **found)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError from error


class Claims:
    """The claims of one watched folder. Any call raises ``LocalError`` where the disk
    fails, or a claim is damaged."""

    def __init__(self, place: Path) -> None:
        """``place`` is the folder in the state for them."""
        self._place = place

    def all(self) -> list[Claim]:
        """Every claim that is not filed yet, in their order."""
        with local_errors(self._place):
            paths = list(self._place.glob("claim-*.json"))
        return sorted(map(self._read, paths), key=lambda one: one.number)

    def write(self, claim: Claim) -> None:
        """Keep a claim as it is now; it is on the disk when this returns."""
        content = {"format": FORMAT, **asdict(claim)}
        # ASCII, so that names which are no text come back as they were.
        write_atomic(self._path(claim), json.dumps(content).encode("ascii"))

    def remove(self, claim: Claim) -> None:
        """Forget a claim: it is filed, or gone."""
        path = self._path(claim)
        with local_errors(path):
            path.unlink(missing_ok=True)

    def _read(self, path: Path) -> Claim:
        with local_errors(path):
            content = path.read_bytes()
        try:
            return Claim.read(json.loads(content))
        except ValueError:
            message = f"{path} is damaged"
            do = "remove it, and put its drop from working/ into the folder again"
            raise LocalError(message, do=do) from None

    def _path(self, claim: Claim) -> Path:
        return self._place / f"claim-{claim.number}.json"


def next_number(claims: list[Claim], folder: Path) -> int:
    """A number behind those of all claims, for which there is no room yet. Raises
    ``OSError``."""
    number = max((one.number for one in claims), default=0) + 1
    while os.path.lexists(folder / WORKING / str(number)):
        number += 1
    return number
