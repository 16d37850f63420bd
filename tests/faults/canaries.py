"""Canaries: values that stand nowhere else, put into every personal column.

A text column holds ``Zqkänarïe`` with the column's name and a number; addresses,
usernames, telephone numbers and birth dates have stems of their own. Whoever finds a
stem, in any of the forms that a text takes on its way, has found somebody.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import normalize
from urllib.parse import quote, quote_plus
from zipfile import ZipFile, is_zipfile

import polars as pl

from sync.samples import Tables

STEM = "Zqkänarïe"
"""Of names and other texts; its two odd letters show in every escape."""
PLAIN = "Zqkanarie"
"""Of addresses, which are ASCII."""
USER = "zqnamarie"
"""Of usernames."""
PHONE = "+49308842"
BORN = "1907-03-"
TEXTS = ("givenName", "familyName", "middleName", "identifier")
FREE = ("metadata.lunch", "metadata.note", "ssn")
"""Columns that a district adds: two of metadata, one that nobody knows."""
ECHO = "Xqechoes"
"""What a server repeats in its errors."""
ADDRESS = "xqmails@zq.example"
"""And with it."""
SHORTEST = 7
"""A shorter form may stand in a digest or in packed bytes by chance."""
LEAST = 10
"""Canaries in each field."""


def planted(frame: pl.DataFrame, mark: str) -> pl.DataFrame:
    """Every personal cell another canary; ``mark`` tells drops from remote rosters."""
    number = pl.row_index().cast(pl.String).str.zfill(3)
    day = (pl.row_index() % 28 + 1).cast(pl.String).str.zfill(2)
    columns = [
        pl.format(f"{STEM}{name.replace('.', '')}{mark}{{}}", number).alias(name)
        for name in (*TEXTS, *FREE)
        if name in frame.columns or name in FREE
    ]
    columns += [
        pl.format(f"{USER}{mark}{{}}", number).alias("username"),
        pl.format(f"{PLAIN.lower()}{mark}{{}}@zq-{mark}.example", number).alias(
            "email"
        ),
        pl.format(f"{PHONE}{sum(map(ord, mark))}{{}}", number).alias("phone"),
    ]
    if "birthDate" in frame.columns:
        columns.append(pl.format(f"{BORN}{{}}", day).alias("birthDate"))
    return frame.with_columns(columns)


def of_canaries(tables: Tables, mark: str) -> Tables:
    """The district with canaries. Users with several rows say the same in each."""
    users = tables.users.unique("sourcedId", keep="first", maintain_order=True)
    students = planted(tables.students, f"{mark}s")
    return replace(tables, students=students, users=planted(users, f"{mark}u"))


def cells(tables: Tables) -> Iterator[tuple[str, list[str]]]:
    """Each personal column with its canaries."""
    names = (*TEXTS, *FREE, "username", "email", "phone", "birthDate")
    for frame in (tables.students, tables.users):
        for name in names:
            if name in frame.columns:
                yield name, frame[name].to_list()


def forms(stem: str) -> set[bytes]:
    """How a stem may stand in a file: as it is, escaped for addresses, JSON and HTML,
    in hexadecimal, UTF-16 and base64 (at each of its three places in a triple)."""
    escaped = json.dumps(stem)[1:-1]
    texts = {stem, quote(stem), quote_plus(stem), escaped}
    texts |= {escaped.replace("\\", "\\\\"), stem.encode().hex()}
    texts |= {stem.encode("ascii", "xmlcharrefreplace").decode()}
    texts |= {repr(stem.encode())[2:-1], normalize("NFD", stem)}
    found = {one.encode() for one in texts} | {stem.encode("utf-16-le")}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + stem.encode())
        # The first and the last letters depend on what stands beside.
        found.add(coded[(0, 2, 3)[shift] : -4].rstrip(b"="))
    return {one for one in found if len(one) >= SHORTEST}


def cases(stem: str) -> set[bytes]:
    """The forms of the stem as it is, in capitals and in small letters."""
    three = (stem, stem.upper(), stem.lower())
    return {form for one in three for form in forms(one)}


PERSONAL = frozenset(
    form for stem in (STEM, PLAIN, USER, PHONE, BORN) for form in cases(stem)
)
ADDRESSES = frozenset(cases(PLAIN))
USERNAMES = frozenset(cases(USER))
ECHOES = frozenset(cases(ECHO))


@dataclass(frozen=True, slots=True)
class Place:
    """One thing that was searched: a file, or what was printed."""

    name: str
    content: bytes

    @property
    def path(self) -> Path:
        """Its name as a path."""
        return Path(self.name)

    def hits(self, needles: Iterable[bytes]) -> list[str]:
        """Which of them stand in it."""
        return sorted(repr(one) for one in needles if one in self.content)


def content(path: Path) -> bytes:
    """The bytes of a file, of the members of a zip, and the cells of what is packed."""
    found = [path.read_bytes(), path.name.encode()]
    if is_zipfile(path):
        with ZipFile(path) as archive:
            for name in archive.namelist():
                member = archive.read(name)
                found += [name.encode(), member]
                if name.endswith(".parquet"):
                    found.append(_unpacked(member))
    if path.suffix == ".parquet":
        found.append(_unpacked(found[0]))
    if path.suffix == ".sqlite":
        found.append(_dumped(path))
    return b"\n".join(found)


def _unpacked(raw: bytes) -> bytes:
    return repr(pl.read_parquet(raw).to_dicts()).encode()


def _dumped(path: Path) -> bytes:
    """Schema and rows, names of indexes included."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        lines = "\n".join(database.iterdump())
    database.close()
    return lines.encode()


def files(folder: Path) -> list[Place]:
    """Every file below a folder."""
    found = sorted(one for one in folder.rglob("*") if one.is_file())
    return [Place(str(one.relative_to(folder)), content(one)) for one in found]
