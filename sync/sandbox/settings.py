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
from sync.sandbox.openedx_settings import openedx_fault
from sync.sandbox.schoology_settings import SchoologySettings, schoology_fault

_CHOICES: dict[str, tuple[str | int, ...]] = {
    "agents_in_list": ("filled", "empty", "absent"),
    "retry_after": ("seconds", "date", "none"),
    "inactive_shows_as": ("tobedeleted", "active", "inactive"),
    "conflict_status": (409, 422),
    "oneroster_dialect": ("timeback", "spec"),
    "oneroster_queries": ("usual", "refuse", "spec", "edfi", "all"),
    "oneroster_link": (
        "quoted",
        "single",
        "bare",
        "unbracketed",
        "ahead",
        "stuck",
        "foreign",
    ),
    "oneroster_envelope": ("usual", "spec", "path", "bare", "missing", "html"),
    "oneroster_blind": ("no", "missing", "forbidden"),
    "oneroster_references": ("whole", "short", "bare"),
    "oneroster_agents": ("agents", "agentSourcedIds", "agentSourceIds"),
    "oneroster_nulls": ("sent", "dropped"),
    "oneroster_errors": ("object", "string", "statusInfoSet", "html"),
    "oneroster_writes": ("post-put", "put", "none"),
    "oneroster_delete": ("soft", "hard"),
    "oneroster_ended": ("shown", "hidden"),
    "edubridge_again": ("same", "another", "refused"),
}
_FIXED = frozenset({"host", "port", "data"})
_NUMBERS = (
    *(
        "latency",
        "slow_seconds",
        "token_life",
        "lag",
        "class_creation",
        "oneroster_late",
    ),
)

_TOLD = frozenset({"body", "header", "link", "none"})


class SettingsError(ValueError):
    """A sandbox was asked for something that it does not know."""


def _refuse(fault: str | None) -> None:
    if fault is not None:
        raise SettingsError(fault)


@dataclass(frozen=True, slots=True)
class SandboxSettings(SchoologySettings):
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
    """POST on the api and EduBridge's enroll give a record another sourcedId than the
    one supplied."""
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

    oneroster_client_id: str = "sandbox-oneroster"
    oneroster_client_secret: str = "sandbox-oneroster-secret"  # noqa: S105 - of no use elsewhere
    oneroster_consumer_key: str = "sandbox-oneroster"
    oneroster_consumer_secret: str = "sandbox-oneroster-secret"  # noqa: S105 - of no use elsewhere
    oneroster_granted_scopes: frozenset[str] | None = None
    """None grants what is asked for. Otherwise this client and consumer get no scope
    whose name (or what follows its last slash) is not in the set."""
    oneroster_dialect: Literal["timeback", "spec"] = "timeback"
    """How ``v1p2`` answers; ``v1p1`` always keeps to the published standard."""
    oneroster_queries: Literal["usual", "refuse", "spec", "edfi", "all"] = "usual"
    """What fields that nobody knows do in ``sort``, ``fields`` and ``filter``, and
    limits that are none. ``usual`` is ``refuse`` for TimeBack, else ``spec``."""
    oneroster_nested_filter: bool = True
    """False refuses a filter on a field of a reference (``user.sourcedId``)."""
    oneroster_page_default: int = 100
    oneroster_page_cap: int | None = None
    """The highest limit of both roots; None takes ``page_cap_api``."""
    oneroster_ignores_offset: bool = False
    """Every page is the first one."""
    oneroster_loses_rows: bool = False
    """Each page but the first begins one row late, as if one before it had gone."""
    oneroster_blind: Literal["no", "missing", "forbidden"] = "no"
    """Who asks may see nothing: lists are empty, single records 404 or 403."""
    oneroster_totals: str = ""
    """Where lists say how long they are: ``none``, or any of ``body``, ``header`` and
    ``link`` with commas. Empty leaves it to the dialect and to the switches above."""
    oneroster_total_off: int = 0
    """Added to every total that is told."""
    oneroster_link: Literal[
        "quoted", "single", "bare", "unbracketed", "ahead", "stuck", "foreign"
    ] = "quoted"
    """How ``Link`` is written: ``ahead`` lacks the brackets and skips a row, ``stuck``
    leads to the same page for ever, ``foreign`` to another host."""
    oneroster_envelope: Literal["usual", "spec", "path", "bare", "missing", "html"] = (
        "usual"
    )
    """The key of lists and records: the standard's, or named after the path; ``bare``
    has none around its array, ``missing`` answers 200 without the records, ``html``
    with a page for people."""
    oneroster_references: Literal["whole", "short", "bare"] = "whole"
    """References with all they have, with their id alone, or as a string."""
    oneroster_agents: Literal["agents", "agentSourcedIds", "agentSourceIds"] = "agents"
    """Where guardians stand: references, a list of ids, ids with commas between."""
    oneroster_nulls: Literal["sent", "dropped"] = "sent"
    oneroster_errors: Literal["object", "string", "statusInfoSet", "html"] = "object"
    """What bodies of errors look like."""
    oneroster_failure_in_200: bool = False
    """Refusals (400, 403, 404, 409, 422) answer 200 and say so in the body alone."""
    oneroster_writes: Literal["post-put", "put", "none"] = "post-put"
    """How records are written: POST makes and PUT changes, PUT does both, or 405."""
    oneroster_delete: Literal["soft", "hard"] = "soft"
    oneroster_ended: Literal["shown", "hidden"] = "shown"
    """Whether records with the status ``tobedeleted`` can still be seen."""
    oneroster_always_active: bool = False
    """Every record shows the status ``active``."""
    oneroster_late: float = 0.0
    """Seconds by which ``dateLastModified`` of what is written lies in the past."""
    edubridge_again: Literal["same", "another", "refused"] = "same"
    """What enrolling a second time does: it answers the enrollment that is there, makes
    one more, or is refused with 409."""
    edubridge_shows_ended: bool = False
    """The list of a user also has what has ended, which cannot be told apart in it."""

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
        self._check_oneroster()
        if self.rate_limit is not None and self.rate_limit <= 0:
            msg = "rate_limit must be above 0, or None for no limit"
            raise SettingsError(msg)
        _refuse(openedx_fault(self))
        _refuse(schoology_fault(self))

    def _check_oneroster(self) -> None:
        caps = (self.oneroster_page_default, self.oneroster_page_cap)
        if any(cap is not None and cap < 1 for cap in caps):
            msg = "oneroster_page_default and oneroster_page_cap must be at least 1"
            raise SettingsError(msg)
        if not set(filter(None, self.oneroster_totals.split(","))) <= _TOLD:
            msg = f"oneroster_totals must be made of {', '.join(sorted(_TOLD))}"
            raise SettingsError(msg)

    def changed(self, changes: Mapping[str, Any]) -> SandboxSettings:
        """Return these settings with ``changes``; raises SettingsError."""
        known = {field.name for field in fields(self)} - _FIXED
        unknown = sorted(set(changes) - known)
        if unknown:
            msg = f"cannot be changed at run time: {', '.join(unknown)}"
            raise SettingsError(msg)
        values = dict(changes)
        for name in ("granted_scopes", "oneroster_granted_scopes"):
            if values.get(name) is not None:
                values[name] = frozenset(values[name])
        try:
            return replace(self, **values)
        except TypeError as error:
            raise SettingsError(str(error)) from error
