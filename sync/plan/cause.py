"""What a guard can see of the cause: the file, the header, the school.

In: the differences that a limit has counted, and which header of which file each
column came from. Out: a few words for the guard's message, none where nothing is
common to what was counted. They name keys of schools and never a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from sync.diff import EVIDENCE
from sync.model.entities import Entity

Headers = Mapping[Entity, Mapping[str, Mapping[str, str]]]
"""Entity -> file -> canonical column -> the header that it came from."""

SCHOOL = {
    Entity.STUDENTS: "r:primaryOrgSourcedId",
    Entity.USERS: "r:primaryOrgSourcedId",
    Entity.ENROLLMENTS: "r:schoolSourcedId",
}
"""Where the school of a remote record stands."""
NAMED = 3
"""Files that are named; of more the number is told."""


def of_removals(
    entity: Entity, hit: pl.DataFrame, scoped: pl.DataFrame, headers: Headers
) -> Iterator[str]:
    """The school that most of them are of, and the file that lacks or ends them."""
    yield from _school(entity, hit, scoped)
    files = tuple(headers.get(entity, {}))
    lacking = hit.filter(~pl.col("in_drop")).height
    if files and lacking:
        said = "none" if lacking == hit.height else f"{lacking:,}"
        yield f"{said} of them {'' if said == 'none' else 'not '}in {listed(files)}"
    yield from _rows_of("ended by their own rows in", hit)


def of_renames(hit: pl.DataFrame) -> Iterator[str]:
    """How many of them only seem to come or go, since their ids have changed."""
    told = hit[EVIDENCE].drop_nulls() if EVIDENCE in hit.columns else pl.Series()
    if told.is_empty():
        return
    kinds = told.value_counts(name="count").sort(
        "count", EVIDENCE, descending=[True, False]
    )
    words = [
        f"{evidence.replace('; ', ', ')}{f' ({n:,})' if kinds.height > 1 else ''}"
        for evidence, n in kinds.head(NAMED).rows()
    ]
    yield f"{len(told):,} ids changed, {' or '.join(words)}: see renames.csv"


def of_creations(hit: pl.DataFrame) -> Iterator[str]:
    """The file that they come from."""
    yield from _rows_of("from", hit)


def of_updates(entity: Entity, hit: pl.DataFrame, headers: Headers) -> Iterator[str]:
    """The field in which most of them change, with its header."""
    most = (
        hit.select(pl.col("fields").explode(empty_as_null=True))
        .drop_nulls()
        .group_by("fields")
        .len("count")
        .sort("count", "fields", descending=[True, False])
    )
    for name, count in most.head(1).rows():
        if 2 * count > hit.height:
            place = header(entity, name, headers)
            seen = f", {place}" if place else ""
            yield f"{_share(count, hit.height)} in {name}{seen}"


def header(entity: Entity, column: str, headers: Headers) -> str:
    """The header that a canonical column came from, with its file; "" for none."""
    files: dict[str, list[str]] = {}
    for file, columns in headers.get(entity, {}).items():
        if column in columns:
            files.setdefault(columns[column], []).append(file)
    return " and ".join(
        f'column "{name}" of {listed(where)}' for name, where in files.items()
    )


def listed(files: Sequence[str]) -> str:
    """Files as people name them; of many only how many there are."""
    if len(files) > NAMED:
        return f"{files[0]} and {len(files) - 1} other files"
    return " and ".join(files)


def worded(message: str, clues: Iterable[str]) -> str:
    """A guard's message, with what it can see of the cause."""
    return "; ".join([message, *clues])


def _school(entity: Entity, hit: pl.DataFrame, scoped: pl.DataFrame) -> Iterator[str]:
    """The school of most of them, where the target has others too."""
    column = SCHOOL.get(entity)
    if column is None or column not in hit.columns:
        return
    if scoped[column].drop_nulls().n_unique() < 2:  # noqa: PLR2004 - no other school
        return
    most = hit[column].drop_nulls().value_counts(sort=True, name="count").head(1)
    for school, count in most.rows():
        if 2 * count > hit.height > 1:
            yield f"{_share(count, hit.height)} of school {school}"


def _rows_of(words: str, hit: pl.DataFrame) -> Iterator[str]:
    if "d:_file" in hit.columns:
        files = hit.filter("in_drop")["d:_file"].cast(pl.String).drop_nulls()
        if len(files):
            count = f"{len(files):,} of them " if len(files) < hit.height else ""
            yield f"{count}{words} {listed(files.unique().sort().to_list())}"


def _share(count: int, of: int) -> str:
    return "all of them" if count == of else f"{count:,} of them"
