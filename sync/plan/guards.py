"""Guards: limits on harm, all judged before the first write.

In: the differences with decisions and fates, and what the last good drop had. Out: one
``Guard`` for each limit that was judged. A guard that trips holds the whole plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from sync.model.counted import number
from sync.model.entities import Entity
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.model.plan import Guard
from sync.model.roster import KEY
from sync.plan import cause
from sync.plan.marks import marked_rows, without_passed

ROLES = "r:roles"
GROUP_COLUMNS = {
    "school": cause.SCHOOL,
    "role": {Entity.ENROLLMENTS: "r:role", Entity.USERS: ROLES},
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """More than so many percent, or more than so many; either trips."""

    percent: float | None = None
    count: int | None = None

    def exceeded(self, number: int, of: int) -> bool:
        """Whether ``number`` of ``of`` is over either limit."""
        by_count = self.count is not None and number > self.count
        by_percent = self.percent is not None and number * 100 > self.percent * of
        return by_count or by_percent

    def text(self) -> str:
        """The limit as people read it."""
        parts = [f"{self.percent:g} %"] if self.percent is not None else []
        parts += [f"{self.count:,}"] if self.count is not None else []
        return " or ".join(parts)


@dataclass(frozen=True, slots=True)
class GuardRules:
    """The ``guards`` table of the configuration."""

    removals: Threshold = Threshold(percent=5)
    creates: Threshold = Threshold(percent=50)
    updates: Threshold = Threshold(percent=50)
    cleared: Threshold = Threshold(percent=2)
    shrink: Threshold = Threshold(percent=20)
    by: tuple[str, ...] = ("school", "role")
    by_percent: float = 25
    floor: int = 20
    first_run_holds: bool = True


NONE_PASSED = pl.Schema({"id": pl.String()})


@dataclass(frozen=True, slots=True)
class GuardInput:
    """What the guards look at."""

    joined: Mapping[Entity, pl.DataFrame]
    """Per entity, the differences with ``decision``, ``fate`` and ``ends``."""
    rows: Mapping[Entity, int]
    """Rows of the drop, per entity that it delivers as bulk."""
    rows_before: Mapping[Entity, int]
    """The same of the last good bulk drop of this source."""
    can_end: frozenset[Entity]
    """Entities of which this run could end something for its absence."""
    operations: int
    first_run: bool
    """No ledger of this target yet, and its roster is not empty."""
    cut_off: frozenset[Entity] = frozenset()
    """Entities whose file may have lost its end; nothing is ended for that tonight."""
    seen: frozenset[Entity] = frozenset()
    """Entities of which records should be there."""
    source: str = ""
    """Who delivers this drop: what another one named is not in its reach."""
    rules: GuardRules = field(default_factory=GuardRules)
    headers: cause.Headers = field(default_factory=dict)
    """Which header of which file of the drop each column came from."""
    undone: tuple[str, str] | None = None
    """The run that stands taken back, and the one that did it."""
    passed: pl.DataFrame = field(default_factory=NONE_PASSED.to_frame)
    """``id`` of creations that a plan had which passed the guards and was not carried
    out to its end: they were let through once already."""


def judge(given: GuardInput) -> tuple[Guard, ...]:
    """All guards, in a fixed order; those that hold are in it too."""
    guards = [_first_run(given)]
    for entity, joined in given.joined.items():
        known = marked_rows(entity, joined, given.source)
        marked = without_passed(entity, known, given.passed)
        guards.extend(_of_entity(entity, marked, given))
    guards.extend(_shrink(given))
    guards.extend(_undone(given))
    return tuple(guards)


def _undone(given: GuardInput) -> Iterator[Guard]:
    """What was taken back, the next drop may well make again."""
    if given.undone is None:
        return
    run, by = given.undone
    yield Guard(
        name="undone",
        entity=None,
        group=None,
        count=given.operations,
        of=given.operations,
        limit="hold",
        tripped=given.operations > 0,
        message=f"run {by} has taken back run {run}, and nothing was approved since: "
        f"{number(given.operations, 'change')} would be made, maybe the same again",
        examples=_changed(given.joined) if given.operations else (),
    )


def _first_run(given: GuardInput) -> Guard:
    tripped = given.first_run and given.rules.first_run_holds and given.operations > 0
    message = (
        "this target was never synced and its roster is not empty: look at the plan "
        f"before the first of {number(given.operations, 'change')}; the limit is "
        'first_run = "hold"'
        if tripped
        else "this target is known, or its roster is empty"
    )
    return Guard(
        name="first_run",
        entity=None,
        group=None,
        count=given.operations if given.first_run else 0,
        of=given.operations,
        limit="hold" if given.rules.first_run_holds else "pass",
        tripped=tripped,
        message=message,
        examples=_changed(given.joined) if tripped else (),
    )


def _changed(joined: Mapping[Entity, pl.DataFrame]) -> tuple[str, ...]:
    """The first few records that a plan changes."""
    changed = pl.col("decision").is_in(["create", "update", "reactivate"])
    gone = pl.col("fate") == "remove"
    keys = [
        one.filter((changed | gone).fill_null(value=False))[KEY].head(EXAMPLES)
        for one in joined.values()
    ]
    return tuple(pl.concat(keys).head(EXAMPLES)) if keys else ()


def _of_entity(
    entity: Entity, marked: pl.DataFrame, given: GuardInput
) -> Iterator[Guard]:
    rules = given.rules
    of = int(marked["scoped"].sum())
    for name, column, threshold in (
        ("removals", "removed", rules.removals),
        ("creates", "created", rules.creates),
        ("updates", "updated", rules.updates),
    ):
        limit = Limit(name, threshold, rules.floor)
        hit = marked.filter(column)
        yield _explained(_counted(limit, entity, hit, of), entity, hit, marked, given)
    if entity in given.seen:
        yield from _vanished(entity, marked, of)
    yield from _cleared(entity, marked, of, given)
    yield from _by_group(entity, marked, given)


def _explained(
    guard: Guard,
    entity: Entity,
    hit: pl.DataFrame,
    marked: pl.DataFrame,
    given: GuardInput,
) -> Guard:
    """A guard that trips names the cause that it can see; what is only proposed trips
    none where there is nothing to hold."""
    if not given.operations:
        guard = replace(guard, tripped=False)
    if not guard.tripped:
        return guard
    clues: Iterable[str]
    match guard.name:
        case "removals":
            scoped = marked.filter("scoped")
            clues = cause.of_removals(entity, hit, scoped, given.headers)
        case "creates":
            clues = cause.of_creations(hit)
        case _:
            clues = cause.of_updates(entity, hit, given.headers)
    told = [*cause.of_renames(hit), *clues]
    return replace(guard, message=cause.worded(guard.message, told))


def _vanished(entity: Entity, marked: pl.DataFrame, of: int) -> Iterator[Guard]:
    """Nothing is there any more of what was: a list that we may not see looks so, and
    making all of it anew would make it twice. What is put off for that counts too:
    where nothing is seen, nothing else is sent either."""
    decision = pl.col("decision").fill_null("")
    put_off = (decision == "deferred") & ~pl.col("in_remote")
    made = (pl.col("created") & (decision == "create")) | put_off
    anew = marked.filter(made, "known", ~pl.col("ended"))
    if of == 0 and anew.height:
        yield Guard(
            name="creates",
            entity=entity.value,
            group=None,
            count=anew.height,
            of=0,
            limit="0",
            tripped=True,
            message=f"the target shows no {entity.value} in force, where "
            f"{anew.height:,} of the drop's were there before: they would be made "
            "anew; the limit is 0; see whether our access covers the whole district",
            examples=tuple(anew[KEY].head(EXAMPLES)),
        )


EXAMPLES = 3
"""Keys that stand for all the records of a guard."""
VERBS = {"removals": "would end", "creates": "would be new", "updates": "would change"}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit as it is applied to an entity or to a group of it."""

    name: str
    threshold: Threshold
    floor: int
    group: str | None = None

    def exceeded(self, count: int, of: int) -> bool:
        """Few records trip only when all of them would go."""
        if of < self.floor:
            return self.name == "removals" and 0 < count == of
        return of > 0 and self.threshold.exceeded(count, of)


def _counted(limit: Limit, entity: Entity, hit: pl.DataFrame, of: int) -> Guard:
    count = hit.height
    share = f" ({count / of:.1%})" if of else ""
    within = f" of {limit.group}" if limit.group else ""
    return Guard(
        name=limit.name,
        entity=entity.value,
        group=limit.group,
        count=count,
        of=of,
        limit=limit.threshold.text(),
        tripped=limit.exceeded(count, of),
        message=f"{count:,} of {of:,} {entity.value}{within}{share} "
        f"{VERBS[limit.name]}; the limit is {limit.threshold.text()}",
        examples=tuple(hit[KEY].head(EXAMPLES)),
    )


def _by_group(
    entity: Entity, marked: pl.DataFrame, given: GuardInput
) -> Iterator[Guard]:
    """Removals within each school and each role; only those that trip are told."""
    rules = given.rules
    threshold = Threshold(percent=rules.by_percent)
    for by in rules.by:
        column = GROUP_COLUMNS.get(by, {}).get(entity)
        if column is None or column not in marked.columns:
            continue
        group = _groups(column).alias("group")
        hit = marked.filter("removed").with_columns(group)
        hit = hit.explode("group", empty_as_null=True)
        if hit.is_empty():
            continue
        told = marked.lazy().select("scoped", column).filter("scoped").select(group)
        sizes = (
            told.explode("group", empty_as_null=True).group_by("group").len().collect()
        )
        losers = sizes.join(hit.select("group").unique(), on="group", how="semi")
        for group, of in losers.sort("group").rows():
            of_group = hit.filter(pl.col("group") == group)
            label = f"{by} {group}"
            limit = Limit("removals", threshold, rules.floor, label)
            counted = _counted(limit, entity, of_group, of)
            guard = _explained(counted, entity, of_group, of_group, given)
            if guard.tripped:
                yield guard


def _groups(column: str) -> pl.Expr:
    """The groups of each record as a list: of encoded roles each role's own name."""
    if column != ROLES:
        return pl.concat_list(column)
    name = pl.element().str.split(FIELD_SEPARATOR).list.get(1, null_on_oob=True)
    return pl.col(column).str.split(ROLE_SEPARATOR).list.eval(name).list.unique()


def _cleared(
    entity: Entity, marked: pl.DataFrame, of: int, given: GuardInput
) -> Iterator[Guard]:
    """One field emptied in many records: a column that came empty."""
    rules = given.rules
    if of < rules.floor or of == 0:
        return
    changed = marked.filter(pl.col("decision").is_in(["update", "reactivate"]))
    names = changed["fields"].explode(empty_as_null=False).unique().sort().to_list()
    for name in names:
        emptied = changed.filter(
            pl.col("fields").list.contains(name)
            & pl.col(f"d:{name}").is_null()
            & pl.col(f"r:{name}").is_not_null()
        )
        if rules.cleared.exceeded(emptied.height, of):
            where = cause.header(entity, name, given.headers)
            yield Guard(
                name="cleared",
                entity=entity.value,
                group=name,
                count=emptied.height,
                of=of,
                limit=rules.cleared.text(),
                tripped=True,
                message=cause.worded(
                    f"{name} would be emptied in {emptied.height:,} of {of:,} "
                    f"{entity.value}; the limit is {rules.cleared.text()}",
                    [f"see {where}"] if where else [],
                ),
                examples=tuple(emptied[KEY].head(EXAMPLES)),
            )


def _shrink(given: GuardInput) -> Iterator[Guard]:
    threshold = given.rules.shrink
    for entity, rows in given.rows.items():
        before = given.rows_before.get(entity, 0)
        if entity not in given.can_end or not before:
            continue
        missing = max(0, before - rows)
        over = before >= given.rules.floor and threshold.exceeded(missing, before)
        judged = given.operations > 0 or entity in given.cut_off
        tripped = (over or rows == 0) and judged
        files = cause.listed(tuple(given.headers.get(entity, {}))) or "the drop"
        yield Guard(
            name="shrink",
            entity=entity.value,
            group=None,
            count=missing,
            of=before,
            limit=threshold.text(),
            tripped=tripped,
            message=f"{number(rows, 'row')} of {entity.value} in {files}, "
            f"{missing:,} fewer than the {before:,} of the last good drop; "
            f"the limit is {threshold.text()} fewer",
            examples=_lacking(given.joined.get(entity)) if tripped else (),
        )


def _lacking(joined: pl.DataFrame | None) -> tuple[str, ...]:
    """The first few records in force that the drop does not have."""
    if joined is None:
        return ()
    lacking = pl.col("in_remote") & pl.col("was_active") & ~pl.col("in_drop")
    return tuple(joined.filter(lacking & pl.col("known"))[KEY].head(EXAMPLES))
