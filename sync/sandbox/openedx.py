"""Open edX: the routes of one LMS, the vendor's list and the stock platform's APIs.

Source: the vendor's page on enrollments (list, bulk enroll) and the public source of
the platform (token, stock list, single enrollment, cohorts).
"""

from __future__ import annotations

from sync.sandbox import openedx_cohorts as cohorts
from sync.sandbox import openedx_single as single
from sync.sandbox.exchange import Handler, Route, Service
from sync.sandbox.openedx_bulk import PATH, bulk_enroll
from sync.sandbox.openedx_gate import TOKEN, admit, error, render, throttled
from sync.sandbox.openedx_so2 import SO2, so2_list
from sync.sandbox.openedx_stock import STOCK, stock_list

__all__ = ["SERVICE", "TOKEN"]

_COHORTS = f"{cohorts.ROOT}/courses/{{}}/cohorts"


def _route(method: str, pattern: str, handler: Handler) -> Route:
    return Route(method, pattern, throttled(handler), frozenset({"read", "write"}))


SERVICE = Service(
    name="openedx",
    host="openedx",
    realm="openedx",
    prefixes=("/api/so2/", "/api/bulk_enroll/", "/api/enrollment/", "/api/cohorts/"),
    routes=(
        _route("GET", SO2, so2_list),
        _route("POST", PATH, bulk_enroll),
        _route("GET", STOCK, stock_list),
        _route("GET", f"{single.ROOT}/enrollment", single.of_user),
        _route("POST", f"{single.ROOT}/enrollment", single.enroll_one),
        _route("GET", f"{single.ROOT}/enrollment/{{}}", single.read_one),
        _route("GET", f"{single.ROOT}/course/{{}}", single.course_details),
        _route("GET", f"{cohorts.ROOT}/settings/{{}}", cohorts.settings),
        _route("PUT", f"{cohorts.ROOT}/settings/{{}}", cohorts.set_settings),
        _route("GET", _COHORTS, cohorts.cohorts),
        _route("POST", _COHORTS, cohorts.make_cohort),
        _route("GET", f"{_COHORTS}/{{}}/users", cohorts.users),
        _route("POST", f"{_COHORTS}/{{}}/users", cohorts.add_users),
        _route("DELETE", f"{_COHORTS}/{{}}/users/{{}}", cohorts.remove_user),
    ),
    error=error,
    admit=admit,
    render=render,
)
