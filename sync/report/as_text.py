"""The account, a plan and findings for the terminal, as lines and tables of rich.

In: what was counted or planned. Out: renderables that the console prints; 80 columns
are enough. Every word of a file or a server goes through ``plain`` and never through
rich's markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sync.model.counted import number
from sync.model.finding import Findings, Severity
from sync.model.plain import plain
from sync.model.plan import Plan
from sync.report.balance import Account, balance
from sync.report.causes import Cause, causes
from sync.report.changes import Change, changes, examples, shown_verbs
from sync.report.drift import drifted
from sync.report.mask import masked_sentence, without_addresses
from sync.report.renames import RENAMES
from sync.report.sentences import (
    approval,
    drift_advice,
    duration,
    headline,
    holding,
    once_more,
    pair,
    remarks,
    since,
    tripped,
)

WORST = 5
"""Root causes of rejected rows that a summary names."""
EXAMPLES = 3
"""Operations that a preview shows of each kind."""
REASONS = 5
"""Reasons to leave rows alone that are told, those with the most rows first."""
_BLOCKED = "this row is blocked: "

_COLUMNS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "rows": (("rows", "read"),),
    "rejected": (("rows", "rejected"),),
    "same": (("diff", "unchanged"),),
    "create": (("diff", "create"),),
    "update": (("diff", "update"),),
    "reactivate": (("diff", "reactivate"),),
    "remove": (("diff", "remove"), ("remote", "remove")),
    "aside": tuple(
        ("diff", part)
        for part in ("proposed", "frozen", "blocked", "deferred", "unsupported")
    ),
}
_SEVERITY_STYLES = {"refused": "red", "rejected": "red", "warning": "yellow"}


def summary(account: Account, *, previewed: bool = False) -> list[RenderableType]:
    """What a run ends with: verdict, counts by entity and verb, guards, news.

    ``previewed``: counts and findings by code stand above already.
    """
    shown = [] if previewed or not account.entities else [counts(account.entities)]
    news = [] if previewed else _codes(account.findings, account.new_findings)
    blocked = [] if previewed else _blocked(account.findings, reveal=False)
    return [
        Text(plain(headline(account)), style="bold"),
        *(Text(plain(f"  {remark}")) for remark in remarks(account)),
        *shown,
        *_proposed(account),
        *_unmade(account),
        *_left_alone(account),
        *left_lines(account.left),
        *_guards(account),
        *(Text(plain(sentence), style="red") for sentence in balance(account)),
        *news,
        *(Text(plain(f"  {said}")) for said in blocked),
        *(Text(plain(f"  {said}")) for said in _all_aside(account)),
        *finding_lines(_mended(account.findings), WORST, reveal=False),
        *(Text(plain(f"note: {note}")) for note in account.notes),
    ]


def preview(
    plan: Plan, findings: Findings, rate: float, *, reveal: bool = False
) -> list[RenderableType]:
    """What a plan would do: counts, guards, examples, findings, and how long it takes.

    ``rate`` is the permitted number of requests per second. Values of personal fields
    are masked unless ``reveal``.
    """
    undoes = plan.inputs.get("undo") is not None
    operations = shown_verbs(plan.operations) if undoes else plan.operations
    shown = changes(examples(operations, EXAMPLES), reveal=reveal)
    return [
        *([counts(plan.account)] if plan.account else []),
        *_examples(shown, operations),
        *_codes(findings, {}),
        *(Text(plain(f"  {said}")) for said in _blocked(findings, reveal=reveal)),
        *(Text(plain(f"  {said}")) for said in _left_out(findings)),
        Text(_takes(plan.operations, rate)),
    ]


def counts(entities: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Table:
    """Entities by verbs; columns in which nothing is but zeros are left out."""
    columns = {
        heading: [_count(sections, parts) for sections in entities.values()]
        for heading, parts in _COLUMNS.items()
    }
    kept = {
        heading: numbers
        for heading, numbers in columns.items()
        if any(numbers) or heading == "rows"
    }
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold")
    for heading in kept:
        table.add_column(heading, justify="right", overflow="fold")
    for place, entity in enumerate(entities):
        cells = (f"{numbers[place]:,}" for numbers in kept.values())
        table.add_row(Text(plain(entity)), *(Text(cell) for cell in cells))
    return table


def finding_lines(
    findings: Findings, limit: int = 20, *, reveal: bool = True
) -> list[RenderableType]:
    """Findings by root cause, worst first, each with why, what to do, and how many.

    ``reveal`` is for the person who has the file; mailed output should mask.
    """
    found = causes(findings)
    lines = [line for cause in found[:limit] for line in _cause(cause, reveal=reveal)]
    if len(found) > limit:
        lines.append(Text(f"{len(found) - limit:,} more kinds in findings.csv"))
    return lines


def _mended(findings: Findings) -> Findings:
    """The findings for which rows were rejected, or the drop refused, but for those
    that somebody has accepted."""
    worst = [Severity.REFUSED.value, Severity.REJECTED.value]
    found = findings.frame.filter(pl.col("severity").is_in(worst))
    if "known" in found.columns:
        found = found.filter(~pl.col("known").fill_null(value=False))
    return Findings(found)


def _count(
    sections: Mapping[str, Mapping[str, int]], parts: Sequence[tuple[str, str]]
) -> int:
    return sum(sections.get(section, {}).get(part, 0) for section, part in parts)


def _cause(cause: Cause, *, reveal: bool) -> Iterator[RenderableType]:
    def said(text: str | None) -> str:
        shown = text if reveal else masked_sentence(text, cause.column, cause.value)
        return plain(shown or "")

    style = _SEVERITY_STYLES.get(cause.severity, "")
    yield Text.assemble(
        (plain(f"{cause.place}: "), "bold"),
        (f"{cause.severity} {cause.code}", style),
        f": {said(cause.message)}",
    )
    if cause.hint:
        yield Text(f"  do    {said(cause.hint)}")
    if cause.others:
        yield Text(f"  also  {_more(cause)}")
    if cause.new is not None and cause.new < cause.count:
        yield Text(f"  since {_age(cause)}")
    if cause.consequences:
        rows = number(cause.consequences, "row falls", "rows fall")
        yield Text(f"  so    {rows} with {'them' if cause.others else 'it'}")


def _more(cause: Cause) -> str:
    rows = number(cause.others, "more row")
    if not cause.more:
        return rows
    lines = ", ".join(str(line) for line in cause.more)
    return f"{rows}, next at {'line' if len(cause.more) == 1 else 'lines'} {lines}"


def _age(cause: Cause) -> str:
    """Since when, and how many are new, where they are not all from tonight."""
    first = since(cause.since)
    return first if not cause.new else f"{first}, {cause.new:,} of them new"


def _proposed(account: Account) -> Iterator[RenderableType]:
    """The first few who may be there under another id, and how to say that they are."""
    pairs = account.proposals
    if pairs.is_empty():
        return
    for each in pairs.head(WORST).rows(named=True):
        place = f"{each['file']}:{each['line']}: " if each["file"] else ""
        yield Text(plain(f"  {place}{pair(each)}"))
    if pairs.height > WORST:
        yield Text(f"  and {number(pairs.height - WORST, 'more pair')} in report.html")
    if account.confirm:
        yield Text(f"Delete the rows of {RENAMES} that nobody confirms, then:")
        yield Text(f"  {plain(account.confirm)}", no_wrap=True)


def _unmade(account: Account) -> Iterator[RenderableType]:
    """Entities of which not every change was made, where changes were to be made."""
    if account.outcome in {"held", "preview", "refused"}:
        return
    for entity, sections in account.entities.items():
        made = sections.get("operations", {})
        planned, done = made.get("planned", 0), made.get("done", 0)
        if done < planned:
            whole = number(planned, "change")
            yield Text(plain(f"{entity}: {done:,} of {whole} made"))


def _left_alone(account: Account) -> Iterator[RenderableType]:
    """The first few fields for which somebody else's changes were left alone."""
    fields = drifted(account.drift)
    for each in fields[:WORST]:
        yield Text(plain(f"  {each.entity} {each.key}: {each.text()}"))
    if len(fields) > WORST:
        more = number(len(fields) - WORST, "more field")
        yield Text(f"  and {more} in operations.csv")
    if account.total("operations", "skipped"):
        yield Text(f"  {drift_advice(account)}")


def left_lines(left: pl.DataFrame) -> Iterator[RenderableType]:
    """The first few records that an undo leaves, with the reason."""
    rows = left.select("entity", "key", "reason")
    for entity, key, reason in rows.head(WORST).iter_rows():
        why = f"left as it is: {reason}"
        yield Text(plain(f"  {entity} {key}: {without_addresses(why)}"))
    if left.height > WORST:
        more = number(left.height - WORST, "more record")
        yield Text(f"  and {more} in operations.csv")


def _guards(account: Account) -> Iterator[RenderableType]:
    for guard in holding(account):
        yield Text.assemble(("held ", "yellow"), plain(f"by {tripped(guard)}"))
    command, again = approval(account), once_more(account)
    if again:
        yield Text(plain(again))
    if command:
        yield Text("If that is meant, let this one plan through:")
        yield Text(f"  {plain(command)}", no_wrap=True)


def _examples(
    shown: Sequence[Change], operations: pl.DataFrame
) -> Iterator[RenderableType]:
    totals = {
        (entity, verb): count
        for entity, verb, count in operations.group_by("entity", "verb")
        .len()
        .sort("entity", "verb")
        .iter_rows()
    }
    kinds: dict[tuple[str, str], list[Change]] = {}
    for change in shown:
        kinds.setdefault((change.entity, change.verb), []).append(change)
    for (entity, verb), group in kinds.items():
        total = totals[entity, verb]
        said = f"{entity}, {verb} {total:,}"
        yield Text(plain(said if total <= EXAMPLES else f"{said}, such as"), "bold")
        yield _side_by_side(group)


_COMPARED = {"update", "reactivate"}


def _side_by_side(group: Sequence[Change]) -> Table:
    """Changed fields side by side; records without fields show their reason."""
    table = Table(box=None, pad_edge=True, padding=(0, 1), show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    for change in group:
        first = Text(plain(change.key))
        # A new record is all new, an ended one goes as it is: their keys say enough.
        fields = change.fields if change.verb in _COMPARED else ()
        if not fields:
            table.add_row(first, Text(plain(change.reason)), "", "")
        for field in fields:
            cells = (plain(field.name), plain(field.before), plain(field.after))
            table.add_row(first, *(Text(cell) for cell in cells))
            first = Text("")
    return table


def _codes(findings: Findings, news: Mapping[str, int]) -> Iterator[RenderableType]:
    """Findings by code, with how many of them the last run did not have."""
    by_code = findings.by_code()
    if not by_code:
        return
    said = (
        f"{code} {count:,}" + (f" ({news[code]:,} new)" if news.get(code) else "")
        for code, count in by_code.items()
    )
    yield Text(plain("findings: " + ", ".join(said)))


def _all_aside(account: Account) -> list[str]:
    """Why, where nothing of the drop has a place in the target."""
    parts = [one["diff"] for one in account.entities.values() if "diff" in one]
    held = sum(sum(diff.values()) - diff.get("unsupported", 0) for diff in parts)
    return [] if held else _left_out(account.findings)


def _left_out(findings: Findings) -> list[str]:
    """What the system cannot hold of the drop, with the numbers of rows."""
    return (
        findings.frame.filter(code="RS302")["message"]
        .unique(maintain_order=True)
        .to_list()
    )


def _blocked(findings: Findings, *, reveal: bool) -> list[str]:
    """Why rows of the drop wait, with their numbers, most rows first."""
    reason = pl.col("message").str.strip_prefix(_BLOCKED)
    kinds = (
        findings.frame.filter(code="RS301")
        .group_by("entity", reason.alias("reason"))
        .len("rows")
        .sort("rows", "entity", "reason", descending=[True, False, False])
    )
    shown = str if reveal else without_addresses
    said = [
        f"{number(rows, 'row')} of {entity}: {shown(why)}"
        for entity, why, rows in kinds.head(REASONS).rows()
    ]
    more = kinds.height - REASONS
    return [*said, f"and {number(more, 'more kind')}"] if more > 0 else said


def _takes(operations: pl.DataFrame, rate: float) -> str:
    if "request" in operations.columns:
        requests = operations["request"].len() - operations["request"].null_count()
    else:
        requests = operations.height
    if requests == 0:
        return "nothing to send"
    seconds = requests / rate
    long = "less than a second" if seconds < 1 else f"about {duration(seconds)}"
    return f"{number(requests, 'request')}, {long} at {rate:g} a second"
