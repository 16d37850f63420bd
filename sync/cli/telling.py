"""How a run ended is told to whoever the configuration names, whatever the end was.

In: the result of a run, or the error that there was instead. Out: messages and metrics
(``sync.notify``); what could not be delivered stands in the report and on standard
error, and changes no exit code.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sync.cli.session import Session
from sync.config import Config
from sync.errors import ExitCode, LocalError, RosterSyncError
from sync.flow import Result

if TYPE_CHECKING:
    from sync.notify import Ended


def told(session: Session, config: Config, result: Result) -> Result:
    """Tell of a run that has a report; the result as it is printed from now on."""
    if not _anybody(config):
        return result
    from sync.notify import Ended  # noqa: PLC0415 - most configurations tell nobody

    account = result.account
    ended = Ended(
        target=account.target,
        exit_code=ExitCode(account.exit_code),
        at=account.finished,
        account=account,
        said=account.advice,
        report=result.folder / "report.html",
        host=socket.gethostname(),
        titles=_titles(account.findings.by_code()),
    )
    problems = _tell(session, config, ended)
    if problems:
        account = replace(account, notes=(*account.notes, *problems))
        with suppress(OSError):  # it stands on standard error as well
            result.rewrite(account)
    # What is rewritten is kept no longer: other targets need the room.
    return replace(result, account=account, rewrite=lambda _: None)


def told_error(session: Session, config: Config, target: str, error: Exception) -> None:
    """Tell of a run that could not begin, or whose report could not be written."""
    if not _anybody(config):
        return
    from sync.notify import Ended  # noqa: PLC0415 - most configurations tell nobody

    known = error if isinstance(error, RosterSyncError) else _defect(error)
    ended = Ended(
        target=target,
        exit_code=ExitCode(known.exit_code),
        at=datetime.now(config.timezone),
        account=None,
        said=known.line(),
        report=None,
        host=socket.gethostname(),
    )
    _tell(session, config, ended)


def _anybody(config: Config) -> bool:
    return bool(config.notify) or config.metrics is not None


def _defect(error: Exception) -> RosterSyncError:
    return LocalError(f"a defect of this program ended it ({type(error).__name__})")


def _tell(session: Session, config: Config, ended: Ended) -> tuple[str, ...]:
    """What went wrong with it, which stands on standard error too."""
    from sync.notify import tell  # noqa: PLC0415 - the same

    try:
        with session.signals():
            problems = tell(config, ended)
    except RosterSyncError:
        problems = ("not everybody may have been told: a signal has come meanwhile",)
    except Exception as error:  # noqa: BLE001 - the run has ended as it has
        problems = (f"not everybody may have been told: {_defect(error).message}",)
    for problem in problems:
        session.console.warn(problem)
    return problems


def _titles(codes: Mapping[str, int]) -> Mapping[str, str]:
    if not codes:
        return {}
    from sync.cli.explain import all_codes  # noqa: PLC0415 - the same

    known = all_codes()
    return {code: known[code].title for code in codes if code in known}
