"""Guardian links that are written as a part of their student's record.

In: the operations of a plan and the joined frames of people and links. Out: the same
operations, each of a link with the whole student in its ``rest``: a replacing write of
him must repeat everything that he is, with the links that he is to have. That goes for
the write that ends a student, too: it comes after those of his links.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.diff import FieldRules
from sync.diff.values import REMOTE
from sync.model.entities import PEOPLE, Entity
from sync.model.mirror import REST
from sync.model.operation import Phase
from sync.model.roster import KEY
from sync.plan.operations import preconditions, remote_json, wanted_json

_LEFT = ("proposed", "frozen", "blocked", "deferred", "unsupported")
_STUDENT, _AGENT = "studentSourcedId", "agentSourcedId"


def with_carriers(
    operations: pl.DataFrame,
    joined: Mapping[Entity, pl.DataFrame],
    rules: Mapping[Entity, FieldRules],
) -> pl.DataFrame:
    """The operations, those of links with ``rest``: a JSON object of

    - ``person``: the student's canonical columns as they will be by then,
    - ``rest``: what else his record must repeat,
    - ``remote_id``, and ``seen``: the precondition of his record,
    - ``agents``: the guardians that he is to have after the phase of the operation.

    Those that end a student whose links change have the ``_agents`` that he is left
    with beside what else is in their ``rest``.
    """
    links = operations.filter(entity=Entity.AGENTS.value)
    if links.is_empty():
        return operations
    sets = _sets(links, joined[Entity.AGENTS])
    facts = (
        links.select("id", "phase", _named("after", _STUDENT).alias("_who"))
        .join(_people(links, joined, rules), on="_who", how="left")
        .join(sets, on=["_who", "phase"], how="left")
    )
    record = pl.struct("remote_id", "seen", "agents").struct.json_encode()
    whole = pl.concat_str(
        record.str.strip_suffix("}"),
        pl.lit(',"person":'),
        pl.col("person").fill_null("{}"),
        pl.lit(',"rest":'),
        pl.col("rest").fill_null("{}"),
        pl.lit("}"),
    )
    told = pl.concat(
        [facts.select("id", whole.alias("_carrier")), _left_with(operations, sets)]
    )
    return (
        operations.join(told, on="id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("_carrier", "rest").alias("rest"))
        .drop("_carrier")
    )


def _left_with(operations: pl.DataFrame, sets: pl.DataFrame) -> pl.DataFrame:
    """``id`` and ``_carrier`` of the operations that end a student after his links."""
    last = sets.filter(phase=int(Phase.ENDED_AGENTS)).select("_who", "agents")
    people = [entity.value for entity in PEOPLE]
    ending = operations.filter(
        pl.col("entity").is_in(people), phase=int(Phase.ENDED_PEOPLE)
    ).join(last, left_on="key", right_on="_who", how="inner", maintain_order="left")
    own = pl.col("rest").fill_null("{}").str.strip_suffix("}")
    comma = pl.when(own == "{").then(pl.lit("")).otherwise(pl.lit(","))
    agents = pl.struct(pl.col("agents").alias("_agents")).struct.json_encode()
    whole = pl.concat_str(own, comma, agents.str.strip_prefix("{"))
    return ending.select("id", whole.alias("_carrier"))


def _named(column: str, name: str) -> pl.Expr:
    return pl.col(column).str.json_path_match(f"$.{name}")


def _people(
    links: pl.DataFrame,
    joined: Mapping[Entity, pl.DataFrame],
    rules: Mapping[Entity, FieldRules],
) -> pl.DataFrame:
    """``_who``, ``person`` and ``rest`` (JSON as text), ``remote_id`` and ``seen``."""
    concerned = links.select(_named("after", _STUDENT).alias(KEY)).unique()
    names = ("_who", "person", "rest", "remote_id", "seen")
    schema = dict.fromkeys(names, pl.String())
    parts = [pl.DataFrame(schema=schema)]
    for entity in PEOPLE:
        if entity not in joined:
            continue
        frame = joined[entity].join(concerned, on=KEY, how="semi").sort(KEY)
        parts.append(
            frame.select(
                pl.col(KEY).alias("_who"),
                pl.when(_left())
                .then(remote_json(frame))
                .otherwise(wanted_json(frame, rules[entity]))
                .alias("person"),
                _column(frame, REMOTE + REST).alias("rest"),
                _column(frame, REMOTE + "_remote_id").alias("remote_id"),
                preconditions(frame).alias("seen"),
            )
        )
    return pl.concat(parts).unique("_who", keep="first", maintain_order=True)


def _left() -> pl.Expr:
    """Whether nothing of a row is carried out: then it is not with his links either."""
    waits = pl.col("decision").is_in(_LEFT).fill_null(value=False)
    return pl.col("in_remote") & waits


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)


def _sets(links: pl.DataFrame, joined: pl.DataFrame) -> pl.DataFrame:
    """Per student and phase the guardians that he is to have after it: what he has and
    gets, until the phase in which links end takes those away."""
    mine = links.select(_named("after", _STUDENT).alias("_who")).unique()
    there = pl.col("in_remote") & (
        _column(joined, REMOTE + "status").fill_null("active") == "active"
    )
    held = joined.filter(there).select(
        _column(joined, REMOTE + _STUDENT).alias("_who"),
        _column(joined, REMOTE + _AGENT).alias("_agent"),
    )
    changes = links.select(
        _named("after", _STUDENT).alias("_who"),
        _named("after", _AGENT).alias("_agent"),
        "ends",
    )
    made = changes.filter(~pl.col("ends")).drop("ends")
    first = pl.concat([held.join(mine, on="_who", how="semi"), made]).unique()
    gone = changes.filter("ends").drop("ends")
    last = first.join(gone, on=["_who", "_agent"], how="anti")
    sets = [
        mine.join(_listed(some), on="_who", how="left").with_columns(
            pl.lit(int(phase), dtype=pl.UInt8).alias("phase"),
            pl.col("agents").fill_null(pl.lit([], dtype=pl.List(pl.String))),
        )
        for phase, some in ((Phase.AGENTS, first), (Phase.ENDED_AGENTS, last))
    ]
    return pl.concat(sets)


def _listed(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.group_by("_who").agg(pl.col("_agent").unique().sort().alias("agents"))
