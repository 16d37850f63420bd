"""The switches of the imitated Open edX; every default imitates the stock platform.

:class:`~sync.sandbox.settings.SandboxSettings` has them beside its own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

_CHOICES: dict[str, tuple[str | int, ...]] = {
    "openedx_list_shape": (1, 2, 3, 4, 5),
    "openedx_next": ("absolute", "elsewhere", "loop"),
    "openedx_paging": ("cursor", "page", "numbers"),
    "openedx_list_status": (403, 404),
    "openedx_barred_status": (403, 500),
}
_LISTS = ("openedx_barred", "openedx_list_refused", "openedx_list_hidden")
_LARGEST_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class OpenedxSettings:
    """What the LMS grants, how it shows its lists, and how it misbehaves."""

    openedx_client_id: str = "sandbox-openedx"
    openedx_client_secret: str = "sandbox-openedx-secret"  # noqa: S105 - of no use elsewhere
    openedx_token: str | None = None
    """A bearer token that is accepted for ever without having been given out."""
    openedx_staff: bool = True
    """Whether the caller is of the global staff; otherwise 403 (404 for cohorts)."""
    openedx_per_minute: int | None = None
    """Requests that pass in ``openedx_minute``, all routes together; None: all."""
    openedx_minute: float = 60.0
    """Seconds of the throttle's sliding window."""

    openedx_so2: bool = True
    """Whether the vendor's list is there at all; a stock platform lacks it."""
    openedx_bulk: bool = True
    """The feature flag of the bulk route; stock platforms have it switched off."""
    openedx_single: bool = True
    """Whether the stock list, single enrollments and course details are there."""
    openedx_cohort_api: bool = True
    openedx_strict_headers: bool = True
    """The vendor's list wants ``Content-Type: application/json`` (else 415) and
    ``Access-Control-Request-Headers`` (else 400)."""
    openedx_strict_fields: bool = True
    """Bulk enroll wants all six fields of the vendor's page, not the stock's three."""
    openedx_case_matters: bool = False
    """Whether accounts are looked up with regard to upper and lower case."""

    openedx_list_shape: Literal[1, 2, 3, 4, 5] = 1
    """The vendor's list as 1 an array, 2 pages with ``results`` and ``next``, 3 an
    object with one array, 4 objects with commas and no brackets, 5 one per line."""
    openedx_trailing_comma: bool = False
    """Shape 4 ends with a comma."""
    openedx_page_size: int = 100
    openedx_next: Literal["absolute", "elsewhere", "loop"] = "absolute"
    """Where ``next`` leads: on, to another host, or to the same page again."""
    openedx_paging: Literal["cursor", "page", "numbers"] = "numbers"
    """The stock list's generation, from the oldest to the newest."""
    openedx_list_inactive: bool = True
    """Whether the vendor's list shows enrollments that have ended."""
    openedx_list_refused: Collection[str] = ()
    """Courses whose list is refused; they are missing in the list of all."""
    openedx_list_status: Literal[403, 404] = 403
    openedx_list_hidden: Collection[str] = ()
    """Courses whose list is empty for lack of permission, with 200."""

    openedx_barred: Collection[str] = ()
    """Courses that the caller may not enroll in."""
    openedx_barred_status: Literal[403, 500] = 403
    """403 before anything is done, or 500 in the middle of the call."""
    openedx_rollback: bool = False
    """Whether a call that ends with 404 or 500 on the way takes back what it did."""
    openedx_fails_after: int = 0
    """How many bulk calls since the start answer 500 after all was done."""
    openedx_misses_course: bool = False
    """The answer to bulk enroll lacks its last course."""
    openedx_misses_result: bool = False
    """The answer to bulk enroll lacks the last result of each course."""
    openedx_other_case: bool = False
    """The answer to bulk enroll shows identifiers in capitals."""


def openedx_fault(settings: OpenedxSettings) -> str | None:
    """Return what is wrong with the switches, or None."""
    for name, allowed in _CHOICES.items():
        if getattr(settings, name) not in allowed:
            return f"{name} must be one of {', '.join(map(str, allowed))}"
    for name in _LISTS:
        if isinstance(getattr(settings, name), str):
            return f"{name} must be a list of course keys"
    if settings.openedx_per_minute is not None and settings.openedx_per_minute < 1:
        return "openedx_per_minute must be at least 1, or None for no limit"
    if settings.openedx_minute <= 0 or settings.openedx_fails_after < 0:
        return "openedx_minute must be above 0, openedx_fails_after not below 0"
    if not 1 <= settings.openedx_page_size <= _LARGEST_PAGE:
        return f"openedx_page_size must be from 1 to {_LARGEST_PAGE}"
    return None
