"""What a sandbox is told at its start, and what may be changed while it runs.

In: keyword arguments, or the JSON object of ``POST /_sandbox/configure``.
Out: one frozen :class:`SandboxSettings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from sync.sandbox.faults import parse_faults

_CHOICES: dict[str, tuple[str | int, ...]] = {
    "agents_in_list": ("filled", "empty", "absent"),
    "retry_after": ("seconds", "date", "none"),
    "inactive_shows_as": ("tobedeleted", "active", "inactive"),
    "conflict_status": (409, 422),
}
_FIXED = frozenset({"host", "port", "data"})
_NUMBERS = ("latency", "slow_seconds", "token_life", "lag", "class_creation")


class SettingsError(ValueError):
    """A sandbox was asked for something that it does not know."""


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """All switches of the sandbox; every default imitates the documented system."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes any free port."""
    data: Path | None = None
    """SQLite file that outlives the process, or an existing folder for it; None keeps
    everything in memory."""

    latency: float = 0.0
    """Seconds added to every answer."""
    rate_limit: float | None = None
    """Requests per second and service host; above it 429."""
    faults: str | Mapping[str, float] = ""
    """Such as ``429=0.05,drop=0.01``; see :mod:`sync.sandbox.faults`."""
    seed: int = 1
    """Which requests meet a fault, and which ids the server makes up."""
    slow_seconds: float = 2.0
    """How late an answer with the fault ``slow`` comes."""
    retry_after: Literal["seconds", "date", "none"] = "seconds"
    """How 429 and 503 say when to come back."""

    token_life: float = 3600.0
    """Seconds for which a bearer token is accepted."""
    platform_client_id: str = "sandbox-platform"
    platform_client_secret: str = "sandbox-platform-secret"  # noqa: S105 - of no use elsewhere
    api_client_id: str = "sandbox-api"
    api_client_secret: str = "sandbox-api-secret"  # noqa: S105 - of no use elsewhere
    granted_scopes: frozenset[str] | None = None
    """None grants what is asked for. Otherwise platform tokens get no scope outside
    this set, nor do api tokens once the set names a scope of the api's family."""

    page_cap_platform: int = 100
    page_cap_api: int = 3000
    clamp_limit: bool = False
    """A limit above the maximum: False refuses with 400, True clamps in silence."""
    totals: bool = True
    """Counts in the bodies of lists."""
    total_header: bool = True
    """``X-Total-Count`` on the lists of the api."""
    empty_lists: bool = False
    """Every list answers 200 with no rows and total 0."""
    ignore_filter: bool = False
    """Lists answer as if no filter had been sent."""
    unstable_order: bool = False
    """Lists without ``sort`` come in another order each time."""
    duplicate_rows: bool = False
    """Each page but the first begins with the last row of the page before it."""
    agents_in_list: Literal["filled", "empty", "absent"] = "filled"
    """What lists of people show under ``agents``; single records always show all."""

    lag: float = 0.0
    """Seconds until what was written on the platform shows in the api."""
    remap_by_email: bool = False
    """PUT /students with the e-mail of another account updates and names that one."""
    inactive_shows_as: Literal["tobedeleted", "active", "inactive"] = "tobedeleted"
    """The api's word for the platform's ``inactive``, which it does not have."""
    allocate_ids: bool = False
    """POST on the api gives a record another sourcedId than the one supplied."""
    conflict_status: Literal[409, 422] = 409
    """How POST on the api answers an id that is there already."""
    put_creates: bool = False
    """PUT on the api with an unknown id: False answers 404, True creates (201)."""
    takes_inactive: bool = False
    """Whether writes on the api may say the status ``inactive``."""
    put_clears_agents: bool = True
    """PUT /users on the api without ``agents`` ends all guardian links."""
    class_creation: float = 0.02
    """Seconds for which EduBridge makes the first default class of a course."""

    def __post_init__(self) -> None:
        """Refuse values outside their range, before anything is served."""
        parse_faults(self.faults)
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                msg = f"{name} must be one of {', '.join(map(str, allowed))}"
                raise SettingsError(msg)
        for name in _NUMBERS:
            if getattr(self, name) < 0:
                msg = f"{name} must not be negative"
                raise SettingsError(msg)
        if self.rate_limit is not None and self.rate_limit <= 0:
            msg = "rate_limit must be above 0, or None for no limit"
            raise SettingsError(msg)

    def changed(self, changes: Mapping[str, Any]) -> SandboxSettings:
        """Return these settings with ``changes``; raises SettingsError."""
        known = {field.name for field in fields(self)} - _FIXED
        unknown = sorted(set(changes) - known)
        if unknown:
            msg = f"cannot be changed at run time: {', '.join(unknown)}"
            raise SettingsError(msg)
        values = dict(changes)
        if values.get("granted_scopes") is not None:
            values["granted_scopes"] = frozenset(values["granted_scopes"])
        try:
            return replace(self, **values)
        except TypeError as error:
            raise SettingsError(str(error)) from error
