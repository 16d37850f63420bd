"""The watcher of one folder: looks, claims what is complete, and has it carried out.

In: a folder into which drops arrive. Out: each of them run once and filed. It polls,
so that it works on network mounts, and waits out a folder that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sync.errors import ExitCode, LocalError
from sync.model.counted import number
from sync.watch import moving
from sync.watch.carrying import Carrier
from sync.watch.claims import Claim, Claims, next_number
from sync.watch.content import digest
from sync.watch.hands import Hands, Watched
from sync.watch.look import Inside, Looked, Seen, look
from sync.watch.names import WORKING
from sync.watch.settling import Settling

_OFTEN, _SELDOM = 0.05, 5.0
"""Seconds between two looks, at least and at most."""
_LOOKS = 4
"""Within the time for which a drop must not change."""
_KILOBYTE, _MEGABYTE = 1_000, 1_000_000


class Watcher:
    """Watches one folder."""

    def __init__(self, watched: Watched, claims: Claims, hands: Hands) -> None:
        """Take up what an earlier process left. Raises ``LocalError``."""
        self._watched = watched
        self._folder = watched.folder
        self._hands = hands
        self._settling = Settling(watched.settle, self._digest)
        self.carrier = Carrier(watched, claims, hands)

    @property
    def pause(self) -> float:
        """Seconds between two looks."""
        return min(max(self._watched.settle / _LOOKS, _OFTEN), _SELDOM)

    def watch(self, wait: Callable[[float], object]) -> ExitCode:
        """Until a signal comes; ``wait`` takes seconds and comes back early then."""
        while not self._hands.stopped():
            self.turn()
            if self.carrier.usage:
                return ExitCode.USAGE
            if not self._hands.stopped():
                wait(self.pause)
            else:
                return self._interrupted()
        return ExitCode.DONE

    def once(self, wait: Callable[[float], object]) -> ExitCode:
        """Handle what is there; what is still being written is for a later call."""
        while self.turn() and not (self._hands.stopped() or self.carrier.usage):
            wait(self.pause)
        return self.carrier.worst

    def _interrupted(self) -> ExitCode:
        """How a signal ends it: well, unless it came in the midst of a run."""
        last = self.carrier.last
        return last if last is ExitCode.INTERRUPTED else ExitCode.DONE

    def turn(self) -> bool:
        """Look, claim, and carry on; whether another look may soon find more to do."""
        try:
            if not self._is_mounted():
                return False
            self.carrier.finish_taking()
            looked = look(self._folder, self._watched.sentinels)
            self._tell(looked)
            self._claim(looked)
            if not self._hands.stopped():
                self.carrier.turn()
        except OSError as error:
            why = error.strerror or type(error).__name__
            return self._failed("", f"{self._folder} cannot be read: {why}")
        self._hands.tell("", f"{self._folder} is there again")
        return self._settling.may_settle(looked.drops) or self.carrier.unsettled

    def name_strangers(self) -> None:
        """Tell of what lies in ``working/`` and belongs to no claim."""
        known = {str(one.number) for one in self.carrier.claims}
        text = (
            "belongs to no claim that is known here: another watcher has it, or the "
            "state was lost; to have it run, move what is in it up again"
        )
        for one in moving.rooms(self._folder):
            if one.name not in known and not moving.remove_if_empty(one):
                self._hands.warn(f"{WORKING}/{one.name}", text)

    def _is_mounted(self) -> bool:
        """Whether what was claimed can be there: a folder without ``working/`` is the
        place of a mount that is away."""
        if not self.carrier.claims or moving.is_folder(self._folder / WORKING):
            return True
        if not any(one.taken for one in self.carrier.claims):
            return True
        working = self._folder / WORKING
        return self._failed("", f"{working} is not there, with what was claimed")

    def _failed(self, name: str, text: str) -> bool:
        self.carrier.ended(ExitCode.LOCAL_FAILED)
        self._hands.warn(name, f"{text}; the next look tries again")
        return False

    def _tell(self, looked: Looked) -> None:
        for name, why in looked.left_alone:
            self._hands.tell(name, f"left alone: {why}")
        for one in looked.drops:
            self._hands.tell(
                one.name, f"arriving; {one.waits}" if one.waits else "arriving"
            )

    def _digest(self, _: str, seen: Inside) -> str | None:
        return digest(self._folder, seen.stamp, self._hands.stopped)

    def _claim(self, looked: Looked) -> None:
        """Claim what is complete, in the order in which it was made."""
        now = self._hands.clock()
        complete = dict(self._settling.complete(looked.drops, now))
        left = sorted(looked.drops, key=lambda one: one.age)
        for one in list(left):
            if one.name in complete and not self._hands.stopped():
                left.remove(one)
                self._claim_one(one, complete[one.name], left)

    def _claim_one(self, seen: Seen, found: str, left: Sequence[Seen]) -> None:
        # A sentinel for several drops goes with the last of them.
        needed = {sign for other in left for sign in other.signs}
        signs = tuple(one for one in seen.signs if one not in needed)
        try:
            claim = Claim(
                next_number(self.carrier.claims, self._folder),
                seen.name,
                seen.packing,
                seen.files,
                signs,
                found,
                seen.inside.stamp,
            )
            self.carrier.claim(claim)
        except (OSError, LocalError) as error:
            why = error.strerror if isinstance(error, OSError) else error.message
            self._failed(seen.name, f"cannot be claimed: {why}")
        else:
            files = number(len(seen.inside.stamp), "file")
            self._hands.tell(seen.name, f"complete, {files}, {_size(seen.inside)}")


def _size(seen: Inside) -> str:
    if seen.size >= _MEGABYTE:
        return f"{seen.size / _MEGABYTE:,.1f} MB"
    return f"{seen.size / _KILOBYTE:,.1f} kB"
