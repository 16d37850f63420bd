"""What people read of a run that has ended: a subject, and a page of plain text.

In: ``Ended``. Out: text of at most 78 columns where no path is longer; counts, codes,
lines and commands, and nothing that stood in a roster.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator

from sync.model.counted import number
from sync.model.plain import plain
from sync.model.plan import Guard
from sync.notify.ended import Ended, Problem, worst
from sync.report import (
    Account,
    approval,
    headline,
    holding,
    once_more,
    remarks,
    since,
    without_addresses,
    would,
)

WIDE = 78
_SAYS_WHY = ("target_failed", "interrupted", "failed", "locked")
"""Ends of which the ``roster-sync:`` line holds no key of a record."""


_RULES = ("first_run", "undone")
"""Guards that hold whatever the plan has, and so name no record."""


def subject(ended: Ended) -> str:
    """One short line; without line ends, whatever a file is called."""
    return plain(f"roster-sync: {ended.target}: {_gist(ended)}")


_WORDS = {"failed": "this machine failed", "target_failed": "the target failed"}


def _gist(ended: Ended) -> str:
    account, ending = ended.account, ended.ending
    if account is not None and ending in {"done", "partial", "held", "refused"}:
        return _counted(account, ending, ended.news)
    return "not begun" if ending == "refused" else _WORDS.get(ending, ending)


def _counted(account: Account, ending: str, news: int) -> str:
    done = number(account.total("operations", "done"), "change")
    new = f", {news:,} new {'problem' if news == 1 else 'problems'}" if news else ""
    match ending:
        case "held":
            planned = account.total("operations", "planned")
            waits = "waits" if planned == 1 else "wait"
            return f"held, {number(planned, 'change')} {waits} for approval"
        case "refused":
            return "refused, nothing was written"
        case "done":
            return f"done, {done}{new}"
        case _:
            rejected = account.total("rows", "rejected")
            rows = f", {number(rejected, 'row')} rejected" if rejected else ""
            return f"done in part, {done}{rows}{new}"


def body(ended: Ended) -> str:
    """The message, its last line ended."""
    parts = [
        _verdict(ended),
        *(_of_account(ended.account) if ended.account else ()),
        _problems(ended),
        _where(ended),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def verdict(ended: Ended) -> str:
    """What happened, in one sentence."""
    if ended.account is not None:
        return plain(headline(ended.account))
    said = "" if ended.said is None else f": {without_addresses(ended.said)}"
    return plain(f"{ended.target}, {_gist(ended)}{said}")


def _verdict(ended: Ended) -> list[str]:
    told = [verdict(ended)]
    if ended.account is not None:
        told += remarks(ended.account)
        if ended.ending in _SAYS_WHY and ended.said:
            told.append(without_addresses(ended.said))
    return [line for one in told for line in _wrapped(plain(one))]


def _of_account(account: Account) -> Iterator[list[str]]:
    held = holding(account)
    yield [line for one in held for line in _wrapped(f"held by {limit(one)}")]
    if held:
        yield from _approving(account)
    else:
        yield _counts(account)


def limit(guard: Guard) -> str:
    """What a guard counted, without the group and the records that it names."""
    if guard.name in _RULES:
        return plain(f"{guard.name}: {guard.message}")
    of = f" of {guard.entity}" if guard.entity else ""
    where = " in one group" if guard.group else ""
    counted = f"{guard.count:,} of {guard.of:,}, the limit is {guard.limit}"
    return plain(f"{guard.name}{of}{where}: {counted}")


def _approving(account: Account) -> Iterator[list[str]]:
    does = [f"  {plain(line)}" for line in would(account)]
    yield ["The plan would change:", *does] if does else []
    yield _wrapped(once_more(account) or "")
    command, plan = approval(account, anywhere=True), account.plan
    if command and plan:
        path = shlex.quote(plan["path"])
        yield ["Look at it with:", f"  {plain(f'{account.anywhere} show {path}')}"]
        until = plan["valid_until"]
        by = f" until {until.astimezone(account.started.tzinfo):%d %b, %H:%M}"
        yield [f"If that is meant, let exactly this plan through{by}:", f"  {command}"]


_COLUMNS = (
    ("rows", "rows", "read"),
    ("rejected", "rows", "rejected"),
    ("create", "diff", "create"),
    ("update", "diff", "update"),
    ("reactivate", "diff", "reactivate"),
    ("planned", "operations", "planned"),
    ("done", "operations", "done"),
    ("failed", "operations", "failed"),
    ("in doubt", "operations", "in_doubt"),
)


def _counts(account: Account) -> list[str]:
    """A small table; columns of zeros are left out."""
    rows = {
        entity: [sections.get(part, {}).get(name, 0) for _, part, name in _COLUMNS]
        for entity, sections in account.entities.items()
    }
    shown = [n for n in range(len(_COLUMNS)) if any(row[n] for row in rows.values())]
    if not shown:
        return []
    names = [_COLUMNS[n][0] for n in shown]
    table = [["", *names]] + [
        [plain(entity), *(f"{row[n]:,}" for n in shown)] for entity, row in rows.items()
    ]
    wide = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(wide[0])]
            + [cell.rjust(w) for cell, w in zip(row[1:], wide[1:], strict=True)]
        )
        for row in table
    ]


def _problems(ended: Ended) -> list[str]:
    told, more = worst(ended)
    if not told:
        return []
    lines = [line for each in told for line in _problem(each)]
    rest = [f"  and {number(more, 'more kind')} in the report"] if more else []
    return ["To mend first:" if more else "To mend:", *lines, *rest]


def _problem(each: Problem) -> list[str]:
    place = f"{each.place}: " if each.place else ""
    column = f", column {each.column}" if each.column else ""
    first = f"  {place}{each.severity} {each.code}{column}"
    what = "; ".join(filter(None, (each.what, age(each))))
    return [plain(first), *_wrapped(plain(what), "    ")]


def age(each: Problem) -> str:
    """How many there are, and how many of them are new."""
    count = f"{each.count:,} of them" if each.count > 1 else ""
    if each.new is None:
        return count
    if not each.new:
        told = f"since {since(each.since)}" if each.since else "not new"
    elif each.new < each.count:
        told = f"{each.new:,} new"
    else:
        told = "all new" if count else "new"
    return ", ".join(filter(None, (count, told)))


def _where(ended: Ended) -> list[str]:
    run = [f"run     {ended.account.run}"] if ended.account else []
    report = [f"report  {ended.report}"] if ended.report else []
    return [plain(line) for line in (*run, *report, f"host    {ended.host}")]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDE,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
