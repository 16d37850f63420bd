"""What of a roster a system can hold: what every kind's projection is made of.

In: the validated roster, the mirror, today's date. Out: rules that decide on rows, the
reasons in words, and the notes on what is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.finding import Findings, Severity
from sync.model.mirror import Mirror
from sync.model.roster import FILE, KEY, ROW, Roster
from sync.targets.base import DECISION, REASON

BLOCKED, DEFERRED, UNSUPPORTED = "blocked", "deferred", "unsupported"


Rule = tuple[pl.Expr, str, str | pl.Expr]
"""Which rows it is about, their decision, and the reason (text, or its column)."""


MISSING = "add the missing record to the drop or to the target"


SAME_PERSON = (
    "give each student an e-mail and a username of his own, or take the one that is "
    "over out of the drop or the target"
)


FROZEN_SCHEMA = pl.Schema({"entity": pl.String(), KEY: pl.String()})


@dataclass(frozen=True, slots=True)
class Context:
    """What a projection looks at besides the rows themselves."""

    roster: Roster
    mirror: Mirror
    today: date
    ended: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    """People whom we ended, whatever the read side goes on showing."""

    def judged(self, *entities: Entity) -> bool:
        """Whether validation has judged references to these already."""
        return all(self.roster.modes.get(one) is Mode.BULK for one in entities)

    def known(self, *entities: Entity) -> pl.Series | None:
        """All identifiers that the drop or the mirror holds; null if not read."""
        if not any(self.mirror.has(one) for one in entities):
            return None
        keys = [
            frame[KEY]
            for one in entities
            for frame in (self.roster.frames.get(one), self.mirror.frames.get(one))
            if frame is not None
        ]
        return pl.concat(keys).unique().sort()


def decided(frame: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """The frame with ``_decision`` and ``_reason`` by the first rule that holds."""
    decision = reason = pl.lit(None, dtype=pl.String)
    for condition, word, why in reversed(rules):
        met = condition.fill_null(value=False)
        told = pl.lit(why) if isinstance(why, str) else why
        reason = pl.when(met).then(told).otherwise(reason)
        decision = pl.when(met).then(pl.lit(word)).otherwise(decision)
    before = column(frame, DECISION)
    settled = before.is_not_null()
    return frame.with_columns(
        pl.coalesce(before, decision).alias(DECISION),
        pl.when(settled).then(column(frame, REASON)).otherwise(reason).alias(REASON),
    )


def column(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column of the frame, or nulls where it has none."""
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)


def unknown(frame: pl.DataFrame, column: str, known: pl.Series | None) -> pl.Expr:
    """Rows whose (filled) reference is not among the known identifiers."""
    if known is None or column not in frame.columns:
        return pl.lit(value=False)
    missing = (
        frame.select(column)
        .unique()
        .drop_nulls()
        .join(
            known.alias("_known").to_frame(),
            left_on=column,
            right_on="_known",
            how="anti",
        )
    )
    return pl.col(column).is_in(missing[column].implode())


def unreachable(frames: Mapping[Entity, pl.DataFrame], context: Context) -> pl.Series:
    """People of the drop who will not be there: their own row is not carried out."""
    # A row that says tobedeleted of somebody who is not there makes nobody.
    nobody = pl.col(DECISION).is_not_null() | (pl.col("status") == "tobedeleted")
    held = [
        frame.filter(nobody)[KEY]
        for entity, frame in frames.items()
        if entity in PEOPLE
    ]
    away = pl.concat([pl.Series(dtype=pl.String), *held]).alias(KEY).to_frame()
    there = [
        frame.select(KEY)
        for entity, frame in context.mirror.frames.items()
        if entity in PEOPLE
    ]
    if there:
        away = away.join(pl.concat(there), on=KEY, how="anti")
    return away[KEY].unique().sort()


def person_rules(
    frame: pl.DataFrame,
    columns: Sequence[str],
    frames: Mapping[Entity, pl.DataFrame],
    context: Context,
) -> list[Rule]:
    """Rows blocked because a person whom they name is nowhere, or will not be."""
    people = None if context.judged(*PEOPLE) else context.known(*PEOPLE)
    away = unreachable(frames, context).implode()
    rules: list[Rule] = []
    for column in columns:
        rules += [
            (
                unknown(frame, column, people),
                BLOCKED,
                f"neither the drop nor the target holds its {column}",
            ),
            (
                pl.col(column).is_in(away),
                BLOCKED,
                f"the person of its {column} cannot be written",
            ),
        ]
    return rules


def with_status(frame: pl.DataFrame) -> pl.DataFrame:
    """``status``: active, also where the file does not say, or tobedeleted."""
    told = column(frame, "status").fill_null("active")
    return frame.with_columns(
        pl.when(told == "active")
        .then(told)
        .otherwise(pl.lit("tobedeleted"))
        .alias("status")
    )


def of(entity: Entity, keys: pl.DataFrame) -> pl.DataFrame:
    """``entity`` and ``_key``, as what is frozen is told."""
    return keys.select(pl.lit(entity.value).alias("entity"), KEY)


def nameless(rows: pl.DataFrame, column: str, known: pl.Series | None) -> pl.DataFrame:
    """The rows in which a column is blank or names what nobody holds."""
    if known is None:
        return rows.filter(pl.col(column).is_null())
    return rows.join(known.alias(column).to_frame(), on=column, how="anti")


def notes(frames: Mapping[Entity, pl.DataFrame]) -> Findings:
    """A warning for each blocked row, a note for each reason to leave rows out."""
    found = []
    for entity, frame in frames.items():
        about = frame.filter(pl.col(DECISION) == BLOCKED)
        found.append(
            about.select(
                pl.lit("RS301").alias("code"),
                pl.lit(Severity.WARNING.value).alias("severity"),
                pl.lit(entity.value).alias("entity"),
                pl.col(FILE).cast(pl.String).alias("file"),
                pl.col(ROW).cast(pl.UInt32).alias("line"),
                pl.concat_str(pl.lit("this row is blocked: "), pl.col(REASON)).alias(
                    "message"
                ),
                pl.when(pl.col(REASON).str.contains("e-mail", literal=True))
                .then(pl.lit(SAME_PERSON))
                .otherwise(pl.lit(MISSING))
                .alias("hint"),
            )
        )
        rest = frame.filter(pl.col(DECISION).is_in([UNSUPPORTED, DEFERRED]))
        found.append(
            rest.group_by(DECISION, REASON)
            .len()
            .sort(DECISION, REASON)
            .select(
                pl.when(pl.col(DECISION) == DEFERRED)
                .then(pl.lit("RS303"))
                .otherwise(pl.lit("RS302"))
                .alias("code"),
                pl.lit(Severity.NOTE.value).alias("severity"),
                pl.lit(entity.value).alias("entity"),
                pl.concat_str(
                    pl.col("len").cast(pl.String),
                    pl.lit(f" rows of {entity.value} are "),
                    pl.when(pl.col(DECISION) == DEFERRED)
                    .then(pl.lit("put off: "))
                    .otherwise(pl.lit("not supported: ")),
                    pl.col(REASON),
                ).alias("message"),
            )
        )
    return Findings.from_frames(found)
