"""Why a run goes no further: what is said of it, and what the person is to do.

In: the drop, the plan, what a run has kept. Out: the error that ends the run before
anything is sent: a drop that is refused, a plan that a guard holds or that was made
elsewhere, lists that were not read whole. And who let a held plan through.
"""

from __future__ import annotations

import getpass
import socket
from contextlib import suppress
from dataclasses import replace

from sync.config import fingerprint
from sync.errors import (
    HeldError,
    LocalError,
    RosterSyncError,
    TargetError,
    UsageError,
)
from sync.flow.context import Context, now
from sync.flow.intake import Intake, refusal
from sync.flow.kept import PLAN, kept
from sync.model.plan import Plan
from sync.plan import MIN_APPROVAL, DamagedPlanError, read_plan
from sync.report import came_empty, worst_held
from sync.version import PROGRAM

FIRST_CHARACTERS = 12
"""Of a digest, as it is shown for approval."""


def refused(context: Context, intake: Intake) -> RosterSyncError | None:
    """Why the drop is refused, with its first place; null where it is not."""
    if not intake.refused and not context.story.findings.refuses:
        return None
    folder = context.folder.run_folder(context.run)
    more = f"the whole list is in {folder / 'report.html'}"
    return refusal(replace(intake, findings=context.story.findings), more)


def _unproven() -> TargetError:
    """The error of a plan that is not to be approved: a list was not read whole."""
    message = "a remote list could not be proven complete; nothing was sent"
    return TargetError(message, do="see the report, then run again")


def held(context: Context, plan: Plan, given: str | None = None) -> HeldError:
    """The error of a plan that a guard holds: which, and what to do.

    ``given``: what was offered for its digest, and is not enough.
    """
    path, digest = context.story.plan_path, plan.digest[:FIRST_CHARACTERS]
    said = "" if given is None else f"{_not_it(given)}; "
    empty = " and ".join(came_empty(plan.guards))
    again = f"deliver {empty} again, whole, or " if empty else ""
    return HeldError(
        f"{said}held by {worst_held(plan.guards)}; nothing was sent",
        do=f"{again}look at it with: {context.command} show {path}, then let it "
        f"through with: {context.command} apply {path} --approve {digest}",
    )


def _not_it(given: str) -> str:
    if len(given) < MIN_APPROVAL:
        return f"--approve takes at least {MIN_APPROVAL} characters of the digest"
    return "the digest given is not that of this plan"


def demand_let_through(context: Context, plan: Plan) -> None:
    """Raises ``HeldError`` for a new plan that a guard holds, or ``TargetError`` where
    it is not to be approved either."""
    if plan.held:
        raise _unproven() if context.story.incomplete else held(context, plan)


def _demand_maker(context: Context, plan: Plan) -> None:
    """Refuse a plan of another program or another configuration."""
    again = f"make a new one with: {context.command} plan"
    if plan.program != PROGRAM:
        message = f"the plan was made by {plan.program}, this is {PROGRAM}"
        raise UsageError(message, do=again)
    if plan.fingerprint != fingerprint(context.table):
        message = f"the configuration of {plan.target} has changed since the plan"
        raise UsageError(message, do=again)


def demand_same_maker(context: Context) -> None:
    """Refuse to go on under another program or configuration; the run stays open."""
    if kept(context.folder, context.run):
        path = context.folder.runs / context.run / PLAN
        with suppress(DamagedPlanError):  # told when the run is gone on with
            _demand_maker(context, read_plan(path, context.folder))


def damaged(context: Context, run: str) -> LocalError:
    """The error of a run that cannot be gone on with."""
    folder = context.folder.runs / run
    message = f"what run {run} kept in {folder} is damaged"
    do = "run again: what the run left undone is found by comparing"
    return LocalError(message, do=do)


def demand_usable(context: Context, plan: Plan) -> None:
    """Refuse a plan that is not this program's, this configuration's, or of today."""
    _demand_maker(context, plan)
    again = f"make a new one with: {context.command} plan"
    if plan.valid_until < now():
        message = f"the plan was valid until {plan.valid_until:%Y-%m-%d %H:%M} UTC"
        raise UsageError(message, do=again)
    _demand_unused(context, plan)
    if context.state.written_since(plan.created):
        message = f"a later run of {plan.target} has written since the plan was made"
        raise UsageError(message, do=again)


def _demand_unused(context: Context, plan: Plan) -> None:
    """Refuse a plan that a run has carried out, or is to be gone on with."""
    by = context.state.applied_by(plan.id)
    if by is None:
        return
    stopped = context.state.stopped()
    if by.finished is None or by == stopped:
        message = f"run {by.run} began to apply this plan and did not come to its end"
        raise UsageError(message, do=f"go on with: {context.command} resume {by.run}")
    message = f"plan {plan.id} was applied already, by run {by.run}"
    raise UsageError(message, do=f"make a new one with: {context.command} plan")


def approval_now(plan: Plan) -> dict[str, str]:
    """Who lets a held plan through, and when."""
    return {
        "user": getpass.getuser(),
        "host": socket.gethostname(),
        "at": now().isoformat(),
        "digest": plan.digest,
    }
