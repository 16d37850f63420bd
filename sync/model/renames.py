"""People whose ids have changed: what is proposed, and the ledger of what is confirmed.

In: pairs of an old and a new key that a person has confirmed. Out: the ledger that says
so, in which the new key means the old record, with its links and enrollments.
"""

from __future__ import annotations

import polars as pl

from sync.model.entities import PEOPLE, Entity
from sync.model.ids import COMPOSED
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView

PROPOSAL_SCHEMA = pl.Schema(
    {
        "entity": pl.String(),
        "old": pl.String(),
        "new": pl.String(),
        "evidence": pl.String(),
        "clear": pl.Boolean(),
        "remote_id": pl.String(),
        "file": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row for each pair that may be one person.

``entity``: that of the row; ``old``: the key of the remote record; ``new``: that of the
row of the drop; ``evidence``: in what they agree, in words and without values;
``clear``: neither of the two is in another pair; ``remote_id``: the target's own
identifier of the record; ``file`` and ``line``: where the row stands.
"""

RENAME_SCHEMA = pl.Schema(
    {
        "entity": pl.String(),
        "old": pl.String(),
        "new": pl.String(),
        "remote_id": pl.String(),
    }
)
"""Pairs that somebody has confirmed."""

_WHO = [entity.value for entity in PEOPLE]
_PARTS = {
    Entity.AGENTS: len(COMPOSED[Entity.AGENTS]),
    Entity.ENROLLMENTS: 1,
}
"""How many parts of a composed key, from its first, are people."""


def renamed(ledger: LedgerView, renames: pl.DataFrame) -> LedgerView:
    """The ledger in which each new key means the old record, whatever it said of either
    key before; the same again when it says so already.

    ``renames`` is of ``RENAME_SCHEMA``.
    """
    if renames.is_empty():
        return ledger
    keys = dict(renames.select("old", "new").rows())
    people = pl.col("entity").is_in(_WHO)
    held = ledger.records.filter(people)
    others = ledger.records.filter(~people).with_columns(
        _renamed_key(keys), pl.col("person").replace(keys)
    )
    pairs = ledger.pairs.with_columns(
        pl.when(people)
        .then(pl.col("key").replace(keys))
        .otherwise(_renamed_key(keys))
        .alias("key")
    )
    return LedgerView(
        _distinct(pl.concat([_people(held, renames), others]), ["entity", "key"]),
        _distinct(pairs, ["entity", "key", "field"]).select(PAIRS_SCHEMA.names()),
    )


def taken_back(renames: pl.DataFrame) -> pl.DataFrame:
    """The renames that make each of these undone."""
    names = {"old": "new", "new": "old"}
    return renames.rename(names).select(RENAME_SCHEMA.names())


def _people(held: pl.DataFrame, renames: pl.DataFrame) -> pl.DataFrame:
    """The people of the ledger, each renamed one once, under his new key."""
    keys = renames.select("old", "new")
    stays = held.join(keys, left_on="key", right_on="old", how="anti").join(
        keys, left_on="key", right_on="new", how="anti"
    )
    # What was known of the old key goes before what was known of the new one.
    before = pl.concat(
        [
            held.join(keys, left_on="key", right_on=name, how="inner").select(
                (pl.col("new") if name == "old" else pl.col("key")).alias("_new"),
                "source",
                *("created", "missed", "ended", "digest", "person"),
            )
            for name in ("old", "new")
        ]
    ).unique("_new", keep="first", maintain_order=True)
    fresh = renames.join(before, left_on="new", right_on="_new", how="left").select(
        "entity",
        pl.col("new").alias("key"),
        "remote_id",
        pl.col("source").fill_null(""),
        pl.col("created").fill_null(value=False),
        pl.col("missed").fill_null(0),
        pl.col("ended").fill_null(value=False),
        "digest",
        "person",
    )
    return pl.concat([fresh.select(LEDGER_SCHEMA.names()), stays])


def _renamed_key(keys: dict[str, str]) -> pl.Expr:
    """The key of a link or an enrollment with the people in it under their new keys;
    one that is an identifier of its own stays."""
    encoded = {_encoded(old): _encoded(new) for old, new in keys.items()}
    found = pl.col("key")
    for entity, people in _PARTS.items():
        count = len(COMPOSED[entity])
        parts = pl.col("key").str.split("/")
        named = [
            parts.list.get(n, null_on_oob=True).replace(encoded) for n in range(people)
        ]
        rest = parts.list.slice(people).list.join("/")
        whole = named if people == count else [*named, rest]
        mine = (pl.col("entity") == entity.value) & (parts.list.len() == count)
        found = pl.when(mine).then(pl.concat_str(whole, separator="/")).otherwise(found)
    return found.alias("key")


def _encoded(key: str) -> str:
    """A part of a composed key (see ``normalise.key``)."""
    return key.replace("%", "%25").replace("/", "%2F")


def _distinct(frame: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return frame.unique(by, keep="first", maintain_order=True).sort(by)
