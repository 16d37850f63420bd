"""What becomes of a claimed drop: it lies still, is run for each target, and is filed.

In: the claims, and somebody who runs a drop. Out: drops filed under ``done/``,
``rejected/`` and ``held/`` with their reports. Whatever is decided stands in the claim
before it is done, so that a process may die anywhere and the next one goes on.

Drops are run in the order of their claims, target by target: while one has not got
through to a target, no later one goes there, and other targets go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sync.errors import ExitCode, LocalError, worst
from sync.watch import moving
from sync.watch.claims import Claim, Claims, Ran
from sync.watch.content import digest
from sync.watch.hands import End, Filed, Hands, Watched
from sync.watch.look import Inside
from sync.watch.names import DONE, HELD, REJECTED, WORKING
from sync.watch.settling import Settling

LONGEST_RETRY = 3600.0
"""Seconds; a target that goes on failing is tried at least so often."""
_SHELVES = {ExitCode.HELD: HELD, ExitCode.REFUSED: REJECTED}
_REPORT, _WORD = ".report.html", ".report.txt"


@dataclass(frozen=True, slots=True)
class _Sight:
    """A claimed drop that has changed since its digest was made."""

    name: str
    inside: Inside
    waits: str | None = None
    announced: bool = False


@dataclass(slots=True)
class _Patience:
    """With what failed."""

    failures: int = 0
    until: float = 0.0


class Carrier:
    """Carries claims to their end, as far as they come in each turn."""

    def __init__(self, watched: Watched, claims: Claims, hands: Hands) -> None:
        """Take up what an earlier process left."""
        self._watched = watched
        self._folder = watched.folder
        self._store = claims
        self._hands = hands
        self._claims = {one.number: one for one in claims.all()}
        self._patience: dict[object, _Patience] = {}
        self._settling = Settling(watched.settle, self._digest)
        self.filed: list[Filed] = []
        self.last = self.worst = ExitCode.DONE
        """How the last run or filing ended, and the worst of all."""
        self.usage = False
        """A person must mend the configuration before anything else can be run."""
        self.unsettled = False
        """A claimed drop has changed, and may be still again soon."""

    def ended(self, code: ExitCode) -> None:
        """Something ended so."""
        self.last, self.worst = code, worst((code, self.worst))

    @property
    def claims(self) -> list[Claim]:
        """What is not filed yet, in order."""
        return [self._claims[number] for number in sorted(self._claims)]

    def claim(self, claim: Claim) -> None:
        """Take a drop. Raises ``LocalError`` and ``OSError``; then it is not taken."""
        self._store.write(claim)
        self._claims[claim.number] = claim
        try:
            self._take(claim)
        except OSError:
            self._claims.pop(claim.number)
            self._store.remove(claim)
            raise

    def finish_taking(self) -> None:
        """Move what a process that died had claimed and not moved. Raises ``OSError``
        and ``LocalError``."""
        for claim in self.claims:
            if not claim.taken:
                self._take(claim)

    def _take(self, claim: Claim) -> None:
        if moving.take(self._folder, claim):
            self._keep(replace(claim, taken=True))
        else:
            self._forget(claim, "it went away")

    def turn(self) -> None:
        """Carry each claim as far as it comes. Raises ``OSError`` where the folder
        cannot be seen."""
        self._settle_again()
        blocked: set[str] = set()
        for claim in self.claims:
            if self._hands.stopped() or self.usage:
                return
            self._advance(claim, blocked)
            if claim.number in self._claims:
                blocked.update(self._pending(self._claims[claim.number]))

    def _advance(self, claim: Claim, blocked: set[str]) -> None:
        if claim.filed is not None:
            self._file(claim)
            return
        if not moving.is_there(self._folder, claim):
            if moving.is_folder(self._folder / WORKING):  # else the mount is away
                self._forget(claim, "it was taken away before it was filed")
            return
        seen = claim.now(self._folder)
        if seen.unfit is not None:
            claim = replace(claim, refused=seen.unfit)
            self._keep(claim)
            self._file(claim)
        elif seen.stamp == claim.stamp:
            claim = self._run(claim, blocked)
            # What is written to while it is run is another drop from then on.
            if not self._pending(claim) and self._is_still(claim):
                self._file(claim)

    def _is_still(self, claim: Claim) -> bool:
        return claim.now(self._folder).stamp == claim.stamp

    def _settle_again(self) -> None:
        """A drop that somebody still writes to, though it was claimed: it is run when
        it is still, and again if it was run with another content."""
        now = {one.number: one.now(self._folder) for one in self.claims}
        changed = [
            _Sight(str(one.number), now[one.number])
            for one in self.claims
            if one.filed is None and now[one.number].stamp not in {(), one.stamp}
        ]
        for name, found in self._settling.complete(changed, self._hands.clock()):
            claim = self._claims[int(name)]
            runs = claim.runs if found == claim.digest else {}
            self._keep(
                replace(claim, digest=found, stamp=now[claim.number].stamp, runs=runs)
            )
        self.unsettled = self._settling.may_settle(changed)
        for one in changed:
            claim = self._claims[int(one.name)]
            if claim.stamp != one.inside.stamp:
                self._hands.tell(claim.name, "it is still being written to")

    def _digest(self, name: str, seen: Inside) -> str | None:
        base = self._claims[int(name)].base(self._folder)
        return digest(base, seen.stamp, self._hands.stopped)

    def _pending(self, claim: Claim) -> list[str]:
        """The targets for which it has not had its run."""
        if claim.filed is not None or claim.refused is not None:
            return []
        none = Ran(None)
        targets = self._watched.targets
        return [one for one in targets if not claim.runs.get(one, none).final]

    def _run(self, claim: Claim, blocked: set[str]) -> Claim:
        now = self._hands.clock()
        free = [
            one
            for one in self._pending(claim)
            if one not in blocked and self._patient(one).until <= now
        ]
        claim = self._look_up(claim, free)
        ready = [one for one in self._pending(claim) if one in free]
        if not ready:
            return claim

        def on_run(target: str, run: str) -> None:
            ran = self._claims[claim.number].ran(target, Ran(run))
            self._keep(ran, strictly=True)

        self._hands.tell(claim.name, f"run for {', '.join(ready)}")
        drop = claim.drop(self._folder)
        for end in self._hands.run(drop, ready, on_run):
            self._note(claim.number, end)
        return self._claims[claim.number]

    def _look_up(self, claim: Claim, targets: Sequence[str]) -> Claim:
        """With how runs ended of which nothing more was heard: the process died, or
        somebody has resumed them since."""
        for target in targets:
            ran = claim.runs.get(target, Ran(None))
            code = None if ran.run is None else self._hands.ended(target, ran.run)
            found = Ran(ran.run, None if code is None else int(code))
            if found.final:
                self.ended(ExitCode(found.code or 0))
                self._hands.tell(claim.name, f"was run for {target} before")
                claim = claim.ran(target, found)
                self._keep(claim)
        return claim

    def _note(self, number: int, end: End) -> None:
        claim = self._claims[number]
        self.ended(end.code)
        run = claim.runs.get(end.target, Ran(None)).run
        ran = Ran(run, int(end.code))
        claim = self._claims[number] = claim.ran(end.target, ran)
        patience = self._patient(end.target)
        if ran.final:
            self._patience.pop(end.target, None)
        elif end.code is ExitCode.USAGE and moving.is_there(self._folder, claim):
            self.usage = True
        elif not self._hands.stopped():
            growing = end.code is not ExitCode.LOCKED
            wait = self._wait_longer(patience, growing=growing)
            text = f"{end.target} ended with {int(end.code)}; it is run again in {wait}"
            self._hands.tell(claim.name, text)
        self._keep(claim)

    def _file(self, claim: Claim) -> None:
        if claim.refused is not None:
            text = f"{claim.name} was not run: {claim.refused}.\n"
            texts = {_WORD: text.encode("utf-8", "backslashreplace")}
            if self._put(claim, REJECTED, lambda: texts):
                self.ended(ExitCode.REFUSED)
                self._hands.warn(claim.name, f"is rejected: {claim.refused}")
            return
        codes = [ran.code for ran in claim.runs.values() if ran.final]
        verdict = worst(ExitCode(one) for one in codes if one is not None)
        self._put(claim, _SHELVES.get(verdict, DONE), lambda: self._reports(claim))

    def _put(
        self, claim: Claim, shelf: str, texts: Callable[[], Mapping[str, bytes]]
    ) -> bool:
        """File it, if it can be; else later."""
        patience = self._patient(claim.number)
        if patience.until > self._hands.clock():
            return False
        try:
            beside = texts()
            if claim.filed is None or self._is_taken(claim):
                place = moving.choose(self._folder, claim, shelf, tuple(beside))
                claim = replace(claim, filed=place)
                self._keep(claim, strictly=True)
            filed = claim.filed or ""
            beside = {
                end: moving.moved_text(text, self._folder, claim, filed)
                for end, text in beside.items()
            }
            moving.file_away(self._folder, claim, filed, beside)
            self._store.remove(claim)
        except (OSError, LocalError) as error:
            self._cannot_file(claim, patience, error)
            return False
        self._claims.pop(claim.number, None)
        self._patience.pop(claim.number, None)
        self.filed.append(Filed(claim.name, filed, claim.runs))
        self._hands.tell(claim.name, f"filed as {filed}")
        return True

    def _is_taken(self, claim: Claim) -> bool:
        """Whether somebody has put another thing where it was to be filed."""
        place = self._folder / (claim.filed or "")
        return moving.is_there(self._folder, claim) and place.exists()

    def _cannot_file(
        self, claim: Claim, patience: _Patience, error: OSError | LocalError
    ) -> None:
        why = error.strerror if isinstance(error, OSError) else error.message
        wait = self._wait_longer(patience, growing=True)
        self.ended(ExitCode.LOCAL_FAILED)
        text = f"cannot be filed: {why}; it has been run, and the next try is in {wait}"
        self._hands.warn(claim.name, text)

    def _reports(self, claim: Claim) -> dict[str, bytes]:
        """The reports of its runs, by how their names end."""
        several = len(self._watched.targets) > 1
        return {
            f".{target}{_REPORT}" if several else _REPORT: report
            for target, report in self._found_reports(claim)
        }

    def _found_reports(self, claim: Claim) -> Iterator[tuple[str, bytes]]:
        for target, ran in claim.runs.items():
            report = None if ran.run is None else self._hands.report(ran.run)
            if report is not None:
                yield target, report

    def _keep(self, claim: Claim, *, strictly: bool = False) -> None:
        """In memory in any case; where the disk fails, the state of the target knows
        what was run as well."""
        self._claims[claim.number] = claim
        try:
            self._store.write(claim)
        except LocalError as error:
            if strictly:
                raise
            self._hands.warn(claim.name, error.line())

    def _forget(self, claim: Claim, why: str) -> None:
        self._claims.pop(claim.number, None)
        moving.clear(self._folder, claim)
        self._store.remove(claim)
        self.filed.append(Filed(claim.name, None, claim.runs))
        self._hands.tell(claim.name, why)

    def _patient(self, with_whom: object) -> _Patience:
        return self._patience.setdefault(with_whom, _Patience())

    def _wait_longer(self, patience: _Patience, *, growing: bool) -> str:
        """Until the next try; how long that is, in words."""
        longest = max(LONGEST_RETRY, self._watched.retry)
        doubled = self._watched.retry * 2.0 ** min(patience.failures, 20)
        seconds = min(doubled, longest)
        patience.failures += growing
        patience.until = self._hands.clock() + seconds
        return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:g} s"  # noqa: PLR2004 - a minute
