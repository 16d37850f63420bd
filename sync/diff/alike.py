"""Who of the drop looks like whom of the target, under the same id or another.

In: the joined frames of people. Out: the pairs of a row and a record, neither of which
has a partner, that may be one person, with what tells it; and the matched ones in which
nothing but the id is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from sync.diff.values import DROP, REMOTE
from sync.model.entities import PEOPLE, Entity
from sync.model.finding import Severity
from sync.model.mirror import REMOTE_ID
from sync.model.roster import FILE, KEY, ROW
from sync.shelf import in_slices

Frames = Mapping[Entity, pl.DataFrame]

EVIDENCE = "evidence"
"""Of people who are proposed, in what the two agree."""
MEANT = "_meant"
"""List[String] of a projected row that is blocked: the keys of remote records that it
may mean. They are frozen with all that is theirs, unless they are proposed."""

_GIVEN, _FAMILY, _BORN = "givenName", "familyName", "birthDate"
_ALIKE: Mapping[str, tuple[str, ...]] = {
    "e-mail": ("email",),
    "username": ("username",),
    "identifier": ("identifier",),
    "birth": (_GIVEN, _FAMILY, _BORN, "primaryOrgSourcedId"),
}
"""What may tell that two are one, in the order in which it is told."""
_FIELDS = tuple(dict.fromkeys(name for names in _ALIKE.values() for name in names))
_BORN_ALIKE = "same name and birth date"


def people_of(joined: Frames) -> pl.DataFrame:
    """Students and users of either side, with what may tell who they are."""
    parts = [
        in_slices(joined[entity], partial(_facts, entity))
        for entity in PEOPLE
        if entity in joined
    ]
    return pl.concat([_FACTS.to_frame(), *parts])


_FACTS = pl.Schema(
    {
        KEY: pl.String(),
        "entity": pl.String(),
        **dict.fromkeys(("in_drop", "in_remote", "row", "record"), pl.Boolean()),
        **dict.fromkeys(("row_lives", "record_lives", "outside"), pl.Boolean()),
        "meant": pl.List(pl.String()),
        "remote_id": pl.String(),
        "file": pl.String(),
        "line": pl.UInt32(),
        **{side + name: pl.String() for side in (DROP, REMOTE) for name in _FIELDS},
    }
)
"""``row``: a row without a partner, of which something might come; ``record``: a record
in force without a row; ``..._lives``: whose values count, matched or not; ``meant``:
see ``MEANT``."""


def _facts(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    outside = column(frame, "outside", pl.Boolean()).fill_null(value=False)
    unmatched = ~pl.col("in_drop") | ~pl.col("in_remote")
    ended = column(frame, DROP + "status") == "tobedeleted"
    return frame.select(
        KEY,
        pl.lit(entity.value).alias("entity"),
        "in_drop",
        "in_remote",
        row=unmatched
        & pl.col("in_drop")
        & ~outside
        & (pl.col("decision") != "unchanged").fill_null(value=False),
        record=unmatched
        & pl.col("in_remote")
        & pl.col("was_active")
        & ~pl.col("is_frozen")
        & ~outside,
        row_lives=pl.col("in_drop") & ~ended.fill_null(value=False),
        record_lives=pl.col("in_remote") & pl.col("was_active"),
        outside=outside,
        meant=column(frame, DROP + MEANT, pl.List(pl.String())),
        remote_id=column(frame, REMOTE + REMOTE_ID),
        file=column(frame, DROP + FILE).cast(pl.String),
        line=column(frame, DROP + ROW, pl.UInt32()).cast(pl.UInt32),
        **{
            side + name: _plain(column(frame, side + name))
            for side in (DROP, REMOTE)
            for name in _FIELDS
        },
    )


def column(frame: pl.DataFrame, name: str, dtype: pl.DataType | None = None) -> pl.Expr:
    """A column of the frame, or nulls where it has none."""
    if name in frame.columns:
        return pl.col(name)
    return pl.lit(None, dtype=dtype or pl.String())


def _plain(column: pl.Expr) -> pl.Expr:
    """A value as it is compared: without case and without spaces."""
    bare = column.cast(pl.String).str.replace_all(r"\s+", "").str.to_lowercase()
    return bare.replace("", None)


def pairs_of(people: pl.DataFrame) -> pl.DataFrame:
    """Every pair of a row and a record that one piece of evidence or several make one,
    with ``evidence`` in words, and ``clear``."""
    kinds = list(_ALIKE)
    found = pl.concat([_alike(people, kind) for kind in kinds])
    told = [pl.col("kind").eq(kind).any().alias(kind) for kind in kinds]
    pairs = found.group_by("new", "old").agg(told)
    rows = people.filter("row").select(
        pl.col(KEY).alias("new"), "entity", "file", "line"
    )
    records = people.filter("record").select(pl.col(KEY).alias("old"), "remote_id")
    return (
        pairs.join(rows, on="new", how="inner")
        .join(records, on="old", how="inner")
        .with_columns(
            _evidence().alias(EVIDENCE),
            clear=(pl.len().over("new") == 1) & (pl.len().over("old") == 1),
        )
        .sort("entity", "new", "old")
    )


def _alike(people: pl.DataFrame, kind: str) -> pl.DataFrame:
    """``new``, ``old`` and ``kind`` of the pairs that agree in this and in the given
    name; a value that two of either side carry is no evidence."""
    names = _ALIKE[kind]
    same = list(dict.fromkeys((*names, _GIVEN)))
    rows = _carriers(people, DROP, "row", names, "new")
    records = _carriers(people, REMOTE, "record", names, "old")
    pairs = rows.join(records, on=same, how="inner")
    return pairs.select("new", "old", pl.lit(kind).alias("kind"))


def _carriers(
    people: pl.DataFrame, side: str, which: str, names: tuple[str, ...], key: str
) -> pl.DataFrame:
    """The rows (or records) whose values nobody else of that side in force carries."""
    value = [side + name for name in names]
    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in value)
    asked = people.filter(which, whole).select(value).unique()
    told = dict.fromkeys((KEY, which, f"{which}_lives", *value, side + _GIVEN))
    carriers = people.select(list(told)).join(asked, on=value, how="semi")
    alone = carriers.filter(pl.col(f"{which}_lives") | pl.col(which)).filter(
        pl.len().over(value) == 1
    )
    known = alone.filter(which, pl.col(side + _GIVEN).is_not_null())
    wanted = dict.fromkeys((*names, _GIVEN))
    return known.select(
        pl.col(KEY).alias(key), *(pl.col(side + n).alias(n) for n in wanted)
    )


def _evidence() -> pl.Expr:
    """In what the two agree: ``same e-mail, username and given name``, and so on."""
    single = [kind for kind in _ALIKE if kind != "birth"]
    told = pl.concat_list(
        pl.when(pl.col(kind)).then(pl.lit(kind)) for kind in single
    ).list.drop_nulls()
    words = pl.concat_str(
        pl.lit("same "), told.list.join(", "), pl.lit(" and given name")
    )
    parts = pl.concat_list(
        pl.when(told.list.len() > 0).then(words),
        pl.when(pl.col("birth")).then(pl.lit(_BORN_ALIKE)),
    )
    return parts.list.drop_nulls().list.join("; ")


def reused(people: pl.DataFrame) -> pl.DataFrame:
    """A warning for each matched row in which nothing is left of who that id was."""
    both = pl.col("in_drop") & pl.col("in_remote") & ~pl.col("outside")
    named = _other(_GIVEN) & _other(_FAMILY)
    dated = pl.all_horizontal(
        pl.col(side + _BORN).is_not_null() for side in (DROP, REMOTE)
    )
    born = "given name, family name and birth date"
    mailed = "given name, family name and e-mail"
    what = pl.when(dated).then(pl.lit(born)).otherwise(pl.lit(mailed))
    other = pl.when(dated).then(_other(_BORN)).otherwise(_other("email"))
    return people.filter(both & named & other).select(
        pl.lit("RS502").alias("code"),
        pl.lit(Severity.WARNING.value).alias("severity"),
        *("entity", "file", "line"),
        pl.format("the target knows this id as another person: {} differ", what).alias(
            "message"
        ),
        pl.lit(
            "see whether the id was given to somebody else; if it was, deliver him "
            "under an id of his own"
        ).alias("hint"),
    )


def _other(name: str) -> pl.Expr:
    """Both sides say it, and not the same."""
    return (pl.col(DROP + name) != pl.col(REMOTE + name)).fill_null(value=False)
