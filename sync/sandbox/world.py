"""What all handlers share: settings, store, tokens, log, faults and limits."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sync.sandbox.faults import Faults, parse_faults
from sync.sandbox.filters import stamp
from sync.sandbox.limits import Limits
from sync.sandbox.parts import PARTS
from sync.sandbox.people import refresh_people
from sync.sandbox.requests import RequestLog
from sync.sandbox.settings import SandboxSettings
from sync.sandbox.store import Store
from sync.sandbox.tokens import Tokens


class World:
    """The state of one sandbox; used by one thread at a time."""

    def __init__(self, settings: SandboxSettings) -> None:
        """Open the store that the settings name."""
        self.initial = settings
        self.settings = settings
        self.store = Store(settings.data, PARTS)
        self.tokens = Tokens()
        self.log = RequestLog()
        self.creating: set[tuple[str, str]] = set()
        self._apply(settings)
        self._ids = random.Random(settings.seed)  # noqa: S311 - repeatable ids

    def _apply(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.faults = Faults(parse_faults(settings.faults), settings.seed)
        self.limits = Limits(settings.rate_limit)

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings at run time; raises SettingsError or FaultSpecError."""
        before = self.settings
        self._apply(before.changed(changes))
        if self.settings.inactive_shows_as != before.inactive_shows_as:
            refresh_people(self)

    def reset(self) -> None:
        """Forget all records and requests; settings are those of the start again."""
        self.store.clear()
        self.log.clear(restart=True)
        self.creating.clear()
        self._apply(self.initial)
        self._ids = random.Random(self.initial.seed)  # noqa: S311 - repeatable ids

    def now(self) -> str:
        """Return the time as ``dateLastModified`` has it."""
        return stamp(datetime.now(UTC))

    def new_id(self) -> str:
        """Return an id as a server makes it up."""
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))
