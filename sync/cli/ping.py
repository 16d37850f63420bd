"""``ping``: whether each target answers, what it holds, and what is not permitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from sync.cli.session import Session
from sync.config import TargetConfig
from sync.errors import ExitCode, InterruptedRunError, RosterSyncError, worst
from sync.flow.ping import ListPing, Ping, ServicePing, Trouble
from sync.flow.ping import ping as ask
from sync.model.plain import plain
from sync.targets.registry import make_target

_ACCESS = {
    "bearer": "a token from the configuration",
    "signature": "each request is signed",
    "none": "no credentials",
}


def ping(session: Session, names: Sequence[str]) -> ExitCode:
    """Ask every target; one that does not answer does not keep the next from it."""
    config = session.config()
    tables = [config.target(name) for name in dict.fromkeys(names)]
    asked: list[tuple[TargetConfig, Ping | RosterSyncError]] = []
    for table in tables:
        asked.append((table, ping_one(session, table)))
        show(session, *asked[-1])
        if session.stopped:
            break
    code = worst(code_of(result) for _, result in asked)
    session.console.document(
        {
            "format": 1,
            "exit_code": int(code),
            "targets": [document(table, result) for table, result in asked],
        }
    )
    if code is not ExitCode.DONE:
        session.console.advice(advice(asked, code))
    return code


def ping_one(session: Session, table: TargetConfig) -> Ping | RosterSyncError:
    """What one target says, or why it cannot be asked."""
    try:
        target = make_target(table)
        return session.run(lambda: ask(table, target, on_wire=session.on_wire))
    except InterruptedRunError:
        raise
    except RosterSyncError as error:
        return error


def code_of(result: Ping | RosterSyncError) -> ExitCode:
    """The exit code of what was found."""
    if isinstance(result, RosterSyncError):
        return ExitCode(result.exit_code)
    return result.exit_code


def advice(
    asked: Sequence[tuple[TargetConfig, Ping | RosterSyncError]], code: ExitCode
) -> str:
    """One line: the first trouble of the worst kind, and that there is more of it."""
    lines = [
        line
        for table, result in asked
        if code_of(result) is code
        for line in _lines(table, result)
    ]
    more = len(lines) - 1
    return f"{lines[0]} (and {more} more)" if more else lines[0]


def _lines(table: TargetConfig, result: Ping | RosterSyncError) -> list[str]:
    if isinstance(result, RosterSyncError):
        return [f"{table.name}: {result.line()}"]
    return [f"{table.name}: {trouble.line()}" for trouble in result.troubles]


def show(session: Session, table: TargetConfig, result: Ping | RosterSyncError) -> None:
    """Print what was found."""
    console = session.console
    console.result(Text(plain(f"{table.name} ({table.kind})"), style="bold"))
    if isinstance(result, RosterSyncError):
        console.result(f"  {result.line()}")
        return
    console.result(*(f"  {_access(one)}" for one in result.services.values()))
    console.result(_table(result.lists))
    console.result(
        *(Text(plain(one.line()), style="red") for one in result.troubles),
        *(Text(plain(one), style="yellow") for one in result.warnings),
    )


def _access(one: ServicePing) -> str:
    got = _ACCESS.get(one.access, "no token")
    if one.seconds is not None:
        got = f"a token in {_took(one.seconds)}"
    return f"{one.service} {one.url}: {got}{_clock(one.ahead)}"


def _clock(ahead: int | None) -> str:
    if ahead is None:
        return ""
    if not ahead:
        return ", clocks agree"
    return f", its clock is {abs(ahead):,} s {'ahead' if ahead > 0 else 'behind'}"


def _took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _table(lists: Sequence[ListPing]) -> Table:
    table = Table(box=None, pad_edge=True)
    for heading in ("list", "service", "records", "took"):
        right = heading in {"records", "took"}
        table.add_column(heading, overflow="fold", justify="right" if right else "left")
    for one in lists:
        cells = (one.label, one.service, _records(one), _took(one.seconds))
        table.add_row(*(Text(plain(cell)) for cell in cells))
    return table


def _records(one: ListPing) -> str:
    if not one.asked:
        return "not asked"
    if one.records is None:
        return "no answer" if one.status is None else f"answered {one.status}"
    return f"{one.records:,}" if one.exact else f"at least {one.records:,}"


def document(table: TargetConfig, result: Ping | RosterSyncError) -> dict[str, Any]:
    """What was found, as JSON."""
    head = {
        "target": table.name,
        "kind": table.kind,
        "exit_code": int(code_of(result)),
    }
    if isinstance(result, RosterSyncError):
        return {**head, "error": result.message, "do": result.do}
    return {
        **head,
        "services": [_service(one) for one in result.services.values()],
        "lists": [_list(one) for one in result.lists],
        "warnings": result.warnings,
    }


def _service(one: ServicePing) -> dict[str, Any]:
    return {
        "service": one.service,
        "url": one.url,
        "access": one.access,
        "seconds": _rounded(one.seconds),
        "missing_scopes": list(one.missing_scopes),
        "clock_ahead_seconds": one.ahead,
        **_trouble(one.trouble),
    }


def _list(one: ListPing) -> dict[str, Any]:
    return {
        "list": one.label,
        "service": one.service,
        "path": one.path,
        "status": one.status,
        "records": one.records,
        "exact": one.exact if one.records is not None else None,
        "seconds": _rounded(one.seconds),
        **_trouble(one.trouble),
    }


def _trouble(trouble: Trouble | None) -> dict[str, str | None]:
    if trouble is None:
        return {"error": None, "do": None}
    return {"error": trouble.text, "do": trouble.do}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
