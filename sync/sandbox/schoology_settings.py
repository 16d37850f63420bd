"""The switches of the imitated Schoology; what is unknown of it is a switch here.

:class:`~sync.sandbox.settings.SandboxSettings` has them beside its own. Classes with
slots can only be stacked: this one stands on Open edX's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sync.sandbox.openedx_settings import OpenedxSettings

_SHARES = (
    *("schoology_item_429", "schoology_item_500", "schoology_item_lost"),
    *("schoology_500_after", "schoology_limit_page"),
)
_BARRED = frozenset({200, 403, 404})


@dataclass(frozen=True, slots=True)
class SchoologySettings(OpenedxSettings):
    """Who may ask, how lists and results come, and what goes wrong."""

    schoology_consumer_key: str = "sandbox-schoology"
    schoology_consumer_secret: str = "sandbox-schoology-secret"  # noqa: S105 - of no use elsewhere
    schoology_owner: int = 1
    """The uid of whoever owns the key; an administrator where no user has it."""
    schoology_strict_clock: bool = False
    """Refuse a timestamp below the highest one that came before."""
    schoology_own_data_only: bool = False
    """The key may not see or change what belongs to other users: 403."""
    schoology_page_cap: int = 200
    """A limit above it is cut down in silence."""
    schoology_link_root: str = "http://api.schoology.example/v1"
    """What links and locations in bodies begin with; redirects name the host asked."""
    schoology_barred: Mapping[str, int] = field(default_factory=dict)
    """Lists by their path below ``/v1``, such as ``sections/55/enrollments``, and how
    they answer: 403, 404, or 200 with nothing in them."""
    schoology_active_only: bool = False
    """Lists of enrollments without ``enrollment_status`` show only status 1."""
    schoology_total_off: int = 0
    """Added to the total of every list, down to 0."""
    schoology_list_shifts: bool = False
    """Each page but the first begins one row late, as if a row before it had gone."""
    schoology_batch_refused: bool = False
    """One item that is wrong makes the whole batch 400, and nothing is applied."""
    schoology_shuffled_results: bool = False
    """Results come in another order than their items."""
    schoology_missing_results: int = 0
    """How many of the last results of a batch are left out; all items are applied."""
    schoology_bare_failures: bool = False
    """Results of failed items do not say whose they are."""
    schoology_item_429: float = 0.0
    """Share of items that answer 429 and are not applied."""
    schoology_item_500: float = 0.0
    """Share of items that answer 500 and are not applied."""
    schoology_item_lost: float = 0.0
    """Share of items that answer 500 although they were applied."""
    schoology_500_after: float = 0.0
    """Share of requests that are applied and answer 500 as a whole."""
    schoology_limit_page: float = 0.0
    """Share of requests that are not applied and answer 200 with a web page, which
    says that there were too many of them."""
    schoology_import_periods: Literal["all", "any"] = "all"
    """Whether an import by codes finds the sections that span all of the grading
    periods in its path, or those that have any of them."""
    schoology_import_reactivates: bool = False
    """Whether an import makes an expired or archived enrollment active again."""
    schoology_import_resets_admin: bool = False
    """Whether an import without ``admin`` makes an administrator a member."""


def schoology_fault(settings: SchoologySettings) -> str | None:
    """Return what is wrong with the switches, or None."""
    for name in _SHARES:
        if not 0 <= getattr(settings, name) <= 1:
            return f"{name} must be from 0 to 1"
    if settings.schoology_owner < 0 or settings.schoology_missing_results < 0:
        return "schoology_owner and schoology_missing_results must not be negative"
    if settings.schoology_page_cap < 1:
        return "schoology_page_cap must be at least 1"
    if settings.schoology_import_periods not in ("all", "any"):
        return "schoology_import_periods must be all or any"
    barred: object = settings.schoology_barred
    if not isinstance(barred, Mapping) or not _BARRED.issuperset(barred.values()):
        return "schoology_barred must name 200, 403 or 404 for each path"
    return None
