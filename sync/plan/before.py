"""The records of a run as they were before it: what an undo wants.

In: the operations of a run that were done. Out: for each entity a frame as ``diff``
takes it for the wanted side, with what is known of the run's own doing beside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sync.diff import FieldRules
from sync.diff.values import FIELDS
from sync.model.capabilities import STRENGTH, Capabilities
from sync.model.entities import METADATA_PREFIX, Entity
from sync.model.operation import Verb
from sync.model.roster import KEEP, KEY

WAS, ENDED, AFTER, THEN, OWN, CHANGED = (
    "_was",
    "_ended_by_run",
    "_after",
    "_rest_then",
    "_own",
    "_changed",
)
"""Columns beside the wanted ones: the verb of the run's operation, whether it ended the
record, the record as it was to be and what was carried along with it (JSON), its remote
identifier, and the names of what is put back."""


@dataclass(frozen=True, slots=True)
class Before:
    """The operations of a run that were done, of the kind and policies that it had."""

    done: pl.DataFrame
    able: Capabilities
    policies: Mapping[Entity, str]

    def rules(self, entity: Entity) -> FieldRules:
        """All fields that the kind compares: none is protected from being put back."""
        named = self.done.filter(entity=entity.value)[FIELDS]
        metadata = named.explode(empty_as_null=True).drop_nulls().unique().sort()
        extra = metadata.filter(metadata.str.starts_with(METADATA_PREFIX))
        return FieldRules(
            fields=(*self.able.fields.get(entity, ()), *extra),
            comparisons=self.able.comparisons.get(entity, {}),
        )

    def desired(self, entity: Entity, rules: FieldRules) -> pl.DataFrame:
        """The records of the run as they are to be.

        What the run changed is as it was before; the other fields are said as the run
        said them, or else they stay as they are (``_keep``).
        """
        done = self.done.filter(entity=entity.value)
        before = decoded("before", names_of(done["before"]))
        after = {
            name: value
            for name, value in decoded("after", names_of(done["after"])).items()
            if name in rules.fields
        }
        made, back = wanted = self._wanted(entity, before, rules)
        names = sorted({*before, *after, *(n for _, end in wanted for n in end)})
        own = _changed(before, after, rules)
        changed = (
            pl.when(made[0])
            .then(_listed(made[1]))
            .when(back[0])
            .then(own.list.set_union(_listed(back[1])))
            .otherwise(own)
        )
        marked = done.with_columns(changed.alias(CHANGED))
        return marked.select(
            pl.col("key").alias(KEY),
            *(_value(name, before, after, wanted).alias(name) for name in names),
            _kept(names, after),
            pl.col("verb").alias(WAS),
            pl.col("ends").alias(ENDED),
            pl.col("after").alias(AFTER),
            pl.col("rest").alias(THEN),
            pl.col("remote_id").alias(OWN),
            CHANGED,
        )

    def _wanted(
        self, entity: Entity, before: Mapping[str, pl.Expr], rules: FieldRules
    ) -> list[tuple[pl.Expr, Mapping[str, str]]]:
        """Which records are to be ended otherwise than by their own values, and how:
        what the run made, and what it brought back from nobody knows where."""
        made = pl.col("verb") == Verb.CREATE.value
        back = pl.col("verb") == Verb.REACTIVATE.value
        return [
            (made, self.able.ending(entity, self.able.strongest(entity))),
            (
                back & _untold(before, rules),
                self.able.ending(entity, self._usual(entity)),
            ),
        ]

    def _usual(self, entity: Entity) -> str:
        """How this program ends such a record: as configured, else the mildest way."""
        known = self.able.removals[entity]
        policy = self.policies.get(entity, "keep")
        mildest = [form for form in STRENGTH if form in known][-1]
        return policy if policy in known else mildest


def names_of(texts: pl.Series) -> list[str]:
    """The columns of records in JSON, which are the same for all of one entity."""
    first = texts.drop_nulls().head(1).to_list()
    return sorted(json.loads(first[0])) if first else []


def decoded(column: str, names: Sequence[str]) -> dict[str, pl.Expr]:
    """Each of the columns out of records in JSON."""
    shape = pl.Struct(dict.fromkeys(names, pl.String()))
    record = pl.col(column).str.json_decode(shape)
    return {name: record.struct.field(name) for name in names}


def shown_in_force(values: Mapping[str, pl.Expr]) -> pl.Expr:
    """Whether a record says of itself that it is in force."""
    shown = pl.lit(value=True)
    for name, word in (("status", "active"), ("enabledUser", "true")):
        if name in values:
            shown &= values[name].fill_null(word) == word
    return shown


def _untold(before: Mapping[str, pl.Expr], rules: FieldRules) -> pl.Expr:
    """Whether nobody can say in which form a record had been ended: some lists show it
    in force all the same, or in words that stand for any end."""
    compare = rules.comparisons.get("status")
    if compare is None or "status" not in before:
        return shown_in_force(before)
    mild, shown = compare(pl.lit("inactive")), compare(before["status"])
    return shown_in_force(before) | (mild == shown).fill_null(value=False)


def _value(
    name: str,
    before: Mapping[str, pl.Expr],
    after: Mapping[str, pl.Expr],
    wanted: Sequence[tuple[pl.Expr, Mapping[str, str]]],
) -> pl.Expr:
    """What a field is to be: of what an end writes that, of what the run changed the
    value before it, and else what the run said, which a read may tell less exactly."""
    nothing = pl.lit(None, dtype=pl.String)
    then, said = before.get(name, nothing), after.get(name, nothing)
    value = (
        pl.when(pl.col(CHANGED).list.contains(name))
        .then(then)
        .otherwise(pl.coalesce(said, then))
    )
    for met, end in reversed(wanted):
        value = (
            pl.when(met & pl.lit(name in end))
            .then(pl.lit(end.get(name), dtype=pl.String))
            .otherwise(value)
        )
    return value


def _listed(names: Sequence[str] | Mapping[str, str]) -> pl.Expr:
    return pl.lit(sorted(names), dtype=pl.List(pl.String))


def _changed(
    before: Mapping[str, pl.Expr], after: Mapping[str, pl.Expr], rules: FieldRules
) -> pl.Expr:
    """The names of what the run changed: the fields of an update; of what came or went
    also what was changed without being compared."""
    differing = [
        pl.when(_differ(before[name], after[name], name, rules)).then(pl.lit(name))
        for name in after
        if name in before
    ]
    beside = [pl.lit(name) for name in before if name not in rules.fields]
    parts = [*differing, *beside]
    whole = pl.concat_list(parts).list.drop_nulls() if parts else _listed([])
    update = (pl.col("verb") == Verb.UPDATE.value) & ~pl.col("ends")
    more = whole.list.set_union(pl.col(FIELDS))
    return pl.when(update).then(pl.col(FIELDS)).otherwise(more)


def _differ(then: pl.Expr, now: pl.Expr, name: str, rules: FieldRules) -> pl.Expr:
    compare = rules.comparisons.get(name)
    return (
        compare(then).ne_missing(compare(now))
        if compare is not None
        else then.ne_missing(now)
    )


def _kept(names: Sequence[str], after: Mapping[str, pl.Expr]) -> pl.Expr:
    """``_keep``: what neither was changed by the run nor said by it."""
    said = [
        pl.when(value.is_not_null()).then(pl.lit(name)) for name, value in after.items()
    ]
    told = pl.concat_list(said).list.drop_nulls() if said else _listed([])
    put = pl.col(CHANGED).list.set_union(told)
    others = _listed(names).list.set_difference(put).list.sort()
    marker = pl.concat_str(pl.lit(","), others.list.join(","), pl.lit(","))
    return pl.when(others.list.len() > 0).then(marker).alias(KEEP)
