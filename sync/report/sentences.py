"""The account in plain words: what happened, and what a person has to do.

In: an account. Out: sentences that the page, the terminal and the mail of the morning
share, so that all three say the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from sync.model.counted import number
from sync.model.finding import Severity
from sync.model.plan import Guard
from sync.report.balance import Account, balance
from sync.report.left import left_words
from sync.report.mask import without_addresses

_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_MORNING, _EVENING = 6, 18
_APPROVAL = 12
"""Characters of a digest that are shown and asked for."""
_LOSSES = {"removals", "cleared", "shrink"}
_PARTIAL = 1
"""The exit code of a run that could not do everything."""
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
        *(f"{said}." for said in left_words(account.left)),
        *_about_changes(account),
        *_about_news(account),
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
    said = f"{_place(guard)}: {guard.message}"
    if guard.examples:
        said = f"{said}; such as {', '.join(guard.examples)}"
    return without_addresses(said)


def worst_held(guards: Sequence[Guard]) -> str:
    """What holds a plan, on one line: of several guards the worst, and how many more.

    A loss comes before what is new, a share before a rule without one.
    """
    found = [guard for guard in guards if guard.tripped]
    first, *others = sorted(found, key=_harm, reverse=True)
    if not others:
        return tripped(first)
    names = ", ".join(dict.fromkeys(guard.name for guard in others))
    count = f"{first.count:,} of {first.of:,}, the limit is {first.limit}"
    if first.examples:
        count = f"{count}; such as {', '.join(first.examples)}"
    more = f"and by {number(len(others), 'more guard')} ({names})"
    return without_addresses(f"{_place(first)}: {count}; {more}")


def _harm(guard: Guard) -> tuple[bool, bool, float]:
    share = guard.count / guard.of if guard.of else 1.0
    return guard.limit != "hold", guard.name in _LOSSES, share


def _place(guard: Guard) -> str:
    """What a guard counted: its name, and of what."""
    entity = f" of {guard.entity}" if guard.entity else ""
    return f"{guard.name}{entity}{f' in {guard.group}' if guard.group else ''}"


def approval(account: Account, *, anywhere: bool = False) -> str | None:
    """The one command that lets a held plan through; null where there is none.

    ``anywhere``: in whatever folder it is called.
    """
    if not holding(account) or not account.plan or not account.digest:
        return None
    path = shlex.quote(account.plan.get("path", "plan.rsplan"))
    command = account.anywhere if anywhere else account.command
    return f"{command} apply {path} --approve {account.digest[:_APPROVAL]}"


def would(account: Account) -> list[str]:
    """What a plan does, entity by entity: ``students: create 3, remove 41``."""
    tally = account.tally
    verbs = tally.group_by("entity", "verb", maintain_order=True).agg(
        pl.col("count").sum()
    )
    order = {entity: place for place, entity in enumerate(account.entities)}
    said: dict[str, list[str]] = {}
    for entity, verb, count in verbs.rows():
        said.setdefault(entity, []).append(f"{verb} {count:,}")
    names = sorted(said, key=lambda name: order.get(name, len(order)))
    return [f"{name}: {', '.join(said[name])}" for name in names]


def came_empty(guards: Iterable[Guard]) -> list[str]:
    """Of which entities nothing is left in the drop, as the guards that hold say."""
    return [
        guard.entity
        for guard in guards
        if guard.tripped
        and guard.name == "shrink"
        and guard.count == guard.of
        and guard.entity
    ]


def once_more(account: Account) -> str | None:
    """What else there is to do where a file came empty: to deliver it again, whole."""
    names = came_empty(holding(account))
    if not names:
        return None
    came = f"If {' and '.join(names)} came empty by mistake"
    return f"{came}, deliver the drop again, whole."


def drift_advice(account: Account) -> str:
    """What becomes of a record that was left alone for somebody else's change."""
    if account.undoes:
        return "The undo leaves it as it is; what it should be, the next drop says."
    return (
        "The next run compares anew and writes what the drop says over it: look now, "
        "if the other change is to stay."
    )


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
            waiting = _waiting(account)
            told = _listed("Nothing would be changed", waiting)
            said = f"a preview. {told if waiting else 'There is nothing to change.'}"
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
    waits = _waiting(account)
    if waits:
        return _listed("nothing was changed", waits)
    if account.undoes:
        return "nothing to change. What that run did is not there to be taken back."
    if account.total("rows", "rejected"):  # all of them known, or it were no done
        return "nothing to change, but for rows that are rejected, as is known."
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


_LOST = {
    "RS402": "a file of the last good drop is missing",
    "RS413": "the last rows of a file are missing",
}


def _waiting(account: Account) -> list[str]:
    """What a run that ends with 1 has not done, though it says nothing of changes."""
    if account.exit_code != _PARTIAL:
        return []
    rejected = account.total("rows", "rejected")
    people = account.proposals["new"].n_unique()
    waiting = account.total("diff", "blocked") + account.total("diff", "frozen")
    waiting -= account.left.height
    said = [
        number(rejected, "row was", "rows were") + " rejected" if rejected else "",
        number(people, "person waits", "people wait") if people else "",
        number(waiting, "row waits", "rows wait") if waiting > 0 else "",
        *left_words(account.left),
        *(words for code, words in _LOST.items() if code in account.findings.by_code()),
    ]
    told = [each for each in said if each]
    return told or ["not everything is as it should be"]


def _listed(what: str, waits: list[str]) -> str:
    return f"{what}; {', '.join(waits)}."


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
    return [f"{rows} and changed nothing{_all_known(account)}."]


def _all_known(account: Account) -> str:
    """Whether somebody has accepted what rejected them."""
    found = account.findings.of_severity(Severity.REJECTED)
    if "known" not in found.columns or not found["known"].any():
        return ""
    unknown = found.filter(~pl.col("known")).height
    left = number(unknown, "finding is", "findings are")
    return f"; {left} not known" if unknown else ", as is known"


def _about_renames(account: Account) -> list[str]:
    """Who may be there under another id, and whom somebody has confirmed to be."""
    said = []
    if account.accepted:
        said.append(_about_accepted(account))
    proposed = account.proposals["new"].n_unique()
    if proposed:
        may = number(proposed, "person", "people") + " may be there under another id"
        them = "him" if proposed == 1 else "them"
        said.append(f"{may}: nothing of {them} is created, changed or ended.")
    return said


def _about_accepted(account: Account) -> str:
    """What became of the renames that somebody confirmed: a run that did not end well
    has accepted none."""
    ids = number(account.accepted, "id that has changed", "ids that have changed")
    match account.outcome:
        case "done" | "partial":
            return f"{ids} accepted, as somebody has confirmed."
        case "held" | "preview":
            return f"{ids} would be accepted, as somebody has confirmed."
        case _:
            return (
                f"{ids} confirmed by somebody: not accepted, as the run ended before."
            )


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


def _about_news(account: Account) -> list[str]:
    """What is wrong since tonight, where something was wrong the night before too."""
    found = account.findings.frame
    if "new" in found.columns:
        found = found.filter(pl.col("severity") != Severity.NOTE.value)
        new = int(found["new"].sum())
    else:
        found, new = found.clear(), 0
    failed, more = sum(account.failures.values()), sum(account.new_failures.values())
    return [
        *_new_of(found.height, new, "finding"),
        *_new_of(failed, more, "failure"),
    ]


def _new_of(count: int, new: int, what: str) -> list[str]:
    if count == new:  # the first night, or a good one before
        return []
    if not new:
        every = f"The {what} was" if count == 1 else f"All {count:,} {what}s were"
        return [f"{every} there the last night too: nothing is new."]
    rest = number(count - new, "other was", "others were")
    are = "is" if new == 1 else "are"
    return [f"{new:,} of {count:,} {what}s {are} new; {rest} there the last night too."]


def since(day: str | None) -> str:
    """A day of ``since`` as people say it: ``22 Oct``; what is none, as it is."""
    try:
        told = date.fromisoformat(day or "")
    except ValueError:
        return day or ""
    return f"{told.day} {_MONTHS[told.month - 1]}"


def _about_sums(account: Account) -> list[str]:
    broken = balance(account)
    if not broken:
        return []
    sums = number(len(broken), "sum does", "sums do")
    return [f"This report does not balance: {sums} not hold. Tell the operator."]
