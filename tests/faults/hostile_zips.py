"""Zips that somebody made to do harm: each one a function that writes it."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

STUDENTS = b"sourcedId,status\ns1,active\n"
MB = 1 << 20
LINK, FOLDER_LINK = 0o120777 << 16, 0o120755 << 16
EOCD = b"PK\x05\x06"
CENTRAL, LOCAL = b"PK\x01\x02", b"PK\x03\x04"

Make = Callable[[], bytes]


def zipped(
    members: Mapping[str, bytes] | None = None, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """An honest zip."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in (members or {"students.csv": STUDENTS}).items():
            archive.writestr(name, content)
    return data.getvalue()


def bomb(megabytes: int, method: int, name: str = "students.csv") -> bytes:
    """A member of so many megabytes of one letter."""
    data = io.BytesIO()
    with (
        zipfile.ZipFile(data, "w", method) as archive,
        archive.open(name, "w") as member,
    ):
        for _ in range(megabytes):
            member.write(b"a" * MB)
    return data.getvalue()


def put(data: bytes, place: int, content: bytes) -> bytes:
    """Other bytes at one place."""
    return data[:place] + content + data[place + len(content) :]


def places(data: bytes, mark: bytes) -> Iterator[int]:
    """Where the records of a kind begin."""
    place = data.find(mark)
    while place >= 0:
        yield place
        place = data.find(mark, place + 1)


def says(data: bytes, size: int, *, locally: bool = False) -> bytes:
    """The same zip, telling another size of what comes out."""
    for place in places(data, CENTRAL):
        data = put(data, place + 24, struct.pack("<I", size))
    for place in places(data, LOCAL) if locally else ():
        data = put(data, place + 22, struct.pack("<I", size))
    return data


def one_block(times: int, packed_by: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Many entries of the directory that share the bytes of one member."""
    data = bomb(1, packed_by)
    place = data.index(CENTRAL)
    end = data.index(EOCD)
    entry, name = data[place:end], b"students.csv"
    entries = [
        entry.replace(name, b"student%05d"[:12] % number if number else name)
        for number in range(times)
    ]
    return data[:place] + _directory(place, entries)


def _directory(start: int, entries: list[bytes], says: int | None = None) -> bytes:
    whole = b"".join(entries)
    count = len(entries) if says is None else says
    tail = struct.pack("<4s4H2LH", EOCD, 0, 0, count, count, len(whole), start, 0)
    return whole + tail


def quoted_overlap() -> bytes:
    """The first member's bytes hold the second whole (D. Fifield's construction)."""
    data = zipped(
        {"students.csv": b"x" * 500, "users.csv": b"y" * 99}, zipfile.ZIP_STORED
    )
    place = data.index(CENTRAL)
    first, second = places(data, LOCAL)
    reach = place - first - 30 - len("students.csv")
    assert reach > second - first
    data = put(data, place + 20, struct.pack("<II", reach, reach))
    return put(data, first + 18, struct.pack("<II", reach, reach))


def into_the_directory() -> bytes:
    """A member whose bytes reach into the directory of the zip."""
    data = zipped()
    place = data.index(CENTRAL)
    return put(data, place + 20, struct.pack("<I", len(data)))


def members(count: int, form: str = "{}.csv") -> bytes:
    """So many empty members."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("students.csv", STUDENTS)
        for number in range(count):
            archive.writestr(form.format(number), b"")
    return data.getvalue()


def zip64(size: int) -> bytes:
    """Sizes of 64 bits, of which nothing is true."""
    data = zipped()
    place = data.index(CENTRAL)
    end = data.index(EOCD)
    extra = struct.pack("<HHQQ", 1, 16, size, 100)
    entry = bytearray(data[place:end] + extra)
    entry[20:28] = b"\xff" * 8
    entry[30:32] = struct.pack("<H", len(extra))
    return data[:place] + _directory(place, [bytes(entry)])


def far_record() -> bytes:
    """A locator that points to a directory beyond the end of the file."""
    data = zipped()
    end = data.index(EOCD)
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 2**62, 2**62
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    tail = struct.pack("<4s4H2LH", EOCD, 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return data[:end] + record + locator + tail


def encrypted() -> bytes:
    """The mark of encryption in both places."""
    data = zipped()
    return put(put(data, 6, b"\1"), data.index(CENTRAL) + 8, b"\1")


def by_method(method: int) -> bytes:
    """Packed in a way of another number."""
    data = zipped()
    packed = struct.pack("<H", method)
    return put(put(data, 8, packed), data.index(CENTRAL) + 10, packed)


def twice(first: str, second: str) -> bytes:
    """Two members of one name."""
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(first, STUDENTS)
        archive.writestr(second, STUDENTS.replace(b"active", b"tobedeleted"))
    return data.getvalue()


def link(attributes: int, name: str = "students.csv") -> bytes:
    """A link as Unix programs pack it."""
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = attributes
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("users.csv", STUDENTS)
    return data.getvalue()


def with_nul() -> bytes:
    """A name that ends for some programs in its middle."""
    data = zipped({"students.csvX../../evil.csv": STUDENTS})
    return data.replace(b"csvX..", b"csv\0..")


def other_local_name() -> bytes:
    """One name in the directory, another one at the member."""
    data = zipped()
    return put(data, data.index(LOCAL) + 30, b"STUDENT5.CSV")


def fewer_than_there_are() -> bytes:
    """A directory whose end tells another place."""
    data = zipped({"students.csv": STUDENTS, "users.csv": STUDENTS})
    end = data.index(EOCD)
    return put(data, end + 12, struct.pack("<II", 5, 2**31))


def behind_a_comment() -> bytes:
    """A second end of a directory inside the comment of the first."""
    data = io.BytesIO(zipped())
    with zipfile.ZipFile(data, "a") as archive:
        archive.comment = EOCD + b"\0" * 18 + zipped({"users.csv": b"x"})
    return data.getvalue()


def damaged() -> bytes:
    """Another byte in what is packed."""
    data = zipped({"students.csv": STUDENTS * 50}, zipfile.ZIP_STORED)
    return data.replace(b"s1,active", b"s1,activf", 1)


def nested(depth: int) -> bytes:
    """A zip in a zip in a zip."""
    data = zipped()
    for _ in range(depth):
        data = zipped({"students.zip": data})
    return data


DEFLATED, BZIP2, LZMA = zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA
ZIPS: dict[str, Make] = {
    "ratio-just-over-the-limit": lambda: bomb(11, DEFLATED),
    "ratio-of-300-megabytes": lambda: bomb(300, DEFLATED),
    "ratio-of-a-member-nobody-reads": lambda: bomb(50, DEFLATED, "readme.txt"),
    "ratio-by-bzip2": lambda: bomb(300, BZIP2),
    "ratio-by-lzma": lambda: bomb(100, LZMA),
    "lie-small-by-deflate": lambda: says(bomb(300, DEFLATED), 9_000_000),
    "lie-small-by-bzip2": lambda: says(bomb(300, BZIP2), 9_000_000),
    "lie-small-by-lzma": lambda: says(bomb(100, LZMA), 9_000_000),
    "lie-small-in-both-places": lambda: says(bomb(50, DEFLATED), 100, locally=True),
    "lie-large": lambda: says(zipped(), 2**32 - 2),
    "lie-a-little": lambda: says(zipped(), len(STUDENTS) + 1),
    "overlap-of-200-on-one-block": lambda: one_block(200),
    "overlap-of-two": lambda: one_block(2),
    "overlap-by-quoting": quoted_overlap,
    "overlap-with-the-directory": into_the_directory,
    "members-201": lambda: members(201),
    "members-65000": lambda: members(65_000),
    "folders-20000": lambda: members(20_000, "{}/"),
    "zip64-of-an-exabyte": lambda: zip64(2**60),
    "zip64-of-more-than-there-is": lambda: zip64(2**64 - 1),
    "zip64-directory-elsewhere": far_record,
    "nested": lambda: nested(1),
    "nested-five-times": lambda: nested(5),
    "encrypted": encrypted,
    "encrypted-by-aes": lambda: by_method(99),
    "packed-by-an-unknown-method": lambda: by_method(97),
    "junk-before": lambda: b"#!/bin/sh\nexit 1\n" + zipped(),
    "junk-behind": lambda: zipped() + b"\0" * 70_000,
    "two-in-one": lambda: zipped() + zipped({"users.csv": STUDENTS}),
    "second-end-in-a-comment": behind_a_comment,
    "one-name-twice": lambda: twice("students.csv", "students.csv"),
    "one-name-in-two-cases": lambda: twice("students.csv", "STUDENTS.CSV"),
    "one-name-in-two-folders": lambda: twice("a/students.csv", "b/students.csv"),
    "link-to-a-file": lambda: link(LINK),
    "link-to-a-folder": lambda: link(FOLDER_LINK, "drop"),
    "path-absolute": lambda: zipped({"/students.csv": STUDENTS}),
    "path-up": lambda: zipped({"../../students.csv": STUDENTS}),
    "path-up-backwards": lambda: zipped({"a\\..\\..\\students.csv": STUDENTS}),
    "path-of-a-drive": lambda: zipped({"C:\\students.csv": STUDENTS}),
    "path-with-a-nul": with_nul,
    "another-name-inside": other_local_name,
    "directory-elsewhere": fewer_than_there_are,
    "sum-is-wrong": damaged,
    "cut-off": lambda: zipped()[:-30],
    "no-zip-at-all": lambda: b"PK" + b"\0" * 4000,
}
"""Name -> how it is made; none of them is a delivery."""


def write(folder: Path) -> list[Path]:
    """All of them as files."""
    paths = []
    for name, make in ZIPS.items():
        path = folder / f"{name}.zip"
        path.write_bytes(make())
        paths.append(path)
    return paths
