"""Whether a target can be worked with: a token, one page of each list, the clocks.

Comes in: one configured target. Goes out: a ``Ping`` with what each service and each
list said, in words for whoever must act. Nothing is written, here or there; no lock is
taken and no state folder is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Protocol

import polars as pl

from sync.config import TargetConfig
from sync.errors import ExitCode, InterruptedRunError, TargetError
from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer, Listing, Page, Request
from sync.wire import (
    HALTED,
    Bearer,
    ClientCredentials,
    Clock,
    Limits,
    OAuth1,
    Service,
    UnreadableError,
    Wire,
    classify,
    summary,
)

RETRIES = 2
"""Whoever asks whether a system answers does not wait for it as a night does."""
SKEW_SECONDS = 30
"""Clocks further apart make signatures and tokens of some systems invalid."""
_SAME_SECONDS = 2
"""A Date header has whole seconds, and an answer is some time on its way."""
_PAGE_STARTS = (b"<!doctype html", b"<html")


class Pingable(Protocol):
    """What of a target is asked; every target is one."""

    @property
    def services(self) -> Mapping[str, Service]:
        """The addresses, by the name that listings give."""

    def probes(self) -> Sequence[Listing]:
        """One listing for each kind of list that a run may read."""

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """The records of one page."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and what to do about it."""

    text: str
    do: str

    def line(self) -> str:
        """Both in one sentence."""
        return f"{self.text}; {self.do}"


@dataclass(slots=True)
class ServicePing:
    """What one address said to our credentials."""

    service: str
    url: str
    access: str
    """``token``, ``bearer``, ``signature`` or ``none``."""
    seconds: float | None = None
    """How long a token took, where one was fetched."""
    missing_scopes: tuple[str, ...] = ()
    """Scopes that were asked for and not granted."""
    ahead: int | None = None
    """Seconds by which its clock is ahead of ours; null where it shows none."""
    silent: bool = False
    """Whether asking it on is in vain."""
    trouble: Trouble | None = None


@dataclass(slots=True)
class ListPing:
    """What one page of one list said."""

    label: str
    service: str
    path: str
    status: int | None = None
    records: int | None = None
    """How many it holds, or at least holds."""
    exact: bool = True
    seconds: float | None = None
    asked: bool = True
    """Whether it was asked at all: not where its service does not answer."""
    trouble: Trouble | None = None


@dataclass(slots=True)
class Ping:
    """One target, asked."""

    target: str
    kind: str
    services: dict[str, ServicePing] = field(default_factory=dict)
    lists: list[ListPing] = field(default_factory=list)

    @property
    def troubles(self) -> list[Trouble]:
        """Everything that is wrong, services first. Of a service that does not answer
        it is said once."""
        found = [one.trouble for one in self.services.values()]
        found += [one.trouble for one in self.lists if one.asked]
        return [trouble for trouble in found if trouble is not None]

    @property
    def warnings(self) -> list[str]:
        """What works now and may not tomorrow."""
        return [
            f"{one.service}: its clock is {abs(one.ahead)} s "
            f"{'ahead of' if one.ahead > 0 else 'behind'} ours, which tokens and "
            "signatures may not survive; set the clock of this machine by a time "
            "server, or tell the vendor"
            for one in self.services.values()
            if one.ahead is not None and abs(one.ahead) > SKEW_SECONDS
        ]

    @property
    def exit_code(self) -> ExitCode:
        """Whether everything answers."""
        return ExitCode.TARGET_FAILED if self.troubles else ExitCode.DONE


async def ping(
    table: TargetConfig,
    target: Pingable,
    on_wire: Callable[[Wire], None] = lambda _: None,
) -> Ping:
    """Ask each service for a token and each list for one page.

    Raises ``InterruptedRunError`` where a signal ended it, ``ConfigError`` where a
    secret cannot be had.
    """
    async with Wire(target.services, _limits(table)) as wire:
        on_wire(wire)
        return await ask(table, target, wire)


async def ask(
    table: TargetConfig, target: Pingable, wire: Wire, clock: Clock | None = None
) -> Ping:
    """The same over a wire that is there already."""
    found = Ping(table.name, table.kind)
    asking = _Asking(target, wire, clock or Clock())
    for name, service in target.services.items():
        found.services[name] = await asking.service(name, service)
    for listing in target.probes():
        service_ping = found.services[listing.service]
        found.lists.append(await asking.list(listing, service_ping))
    return found


def _limits(table: TargetConfig) -> Limits:
    limits = table.limits
    return Limits(
        requests_per_second=limits.requests_per_second,
        burst=limits.burst,
        concurrency=limits.concurrency,
        timeout=limits.timeout.total_seconds(),
        retries=min(limits.retries, RETRIES),
    )


@dataclass(slots=True)
class _Asking:
    """One target, while it is being asked."""

    target: Pingable
    wire: Wire
    clock: Clock

    async def service(self, name: str, service: Service) -> ServicePing:
        said = ServicePing(name, service.url, _access(service))
        began = self.clock.now()
        try:
            await self.wire.authenticate(name)
        except TargetError as error:
            said.trouble = _of(error)
            said.silent = True
            return said
        if isinstance(service.auth, ClientCredentials):
            said.seconds = self.clock.now() - began
        said.missing_scopes = self.wire.missing_scopes.get(name, ())
        if said.missing_scopes:
            said.trouble = _ungranted(name, said.missing_scopes)
        return said

    async def list(self, listing: Listing, service: ServicePing) -> ListPing:
        said = ListPing(listing.label, listing.service, listing.path)
        if service.silent:
            said.asked = False
            text = f"{_where(listing)} was not asked"
            said.trouble = Trouble(text, f"see what {listing.service} said first")
            return said
        began = self.clock.now()

        async def leaves() -> None:
            nonlocal began
            began = self.clock.now()

        def judge(answer: Answer) -> Failure | None:
            service.ahead = self._ahead(answer)
            return classify(answer, write=False)

        try:
            result = await self.wire.send(_one_page(listing), judge, leaves)
        except TargetError as error:
            said.trouble = _of(error)
            return said
        said.seconds = self.clock.now() - began
        said.status = result.status
        if isinstance(result, Failure):
            service.silent = _is_silent(result)
            said.trouble = self._refused(listing, result, service)
        else:
            self._counted(said, listing, result)
        return said

    def _counted(self, said: ListPing, listing: Listing, answer: Answer) -> None:
        try:
            _, page = self.target.read(listing, answer)
        except UnreadableError as error:
            said.trouble = _unreadable(listing, answer, error)
            return
        more = page.next is not None or (
            listing.paged and page.received >= (page.limit or listing.limit)
        )
        said.records = page.received if page.total is None else page.total
        said.exact = page.total is not None or not more

    def _ahead(self, answer: Answer) -> int | None:
        """How far the server's clock is ahead of ours, by the second that it names."""
        try:
            then = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return None
        there = (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() + 0.5
        apart = round(there - self.clock.wall())
        return 0 if abs(apart) <= _SAME_SECONDS else apart

    def _refused(
        self, listing: Listing, failure: Failure, service: ServicePing
    ) -> Trouble:
        if failure.code == HALTED:
            message = f"{_where(listing)} was not read: {self.wire.halted}"
            raise InterruptedRunError(message, do="ping again")
        return _why(listing, failure, service)


def _access(service: Service) -> str:
    match service.auth:
        case ClientCredentials():
            return "token"
        case Bearer():
            return "bearer"
        case OAuth1():
            return "signature"
        case None:
            return "none"


def _of(error: TargetError) -> Trouble:
    return Trouble(error.message, error.do or "check its address and its credentials")


def _is_silent(failure: Failure) -> bool:
    """Whether nobody answered; an answer that cannot be used is one."""
    return failure.status is None and failure.kind is not FailureKind.REJECT


def _one_page(listing: Listing) -> Request:
    query = listing.query
    if listing.paged and listing.window is not None:
        size, start = listing.window
        query = (*query, (size, str(listing.limit)), (start, "0"))
    return Request(
        *(listing.service, "GET", listing.path),
        query=query,
        headers=listing.headers,
        follow=listing.follow,
    )


def _where(listing: Listing) -> str:
    return f"{listing.service}: the list {listing.label}"


def _ungranted(service: str, scopes: tuple[str, ...]) -> Trouble:
    many = len(scopes) > 1
    what = f"{'scopes' if many else 'scope'} {' '.join(scopes)}"
    text = f"{service}: the {what} {'were' if many else 'was'} asked for, not granted"
    return Trouble(text, f"ask the vendor to grant {'them' if many else 'it'}")


_WORDS: Mapping[int, tuple[str, str]] = {
    401: ("refuses our credentials", "{keys}"),
    403: ("is forbidden", "ask the vendor to grant {need}"),
    404: ("does not exist", "correct the address {url}"),
    429: ("asks us to slow down", "ping later, or lower requests_per_second"),
}
_SILENT = ("does not answer", "see whether {url} is up and is the right address")
_FAILS = ("fails", "see whether the system is up, then ping again")
_OTHERWISE = ("cannot be read", "check kind and address in the configuration")
_SERVER_ERROR = 500


def _why(listing: Listing, failure: Failure, service: ServicePing) -> Trouble:
    status = failure.status
    what, advice = _OTHERWISE
    if _is_silent(failure):
        what, advice = _SILENT
    elif status is not None and status >= _SERVER_ERROR:
        what, advice = _FAILS
    elif status is not None and status in _WORDS:
        what, advice = _WORDS[status]
    missing = " ".join(service.missing_scopes)
    return Trouble(
        f"{_where(listing)} {what} ({summary(failure)})",
        advice.format(
            url=service.url,
            keys=_keys(service),
            need=f"the scope {missing}" if missing else "the permission to read it",
        ),
    )


_KEYS = {
    "signature": "check consumer_key and consumer_secret, and what they may read",
    "token": "check that client_id and client_secret are for this address",
    "bearer": "get a new token",
    "none": "give it credentials: this address wants some",
}


def _keys(service: ServicePing) -> str:
    advice = _KEYS[service.access]
    apart = abs(service.ahead or 0)
    if apart <= SKEW_SECONDS:
        return advice
    return f"set the clocks right, which are {apart} s apart, or {advice}"


def _unreadable(listing: Listing, answer: Answer, error: UnreadableError) -> Trouble:
    where = _where(listing)
    if answer.body[:256].lstrip().lower().startswith(_PAGE_STARTS):
        text = f"{where} is answered with a web page in place of data"
        return Trouble(text, "check that the address is that of the API")
    text = f"{where} came back unreadable: {error}"
    return Trouble(text, "check kind and address in the configuration")
