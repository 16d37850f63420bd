"""The account in plain words: what happened, and what a person has to do.

In: an account. Out: sentences that the page, the terminal and the mail of the morning
share, so that all three say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sync.model.plan import Guard
from sync.report.balance import Account, balance
from sync.report.mask import without_addresses

_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_MORNING, _EVENING = 6, 18
_APPROVAL = 12
"""Characters of a digest that are shown and asked for."""
_USAGE = 2
"""The exit code of a plan or a configuration that is refused."""
_SHORT, _MINUTE, _HOUR = 10, 60, 3600


def headline(account: Account) -> str:
    """The verdict in one sentence, with the night that it is about."""
    back = f"takes back run {account.undoes}: " if account.undoes else ""
    return f"{when(account.started)}, {account.target}: {back}{_verdict(account)}"


def remarks(account: Account) -> list[str]:
    """What the verdict needs besides: rejected rows, doubts, sums that do not hold."""
    return [
        *_about_rows(account),
        *_about_renames(account),
        *_about_changes(account),
        *_about_sums(account),
    ]


def holding(account: Account) -> list[Guard]:
    """The guards that hold the plan, unless a person has let it through."""
    if account.approved:
        return []
    return [guard for guard in account.guards if guard.tripped]


def tripped(guard: Guard) -> str:
    """One guard that holds a plan: which, of what, how many, the limit, examples.

    Examples are keys of records; one that is an e-mail address is masked.
    """
    place = guard.entity or "all"
    if guard.group:
        place = f"{place} in {guard.group}"
    said = f"{guard.name} of {place}: {guard.message}"
    if guard.examples:
        said = f"{said}; such as {', '.join(guard.examples)}"
    return without_addresses(said)


def approval(account: Account) -> str | None:
    """The one command that lets a held plan through; null where there is none."""
    if not holding(account) or not account.plan or not account.digest:
        return None
    path = account.plan.get("path", "plan.rsplan")
    return f"{account.command} apply {path} --approve {account.digest[:_APPROVAL]}"


def when(moment: datetime) -> str:
    """``Night of 21 Nov``, or the day and the hour of a run by daylight."""
    day = f"{moment.day} {_MONTHS[moment.month - 1]}"
    if moment.hour < _MORNING or moment.hour >= _EVENING:
        return f"Night of {day}"
    return f"{day}, {moment:%H:%M}"


def duration(seconds: float) -> str:
    """A length of time as people say it: ``0.4 s``, ``12 s``, ``3 min``, ``1 h``."""
    if seconds < _SHORT:
        return f"{seconds:.1f} s"
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    hours, rest = divmod(round(seconds / _MINUTE), _MINUTE)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def number(count: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``1,932 rows``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _verdict(account: Account) -> str:
    planned = account.total("operations", "planned")
    done = account.total("operations", "done")
    changes = number(planned, "change")
    match account.outcome:
        case "done" | "partial":
            said = _carried_out(planned, done) if planned else _nothing(account)
        case "refused" if account.exit_code == _USAGE:
            said = "the plan or the configuration was refused, and nothing was written."
        case "refused":
            said = "the drop was refused, and nothing was written."
        case "held":
            waits = "waits" if planned == 1 else "wait"
            said = f"held. Nothing was written; {changes} {waits} for your approval."
        case "preview" if planned == 0:
            said = "a preview. There is nothing to change."
        case "preview":
            said = f"a preview. {changes} would be made; nothing was written."
        case "interrupted":
            said = f"stopped before the end, after {done:,} of {changes}."
        case _ if done == 0:
            said = "the remote system failed, and nothing is known to be written."
        case _:
            said = f"the remote system failed after {done:,} of {changes}."
    return said


def _nothing(account: Account) -> str:
    """Why there was nothing to do: what is set aside was not even compared."""
    if account.undoes:
        return "nothing to change. What that run did is not there to be taken back."
    aside = account.total("diff", "unsupported")
    compared = sum(
        sum(one.get("diff", {}).values()) for one in account.entities.values()
    )
    if aside and aside == compared:
        return "nothing to change, because every row of the drop is set aside."
    if aside:
        said = number(aside, "row is", "rows are")
        holds = "the remote system already holds what the others say"
        return f"nothing to change. {said} set aside; {holds}."
    return "nothing to change. The remote system already holds what the drop says."


def _carried_out(planned: int, done: int) -> str:
    if done < planned:
        were = "was" if done == 1 else "were"
        return f"{done:,} of {number(planned, 'change')} {were} made."
    if planned == 1:
        return "the one change was made."
    if planned == 2:  # noqa: PLR2004 - nobody says all two
        return "both changes were made."
    return f"all {planned:,} changes were made."


def _about_rows(account: Account) -> list[str]:
    rejected = account.total("rows", "rejected")
    if not rejected:
        return []
    rows = number(rejected, "row was", "rows were") + " rejected"
    if account.outcome == "refused":
        return [f"{rows}."]
    return [f"{rows} and changed nothing."]


def _about_renames(account: Account) -> list[str]:
    """Who may be there under another id, and whom somebody has confirmed to be."""
    said = []
    if account.accepted:
        ids = number(account.accepted, "id that has changed", "ids that have changed")
        said.append(f"{ids} accepted, as somebody has confirmed.")
    proposed = account.proposals["new"].n_unique()
    if proposed:
        may = number(proposed, "person", "people") + " may be there under another id"
        them = "him" if proposed == 1 else "them"
        said.append(f"{may}: nothing of {them} is created, changed or ended.")
    return said


def pair(proposal: Mapping[str, Any]) -> str:
    """One row of the proposals: who may be whom, and what tells it."""
    unclear = "" if proposal["clear"] else " (one of several: it cannot be told which)"
    names = f"{proposal['new']} may be {proposal['old']}"
    return f"{names}: {proposal['evidence']}{unclear}"


_CHANGES = {
    "failed": "failed",
    "skipped": "was left alone, because somebody else changed the record meanwhile",
    "blocked": "was blocked by another that failed",
    "in_doubt": "was sent without an answer: the next command finds out what became "
    "of it",
    "not_reached": "was not sent",
}


def _about_changes(account: Account) -> list[str]:
    if account.outcome in {"held", "preview"}:
        return []
    said = []
    for part, words in _CHANGES.items():
        count = account.total("operations", part)
        if count:
            words_for = words if count == 1 else words.replace("was ", "were ", 1)
            said.append(f"{number(count, 'change')} {words_for}.")
    if account.converged is False:
        fields = number(len(account.differs), "field")
        said.append(f"{fields} did not read back as written.")
    return said


def _about_sums(account: Account) -> list[str]:
    broken = balance(account)
    if not broken:
        return []
    sums = number(len(broken), "sum does", "sums do")
    return [f"This report does not balance: {sums} not hold. Tell the operator."]
