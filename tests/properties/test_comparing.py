"""Two drops compared quickly give what a plain comparison of their rows gives.

The plain one is written here a second time, with dictionaries and counters, over files
as ``sync.read`` reads them. What is random: rows, blank cells, keys that stand twice,
quotes, line ends, the order of columns, blank lines, rows of the wrong width, and how
the drops are packed.
"""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import polars as pl
import pytest

from sync.compare import FileChanges, compare, forms
from sync.model.roster import ROW, RawTable
from sync.read.table import read_table

SEEDS = range(150)
COLUMNS = ("sourcedId", "status", "givenName", "email", "grades")
VALUES = {
    "status": ("active", "inactive", ""),
    "givenName": ("Zoë", "Ann, B.", 'the "Rock"', "O'Neil", " Max ", ""),
    "email": ("a@x.test", "b@x.test", ""),
    "grades": ("01", "02", "03"),
}
Row = dict[str, str]
QUOTE_FEW: Literal[0] = csv.QUOTE_MINIMAL


def rows(chance: random.Random, count: int) -> list[Row]:
    names = [f"stu-{number}" for number in range(count)]
    return [
        {"sourcedId": name, **{n: chance.choice(v) for n, v in VALUES.items()}}
        for name in names
    ]


def next_night(chance: random.Random, before: list[Row]) -> list[Row]:
    """Rows gone, new, changed, twice, and in another order; many of them, or few."""
    part = chance.choice([1, 0.05])
    after = [dict(row) for row in before if chance.random() > 0.1 * part]
    for row in after:
        if chance.random() < 0.2 * part:
            name = chance.choice(list(VALUES))
            row[name] = chance.choice(VALUES[name])
        if chance.random() < 0.03 * part:
            row["sourcedId"] = chance.choice(["", " ", f" {row['sourcedId']}"])
    after += [dict(row) for row in after if chance.random() < 0.05 * part]
    after += rows(chance, 3)[: chance.randint(0, 3)]
    if chance.random() < 0.5:
        chance.shuffle(after)
    return after


def text(chance: random.Random, table: list[Row], *, same_layout: bool) -> bytes:
    names = list(COLUMNS)
    if not same_layout:
        chance.shuffle(names)
        names += chance.choice([[], ["notes"]])
    quoting: Literal[0, 1] = csv.QUOTE_ALL if chance.random() < 0.5 else QUOTE_FEW
    end = chance.choice(["\n", "\r\n"])
    delimiter = "," if same_layout else chance.choice(",;")
    file = io.StringIO()
    writer = csv.DictWriter(
        file, names, quoting=quoting, lineterminator=end, delimiter=delimiter
    )
    writer.writeheader()
    odd = chance.choice([0, 0.02])
    for row in table:
        writer.writerow({name: row.get(name, "") for name in names})
        if chance.random() < odd:
            file.write(chance.choice([end, delimiter * (len(names) - 1) + end]))
        if chance.random() < odd / 2:
            width = chance.choice([1, 8])
            cells = [chance.choice(["stu-1", "stu-2"]), *"bcdefgh"][:width]
            file.write(delimiter.join(cells) + end)
        if chance.random() < odd / 4:
            file.write(
                delimiter.join(['"two\nlines"'] + ["x"] * (len(names) - 1)) + end
            )
    whole = file.getvalue()
    if chance.random() < 0.3:
        whole = whole.removesuffix(end)
    encoding = chance.choice(["utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"])
    return whole.encode(encoding)


def packed(chance: random.Random, folder: Path, name: str, data: bytes) -> Path:
    if chance.random() < 0.3:
        path = folder / f"{name}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("students.csv", data)
        return path
    path = folder / name
    path.mkdir()
    (path / "students.csv").write_bytes(data)
    return path


def plain(before: bytes, after: bytes) -> Iterator[tuple[object, ...]]:
    """Change, key, column, before, after and whether the key is there several times."""
    (old, first), (new, second) = (_read(one) for one in (before, after))
    shared = [name for name in second if name in first]
    gone, come = (
        Counter(tuple(row[name] for name in shared) for row in table)
        for table in (old, new)
    )
    often = [Counter(row["sourcedId"].strip() for row in one) for one in (old, new)]
    place = shared.index("sourcedId")
    left: dict[str, list[tuple[str, ...]]] = {}
    for side, rest in (("removed", gone - come), ("added", come - gone)):
        for row in rest.elements():
            key = row[place].strip()
            counts = [one[key] for one in often]
            if key and counts == [1, 1]:
                left.setdefault(key, []).append(row)
                continue
            whole = ", ".join(row)
            cells = (whole, None) if side == "removed" else (None, whole)
            yield side, key or None, None, *cells, bool(key) and max(counts) > 1
    for key, (was, now) in left.items():
        for name, a, b in zip(shared, was, now, strict=True):
            if a != b:
                yield "changed", key, name, a, b, False


def _read(data: bytes) -> tuple[list[Row], tuple[str, ...]]:
    raw = _raw(data)
    return raw.frame.drop(ROW).to_dicts(), raw.headers


def _raw(data: bytes) -> RawTable:
    raw, _ = read_table("students.csv", data)
    assert raw is not None
    return raw


def found(before: Path, after: Path) -> FileChanges:
    comparison = compare(before, after, "four-files")
    assert not comparison.refused.refuses
    (one,) = comparison.files
    return one


@pytest.mark.parametrize("seed", SEEDS)
def test_a_comparison_is_that_of_the_rows_themselves(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)  # noqa: S311 - by seed
    monkeypatch.setattr(forms, "_FEW", chance.choice([1, 8]))
    old = rows(chance, chance.choice([0, 1, 40, 300]))
    new = next_night(chance, old)
    same_layout = chance.random() < 0.6
    texts = [text(chance, table, same_layout=same_layout) for table in (old, new)]
    before, after = (
        packed(chance, tmp_path, name, data)
        for name, data in zip(("before", "after"), texts, strict=True)
    )
    if any(read_table("", data)[0] is None for data in texts):  # it was cut off
        assert compare(before, after, "four-files").refused.refuses
        return
    one = found(before, after)
    expected = list(plain(*texts))
    assert Counter(one.changes.rows()) == Counter(expected)
    assert one.added == sum(row[0] == "added" for row in expected)
    assert one.removed == sum(row[0] == "removed" for row in expected)
    assert one.changed == len({row[1] for row in expected if row[0] == "changed"})
    assert [one.rows.before, one.rows.after] == [_raw(data).rows for data in texts]
    more = one.added - one.removed + one.unreadable.after - one.unreadable.before
    assert one.rows.before + more == one.rows.after


@pytest.mark.parametrize("seed", range(10))
def test_a_drop_compared_with_itself_has_no_changes(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - by seed
    data = text(chance, rows(chance, 60), same_layout=True)
    before, after = (packed(chance, tmp_path, name, data) for name in ("a", "b"))
    one = found(before, after)
    assert not one.differs
    assert one.changes.equals(pl.DataFrame(schema=one.changes.schema))
