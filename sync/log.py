"""The log: structured, one line for each event, without personal data at any level.

Every part of the program writes events of fixed names with counts, codes and
identifiers. Out: JSON lines in the run's ``log.jsonl``, and text on standard error for
what somebody should see. What may pass is a list of keys; everything else is dropped
and counted, so that a careless line loses its data and not a pupil her privacy.

    log = get_logger()
    with run_log(folder / "log.jsonl", run=run, target=target):
        log.info("page_read", entity="students", count=200, seconds=0.4)
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePath
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from sync.disk import open_private
from sync.errors import RosterSyncError

if TYPE_CHECKING:
    from structlog import BoundLoggerBase

ALLOWED = frozenset(
    (
        *("event", "level", "timestamp", "run", "target", "kind", "source"),
        *("stage", "entity", "verb", "phase", "state", "mode", "outcome"),
        *("count", "counts", "total", "rows", "requests", "operations"),
        *("done", "failed", "planned", "code", "status", "service", "method"),
        *("path", "attempt", "seconds", "took", "wait", "rate", "limit"),
        *("in_flight", "key", "operation", "plan", "digest", "exit_code", "format"),
        *("version", "program", "signal", "logger", "place", "exception", "dropped"),
    )
)
"""The only keys that pass. None of them may be given a cell of a roster but ``key``,
which is an identifier."""

LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_EVENT = re.compile(r"[a-z][a-z0-9]*(?:[_. -][a-z0-9]+){0,9}")
_LONGEST = 200
_MAX_FRAMES = 40
_MAX_CHAIN = 5


class RunLogger:
    """What the program logs with: an event's name and keys, never a formatted text.

    A line that nobody wants costs nothing: structlog is loaded for the first that is
    written, which few commands do that only look.
    """

    def debug(self, event: str, **keys: object) -> None:
        """Something that only a search for a defect needs."""
        self._log("debug", event, keys)

    def info(self, event: str, **keys: object) -> None:
        """A step of the run."""
        self._log("info", event, keys)

    def warning(self, event: str, **keys: object) -> None:
        """Something that the operator should see."""
        self._log("warning", event, keys)

    def error(self, event: str, **keys: object) -> None:
        """Something that ended the run, or a part of it."""
        self._log("error", event, keys)

    def exception(self, event: str, **keys: object) -> None:
        """An error with the exception that is being handled, without its data."""
        self._log("error", event, {**keys, "exc_info": True})

    def _log(self, level: str, event: str, keys: dict[str, object]) -> None:
        if _OUTPUT.wants(level):
            _engine()._proxy_to_logger(level, event, **keys)


@dataclass(slots=True)
class _Output:
    """Where lines go: any number of files, and standard error from a level on."""

    level: str = "warning"
    stream: TextIO | None = None
    """Null is standard error as it is at the moment of writing, so that a progress
    bar which has taken its place keeps the line above itself."""
    files: list[int] = field(default_factory=list)

    def wants(self, level: str) -> bool:
        return self._to_stream(level) or (bool(self.files) and self._to_file(level))

    def write(self, event: MutableMapping[str, Any]) -> None:
        level = str(event.get("level", "error"))
        if self._to_file(level):
            line = (json.dumps(event, ensure_ascii=True) + "\n").encode("ascii")
            for descriptor in self.files:
                # A full disk must not turn a finished run into a crash; whatever
                # matters to the run is in the journal, which does not forgive.
                with suppress(OSError):
                    os.write(descriptor, line)
        if self._to_stream(level):
            stream = self.stream or sys.stderr
            stream.write(_as_text(event) + "\n")
            stream.flush()

    def _to_stream(self, level: str) -> bool:
        return LEVELS[level] >= LEVELS[self.level]

    def _to_file(self, level: str) -> bool:
        return LEVELS[level] >= min(LEVELS[self.level], logging.INFO)


_OUTPUT = _Output()


def get_logger() -> RunLogger:
    """The logger of the program; safe to ask for when a module is imported."""
    return RunLogger()


def _engine() -> BoundLoggerBase:
    """structlog's way of a line to where it is written, for its own loggers too."""
    import structlog  # noqa: PLC0415 - see RunLogger

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _stamp,
            _describe_exception,
            _allow,
            _write,
        ],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=False,
    )
    made: BoundLoggerBase = structlog.wrap_logger(None).bind()
    return made


def configure(
    level: str = "warning", stream: TextIO | None = None, file: Path | None = None
) -> None:
    """Set where the log goes; may be called again, which closes the earlier files.

    ``level`` is that of standard error (or ``stream``): ``warning``, or ``info`` and
    ``debug`` when asked for. Files get ``info`` and above, and ``debug`` with it.
    Lines of other libraries pass as warnings without their text.
    """
    for descriptor in _OUTPUT.files:
        os.close(descriptor)
    _OUTPUT.files = [] if file is None else [_open(file)]
    _OUTPUT.level = level
    _OUTPUT.stream = stream
    if "structlog" in sys.modules:
        _engine()
    _take_over_libraries()


@contextmanager
def run_log(file: Path | None, **keys: str) -> Iterator[None]:
    """Bind ``keys`` (``run``, ``target``) to every line and write them to ``file``.

    The file is made with mode 0600 and appended to. Raises OSError when it cannot be.
    """
    from structlog.contextvars import bound_contextvars  # noqa: PLC0415 - see RunLogger

    descriptor = None if file is None else _open(file)
    if descriptor is not None:
        _OUTPUT.files.append(descriptor)
    try:
        with bound_contextvars(**keys):
            yield
    finally:
        if descriptor is not None and descriptor in _OUTPUT.files:
            _OUTPUT.files.remove(descriptor)
            os.close(descriptor)


def described(error: BaseException) -> dict[str, Any]:
    """An exception without its data: type, frames, and what it was raised from.

    The message is there only where it is ours; those of polars, pydantic and httpx
    carry cells and addresses. Never locals.
    """
    return _described(error, _MAX_CHAIN)


def _described(error: BaseException, depth: int) -> dict[str, Any]:
    kind = type(error)
    said: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    if isinstance(error, RosterSyncError):
        said["message"] = _scrubbed(error.line())
    said["frames"] = _frames(error.__traceback__)
    if depth == 0:
        return said
    cause = error.__cause__ or (
        None if error.__suppress_context__ else error.__context__
    )
    if cause is not None:
        said["cause"] = _described(cause, depth - 1)
    if isinstance(error, BaseExceptionGroup):
        inner = error.exceptions[:_MAX_CHAIN]
        said["group"] = [_described(each, depth - 1) for each in inner]
    return said


def _frames(trace: TracebackType | None) -> list[str]:
    walked = [
        f"{_place(frame.f_code.co_filename, line)} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(trace)
    ]
    return walked[-_MAX_FRAMES:]


def _place(path: str, line: int) -> str:
    """``sync/read/table.py:42``: enough to find it, without this machine's folders."""
    return f"{'/'.join(PurePath(path).parts[-3:])}:{line}"


def _stamp(_: object, level: str, event: MutableMapping[str, Any]) -> Any:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    name = event.pop("event", None)
    safe = name if isinstance(name, str) and _EVENT.fullmatch(name) else "unnamed"
    return {
        "timestamp": now.replace("+00:00", "Z"),
        "level": level,
        "event": safe,
        **event,
    }


def _describe_exception(_: object, __: str, event: MutableMapping[str, Any]) -> Any:
    error = event.pop("exc_info", None)
    event.pop("exception", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = described(error)
    return event


def _allow(_: object, __: str, event: MutableMapping[str, Any]) -> Any:
    """Let known keys with plain values pass; drop the others and say how many."""
    passed = {
        name: _value(name, value)
        for name, value in event.items()
        if name in ALLOWED and _is_plain(name, value)
    }
    dropped = len(event) - len(passed)
    return {**passed, "dropped": dropped} if dropped else passed


def _is_plain(name: str, value: object) -> bool:
    if name == "exception" or value is None:
        return True
    if isinstance(value, Mapping):
        return name == "counts" and all(
            isinstance(part, str) and _EVENT.fullmatch(part.lower()) and type(n) is int
            for part, n in value.items()
        )
    return isinstance(value, str | int | float)


def _value(name: str, value: Any) -> Any:
    if name == "path" and isinstance(value, str):
        return _scrubbed(value.partition("?")[0])
    if name != "exception" and isinstance(value, str):
        return _scrubbed(value)
    return value


def _scrubbed(text: str) -> str:
    """A short text; one that holds an e-mail address loses it, even as a key."""
    return re.sub(r"\S+@\S+", "…@…", text)[:_LONGEST]


def _write(_: object, __: str, event: MutableMapping[str, Any]) -> NoReturn:
    from structlog import DropEvent  # noqa: PLC0415 - see RunLogger

    _OUTPUT.write(event)
    raise DropEvent


def _as_text(event: MutableMapping[str, Any]) -> str:
    """One line for people: time, level, event, then ``key=value``, all of it ASCII."""
    rest = {
        name: value
        for name, value in event.items()
        if name not in {"timestamp", "level", "event", "exception"}
    }
    if "exception" in event:
        rest["exception"] = _last_frame(event["exception"])
    words = (f"{name}={json.dumps(value)}" for name, value in rest.items())
    head = f"{event['timestamp']} {event['level']:<7} {event['event']}"
    return " ".join([head, *words])


def _last_frame(exception: Mapping[str, Any]) -> str:
    frames = exception["frames"]
    return f"{exception['type']} at {frames[-1]}" if frames else exception["type"]


def _open(file: Path) -> int:
    return open_private(file, os.O_WRONLY | os.O_APPEND)


class _LibraryHandler(logging.Handler):
    """Passes on that a library said something and where, never what: httpx logs whole
    addresses with their queries, asyncio the repr of what failed."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(_LIBRARIES, level)(
            "library_message",
            logger=record.name,
            place=_place(record.pathname, record.lineno),
            exc_info=record.exc_info,
        )


_LIBRARIES = get_logger()
_HANDLER = _LibraryHandler(logging.WARNING)
_NOISY = ("httpx", "httpcore", "asyncio", "uvicorn", "uvicorn.access", "uvicorn.error")


def _take_over_libraries() -> None:
    root = logging.getLogger()
    if _HANDLER not in root.handlers:
        root.addHandler(_HANDLER)
    for name in _NOISY:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.setLevel(logging.WARNING)
        library.propagate = True
