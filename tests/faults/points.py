"""The points at which a run may fail, by name: before and after each journal write,
request, answer and rename.

They are functions of the program. The program itself knows nothing of them: ``arm``
wraps one of them in a process that is to die there, and ``python -m
tests.faults.points POINT HIT -- ARGUMENTS`` is such a process.
"""

from __future__ import annotations

import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

BEFORE, AFTER = "before", "after"
COMMIT = "commit"
"""In front of it: before or after the transaction that the function commits."""
TRANSACTION = "sync.state.database:transaction"

Which = Callable[[tuple[Any, ...], dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Point:
    """One point: a function (``module:name``), and when it is called how."""

    name: str
    place: str
    moment: str = BEFORE
    which: Which = field(default=lambda _given, _named: True)


@dataclass(slots=True)
class Fuse:
    """Kills this process at the n-th hit."""

    hits: int

    def hit(self) -> None:
        """One more."""
        self.hits -= 1
        if not self.hits:
            os.kill(os.getpid(), signal.SIGKILL)


def arm(name: str, hits: int) -> None:
    """Let this process die at that point, the n-th time that it comes there."""
    point, fuse = POINTS[name], Fuse(hits)
    if point.moment.startswith(COMMIT):
        _arm_commit(point, fuse)
        return

    def around(call: Callable[..., Any]) -> Callable[..., Any]:
        return _wrapped(call, point, fuse)

    _replace(point.place, around)


def _wrapped(call: Callable[..., Any], point: Point, fuse: Fuse) -> Callable[..., Any]:
    def meets(moment: str, given: tuple[Any, ...], known: dict[str, Any]) -> None:
        if point.moment == moment and point.which(given, known):
            fuse.hit()

    @wraps(call)
    def plain(*given: Any, **known: Any) -> Any:
        meets(BEFORE, given, known)
        result = call(*given, **known)
        meets(AFTER, given, known)
        return result

    @wraps(call)
    async def awaited(*given: Any, **known: Any) -> Any:
        meets(BEFORE, given, known)
        result = await call(*given, **known)
        meets(AFTER, given, known)
        return result

    return awaited if inspect.iscoroutinefunction(call) else plain


def _arm_commit(point: Point, fuse: Fuse) -> None:
    """The transaction that is open while the point's function is at work."""
    inside: list[bool] = []

    def outer(call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def plain(*given: Any, **known: Any) -> Any:
            inside.append(point.which(given, known))
            try:
                return call(*given, **known)
            finally:
                inside.pop()

        return plain

    def inner(call: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def transaction(*given: Any) -> Iterator[None]:
            with call(*given):
                yield
                if inside and inside[-1] and point.moment.endswith(BEFORE):
                    fuse.hit()
            if inside and inside[-1] and point.moment.endswith(AFTER):
                fuse.hit()

        return transaction

    _replace(point.place, outer)
    _replace(TRANSACTION, inner)


def _replace(
    place: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    module, _, path = place.partition(":")
    holder: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for one in parents:
        holder = getattr(holder, one)
    found = inspect.getattr_static(holder, name)
    if isinstance(found, classmethod):
        setattr(holder, name, classmethod(around(found.__func__)))
    else:
        setattr(holder, name, around(found))


def _ends(position: int, name: str) -> Which:
    """Whether a path among the arguments has this name."""
    return lambda given, _: Path(str(given[position])).name == name


def _draft(name: str) -> Which:
    """Whether a path is a draft of the file of that name."""
    return lambda given, _: Path(str(given[0])).name.startswith(f".{name}.")


def _begins(position: int, text: str) -> Which:
    return lambda given, _: str(given[position]).startswith(text)


def _states(fact: str) -> Which:
    """Whether this fact of a run is written down."""
    return lambda _, known: fact in known


def _commits(word: str) -> Which:
    """Whether a commit of the journal has such a call in it."""
    return lambda given, _: any(word in one.statement for one in given[1])


def _asks(method: str, of_tokens: bool = False) -> Which:
    """Whether an exchange has this method."""
    return lambda given, _: given[1] == method and ("token" in given[2]) == of_tokens


def _around(
    name: str, place: str, which: Which | None = None, moments: str = "before after"
) -> list[Point]:
    chosen = (lambda _given, _known: True) if which is None else which
    return [
        Point(f"{moment} {name}", place, moment, chosen) for moment in moments.split()
    ]


def _commit(name: str, place: str, which: Which | None = None) -> list[Point]:
    """Around the commit of a function that commits one transaction."""
    chosen = (lambda _given, _known: True) if which is None else which
    return [
        Point(
            f"before it is committed that {name}", place, f"{COMMIT} {BEFORE}", chosen
        ),
        Point(f"after it is committed that {name}", place, f"{COMMIT} {AFTER}", chosen),
    ]


def _renamed(*names: str) -> list[Point]:
    return [
        point
        for name in names
        for point in _around(
            f"{name} takes its place", "pathlib:Path.replace", _ends(1, name)
        )
    ]


def _linked(*names: str) -> list[Point]:
    return [
        point
        for name in names
        for point in _around(f"{name} gets its name", "os:link", _ends(1, name))
    ]


def _drafted(name: str, module: str) -> list[Point]:
    place = f"sync.{module}:create_private"
    return _around(f"{name} is begun", place, _draft(name))


STATE = "sync.state.runs:TargetState"
JOURNAL = "sync.state.journal:Journal"
SENDER = "sync.apply.run:Sender"
EXCHANGE = "sync.wire.connections:Connections.exchange"
ON_ITS_WAY = "httpcore._async.http11:AsyncHTTP11Connection._receive_response_headers"
REPORTS = ("findings.csv", "operations.csv", "report.html", "report.json")


def _writes_on_their_way(given: tuple[Any, ...], known: dict[str, Any]) -> bool:
    request = known.get("request") or given[1]
    return request.method != b"GET" and b"token" not in request.url.target


def _requests(*methods: str) -> list[Point]:
    return [
        point
        for method in methods
        for point in _around(f"a {method} is exchanged", EXCHANGE, _asks(method))
    ]


SENDING = (
    *_commit("something is sent", f"{JOURNAL}._commit", _commits("'sent'")),
    Point("a change is on its way", ON_ITS_WAY, BEFORE, _writes_on_their_way),
    Point("the answer to a change has begun", ON_ITS_WAY, AFTER, _writes_on_their_way),
    *_around("an answer is settled", f"{SENDER}._settle"),
    *_commit("something is answered", f"{JOURNAL}._commit", _commits("answered_at")),
)
NIGHT = (
    *_renamed("version"),
    *_linked("seal.key", "district.sqlite", "journal.sqlite"),
    *_around("the lock is taken", "sync.state.lock:_take", moments="after"),
    *_around("the lock says who", "sync.state.lock:_write_note"),
    *_commit("the run is begun", f"{STATE}.begin_run"),
    *_renamed("columns.json"),
    *_commit("the drop is noted", f"{STATE}.record", _states("drop_name")),
    *_around("a token is asked for", EXCHANGE, _asks("POST", of_tokens=True)),
    *_requests("GET"),
    *_renamed("students.parquet", "current.json"),
    *_around("older mirrors are forgotten", "sync.state.mirror:_forget_others"),
    *_drafted("plan.rsplan", "disk"),
    *_renamed("after.json", "ledger.parquet", "untouched.parquet", "plan.rsplan"),
    *_commit("the plan is noted", f"{STATE}.record", _states("digest")),
    *_commit("the plan is used up", f"{STATE}.mark_applied"),
    *_commit("that it writes is noted", f"{STATE}.record", _states("wrote")),
    *_drafted("journal.sqlite", "state.database"),
    *_commit("the journal is made", "sync.state.journal:Journal.create"),
    *_around("the journal is open", f"{JOURNAL}.open"),
    *_around("it is written ahead", "sync.state.journal:_write_ahead"),
    *SENDING,
    *_around("everything is read back", "sync.flow.carry:Carrier._verify"),
    *_around("the journal is closed", f"{JOURNAL}.close"),
    *_around("the run is finished", "sync.flow.night:finish"),
    *_around("the ledger follows", "sync.flow.ending:_ledger"),
    *_renamed(*REPORTS),
    *_commit("the run is ended", f"{STATE}.end_run"),
    *_around("the ledger is replaced", "sync.state.runs:replace_ledger"),
)
CHANGES = (*_requests("POST", "PUT", "DELETE"),)
APPLY = (
    *_around("a plan is adopted", "sync.flow.night:adopt"),
    *_around("what has changed since is skipped", "sync.flow.carry:Carrier._drift"),
    *_commit("an applied plan is used up", f"{STATE}.mark_applied"),
    *_commit("an applied run is ended", f"{STATE}.end_run"),
)
RESUME = (
    *_around("a run is recalled", "sync.flow.night:recall"),
    *_around("its journal is open again", f"{JOURNAL}.open"),
    *_around("what it did is recalled", "sync.flow.carry:Carrier._recall"),
    *_around("doubt is settled", "sync.flow.carry:settle_doubt"),
    *_commit(
        "something was found by reading", f"{JOURNAL}._commit", _commits("answered_at")
    ),
    *_commit("the resumed run is ended", f"{STATE}.end_run"),
)
LEFT = (
    *_around("a run left behind is closed", "sync.flow.night:_close_one"),
    *_around("what it left is settled", "sync.flow.night:settle_left_behind"),
    *_around("its records are read", "sync.flow.readback:Back.read"),
    *_around("its report is written", "sync.flow.ending:write_report"),
    *_commit("the run left behind is ended", f"{STATE}.end_run"),
)
WATCH = (
    *_around("a claim is kept", "sync.watch.claims:Claims.write"),
    *_around("a drop is moved", "sync.watch.moving:_move"),
    *_around("a drop is filed", "sync.watch.moving:file_away"),
    *_around("its room is cleared", "sync.watch.moving:clear"),
    *_around("a claim is forgotten", "sync.watch.claims:Claims.remove"),
)
PREVIEW = (*_around("the plan is copied", "shutil:copyfile"),)
BATCHES = tuple(
    Point(f"{one.name} (in batches)", one.place, one.moment, one.which)
    for one in (*SENDING, *_requests("POST"))
)
_EVERY: Sequence[Point] = (
    *(*NIGHT, *CHANGES, *APPLY, *RESUME),
    *(*LEFT, *PREVIEW, *BATCHES, *WATCH),
)
POINTS = {one.name: one for one in _EVERY}
assert len(POINTS) == len(_EVERY), "two points have one name"

if __name__ == "__main__":
    from sync.cli.main import main

    point, hit, _, *arguments = sys.argv[1:]
    arm(point, int(hit))
    sys.exit(main(arguments))
