"""The wire: everything that is sent to a remote system leaves through ``Wire.send``.

Comes in: a ``Request`` of a target. Goes out: the good ``Answer``, or the last
``Failure`` after all retries. On the way it waits for a place in flight, for a token,
for its slot in time and for the caller's word that it may leave (the journal's).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

import anyio
import httpx

from sync.errors import LocalError
from sync.log import get_logger
from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer, Request
from sync.wire.address import host_of, origin_of, route
from sync.wire.auth import OAuth1, Service, Token
from sync.wire.connections import Connections, Headers, Lost, NoAnswerError
from sync.wire.failures import (
    classify,
    retry_after,
    suspects_replay,
    unmasked,
    without,
)
from sync.wire.halt import Halt
from sync.wire.limits import SYSTEM_CLOCK, Clock, Deadline, InFlight, Limits, Pace
from sync.wire.retry import LONGEST_HINT, Budget, wait_before_retry
from sync.wire.signing import Signer
from sync.wire.stats import Stats
from sync.wire.tokens import TokenKeeper
from sync.wire.trip import COMMON, Before, Judge, Trip, address, body_of, headers_of

PATIENCE = 4
"""One exchange may take so many times the time-out, however busily it drips."""
HALTED = "halted"
"""The code of a failure that a stopped run is the reason of."""

_THROTTLED = frozenset({429, 503})
_OF_TOKENS = frozenset({401, 403, 429})
"""Statuses that do not show that a token was accepted."""
_SERVER_ERROR = 500
_KINDS = {
    Lost.TLS: FailureKind.FATAL,
    Lost.TLS_VERSION: FailureKind.FATAL,
    Lost.TOO_LARGE: FailureKind.REJECT,
    Lost.BLOATED: FailureKind.REJECT,
    Lost.ENCODING: FailureKind.REJECT,
}
"""Losses that sending again does not mend."""
PAUSED = "paused"
"""The code of a failure for which the server asked to wait too long."""
_TOO_LONG = Failure(
    FailureKind.RETRY,
    None,
    PAUSED,
    f"the server asked for a pause of more than {LONGEST_HINT:g} s",
)
_ANEW = Failure(FailureKind.RETRY, None, "anew", "")
"""Not the end of it: the same is asked at once, with another credential."""
_MOVED = Failure(FailureKind.RETRY, None, "moved", "")
"""The same is asked at once, at the address that the answer names."""
_HELD = Failure(FailureKind.RETRY, None, "held", "")
"""A pause began before the first bytes had left: the same is sent after it."""
_log = get_logger()


class Wire:
    """One target's services, as one throttled and patient sender.

    Use it as ``async with Wire(target.services, limits) as wire``, by as many tasks
    at once as there are. ``stats`` counts what left.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        limits: Limits,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = SYSTEM_CLOCK,
        deadline: Deadline | None = None,
    ) -> None:
        """``transport`` takes the place of the network in tests."""
        self.limits = limits
        self.stats = Stats()
        self._services = dict(services)
        self._clock = clock
        self._started = clock.now()
        self._halt = Halt(clock, deadline)
        self._budget = Budget()
        self._connections = Connections(limits.timeout, transport)
        self._in_flight = InFlight(limits.concurrency)
        self._paces: dict[str, Pace] = {}
        self._keepers = {
            name: TokenKeeper(service, clock.now, self._post)
            for name, service in self._services.items()
        }
        self._signers: dict[OAuth1, Signer] = {}
        self._origins = {name: each.origin for name, each in self._services.items()}

    async def __aenter__(self) -> Self:
        """Connections are opened when they are needed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections, also when the run is being cancelled."""
        with anyio.CancelScope(shield=True):
            await self._connections.close()

    @property
    def halted(self) -> str | None:
        """Why no new request leaves any more; None while they do."""
        self._halt.check()
        return self._halt.reason

    @property
    def overdrawn(self) -> bool:
        """Whether more has failed than may be repeated (see ``retry.Budget``): what
        came back since then is a first failure, not one after all its retries."""
        return self._budget.spent

    @property
    def missing_scopes(self) -> dict[str, tuple[str, ...]]:
        """Per service, what was asked for and not granted, as far as is known."""
        pairs = ((name, keeper.missing) for name, keeper in self._keepers.items())
        return {name: missing for name, missing in pairs if missing}

    async def authenticate(self, service: str | None = None) -> None:
        """Get a token of every service now, or of this one, so that a wrong secret
        shows at once. Where the run is stopped meanwhile (``halted``) there is none.

        Raises ``TargetError``.
        """
        for name, keeper in self._keepers.items():
            if service in {None, name}:
                with self._halt.waiting():
                    await keeper.current()

    def host(self, service: str) -> str:
        """Whom the address of a service names, for people."""
        return host_of(self._services[service].url)

    def halt(self, reason: str) -> None:
        """No new request leaves; those in flight get ten seconds."""
        self._halt.now(reason)

    async def pause_before(self, attempt: int) -> bool:
        """Wait as before the retry that follows the ``attempt``-th try of something
        of the caller's own; False where it was tried often enough or is stopped."""
        wait = self._wait(FailureKind.RETRY, attempt, None)
        if wait is None:
            return False
        self.stats.retried += 1
        await self._halt.sleep(wait)
        return self.halted is None

    async def send(
        self, request: Request, judge: Judge | None = None, before: Before | None = None
    ) -> Answer | Failure:
        """The good answer, or the last failure after all retries.

        ``before`` is awaited once, when the first bytes are about to leave. The
        failure's ``in_doubt`` says whether any of the tries may have had its effect;
        its code is ``halted`` where the run was stopped before the end of them.
        Raises ``TargetError`` where the token service refuses, ``LocalError`` for a
        request that does not fit its service.
        """
        trip = self._trip(request, judge, before)
        self._budget.earn()
        while True:
            trip.attempt += 1
            result = await self._try(trip)
            if isinstance(result, Answer):
                return result
            trip.in_doubt = trip.in_doubt or (trip.write and result.in_doubt)
            wait = self._wait_after(trip, result)
            if wait is not None:
                await self._halt.sleep(wait)
            if self.halted is not None and result.kind is FailureKind.RETRY:
                result = self._stopped()
            elif wait is not None:
                self.stats.retried += result is not _MOVED and result is not _HELD
                continue
            return replace(result, in_doubt=trip.in_doubt)

    def _trip(
        self, request: Request, judge: Judge | None, before: Before | None
    ) -> Trip:
        service = self._services.get(request.service)
        if service is None:
            message = f"there is no service named {request.service}"
            raise LocalError(message, do="report this defect")
        return Trip(
            request,
            judge,
            before,
            service,
            self._keepers[request.service],
            self._signer(service),
            self._pace(self._origins[request.service]),
            address(service, request),
            headers_of(request),
            body_of(request),
        )

    def _signer(self, service: Service) -> Signer | None:
        """One for each consumer, whose timestamps must not run backwards."""
        auth = service.auth
        if not isinstance(auth, OAuth1):
            return None
        return self._signers.setdefault(auth, Signer(auth, self._clock.wall))

    def _wait_after(self, trip: Trip, failure: Failure) -> float | None:
        if failure is _ANEW or failure is _MOVED or failure is _HELD:
            trip.free += 1
            return 0.0
        if failure.code in {HALTED, _TOO_LONG.code}:
            return None
        if failure.in_doubt and not trip.request.repeatable:
            return None
        tries = trip.attempt - trip.free
        return self._wait(failure.kind, tries, failure.retry_after)

    def _wait(
        self, kind: FailureKind, attempt: int, hint: float | None
    ) -> float | None:
        wait = wait_before_retry(
            kind,
            attempt,
            hint,
            retries=self.limits.retries,
            chance=self._clock.chance,
        )
        return wait if wait is not None and self._budget.take() else None

    async def _try(self, trip: Trip) -> Answer | Failure:
        """One try, from the wait for a place to the judged answer."""
        era: int | None = None
        token: Token | None = None
        slot: bool | None = None
        try:
            with self._halt.waiting():
                era = await self._in_flight.enter()
                token = await trip.keeper.current()
                slot = await trip.pace.slot(LONGEST_HINT)
            if slot is None or era is None or self._halt.check():
                return self._stopped()
            if not slot:
                return _TOO_LONG
            if trip.before is not None and trip.attempt == 1:
                await trip.before()
            await trip.pace.room()
            return await self._cross(trip, token, era)
        finally:
            if era is not None:
                self._in_flight.leave()

    async def _cross(
        self, trip: Trip, token: Token | None, era: int
    ) -> Answer | Failure:
        start = self._clock.now()
        self.stats.count_sent(start - self._started)
        credential = trip.credential(token)
        headers = [*trip.headers]
        if credential is not None:
            headers.append((b"Authorization", credential.header.encode()))
        method = trip.request.method
        try:
            answer = await self._exchange(
                method, trip.url, headers, trip.body, trip.pace
            )
        except NoAnswerError as error:
            if error.lost is Lost.HELD:
                self.stats.count_sent(start - self._started, -1)
                return _HELD
            if error.slow:
                self._in_flight.trouble(era)
            self._report(trip, error.lost, start)
            return _unanswered(error, write=trip.write)
        if trip.json:
            answer = unmasked(answer)
        self._report(trip, answer.status, start)
        self._learn(trip.pace, answer, era)
        result = self._judged(trip, answer, token)
        if isinstance(result, Answer) or credential is None:
            return result
        return without(result, *credential.hidden)

    def _judged(
        self, trip: Trip, answer: Answer, token: Token | None
    ) -> Answer | Failure:
        if answer.status < _SERVER_ERROR and answer.status not in _OF_TOKENS:
            trip.keeper.worked(token)
        if trip.renews(answer, token):
            return _ANEW
        if trip.moves(answer):
            return _MOVED
        judge = trip.judge
        failure = judge(answer) if judge else classify(answer, write=trip.write)
        return failure or answer

    def _learn(self, pace: Pace, answer: Answer, era: int) -> None:
        if suspects_replay(answer):
            # Of requests that leave together, the later one may arrive first.
            self._in_flight.trouble(era)
        throttled = answer.status in _THROTTLED
        pace.answered(throttled=throttled)
        if not throttled:
            if answer.status < _SERVER_ERROR:
                self._in_flight.good()
            return
        self.stats.count_throttled(self._clock.now() - self._started)
        self._in_flight.trouble(era)
        self._obey(answer)

    def _obey(self, answer: Answer) -> None:
        """Nothing leaves for this target while one of its services wants a pause."""
        hint = retry_after(answer, self._clock.wall())
        if hint and answer.status in _THROTTLED:
            for origin in {*self._origins.values(), *self._paces}:
                self._pace(origin).pause(hint)

    async def _exchange(
        self, method: str, url: str, headers: Headers, body: bytes | None, pace: Pace
    ) -> Answer:
        with self._halt.flying(PATIENCE * self.limits.timeout):
            return await self._connections.exchange(
                method, url, headers, body, pace.leave
            )
        raise NoAnswerError(Lost.TIMEOUT)

    async def _post(
        self, url: str, headers: dict[str, str], body: bytes
    ) -> Answer | Failure:
        """A token request: paced, retried, and never counted as one of the run."""
        raw = [(name.encode(), text.encode()) for name, text in headers.items()]
        attempt = 0
        while True:
            attempt += 1
            result = await self._post_once(url, [*COMMON, *raw], body)
            if isinstance(result, Answer):
                return result
            wait = self._wait(result.kind, attempt, result.retry_after)
            if wait is None:
                return result
            await self._clock.sleep(wait)

    async def _post_once(
        self, url: str, headers: Headers, body: bytes
    ) -> Answer | Failure:
        pace = self._pace(origin_of(url))
        while True:
            if not await pace.slot(LONGEST_HINT):
                return _TOO_LONG
            try:
                self.stats.token_requests += 1
                answer = await self._exchange("POST", url, headers, body, pace)
            except NoAnswerError as error:
                if error.lost is not Lost.HELD:
                    return _unanswered(error, write=False)
                self.stats.token_requests -= 1
                continue
            self._obey(answer)
            return classify(answer, write=False) or answer

    def _pace(self, origin: str) -> Pace:
        pace = self._paces.get(origin)
        if pace is None:
            pace = self._paces[origin] = Pace(self.limits, self._clock)
        return pace

    def _stopped(self) -> Failure:
        text = f"stopped: {self._halt.reason}"
        return Failure(FailureKind.RETRY, None, HALTED, text)

    def _report(self, trip: Trip, status: int | str, start: float) -> None:
        _log.debug(
            "request",
            method=trip.request.method,
            service=trip.request.service,
            path=route(trip.request.path),
            status=status,
            attempt=trip.attempt,
            took=round(self._clock.now() - start, 4),
        )


def _unanswered(error: NoAnswerError, *, write: bool) -> Failure:
    kind = _KINDS.get(error.lost, FailureKind.RETRY)
    doubt = write and not error.unsent
    return Failure(kind, None, error.lost, str(error), in_doubt=doubt)
