"""How a command ended: what a script around it sees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

PREFIX = "roster-sync:"


@dataclass(frozen=True, slots=True)
class Ended:
    """Exit code and both streams of one command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output; AssertionError for none or two."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def lines(self) -> list[str]:
        """The ``roster-sync:`` lines of standard error."""
        return [one for one in self.err.splitlines() if one.startswith(PREFIX)]

    @property
    def line(self) -> str:
        """The one ``roster-sync:`` line; AssertionError for none or two."""
        (line,) = self.lines
        return line

    def told_well(self) -> Ended:
        """Assert what holds for every end: one line for a non-zero code, no trace."""
        assert "Traceback" not in self.err + self.out, self.err
        expected = 0 if self.code in {0, 10} else 1
        assert len(self.lines) == expected, (self.code, self.err)
        return self
