"""The names and headers of a drop's files, to tell its layout before it is read.

Only the beginning of each file is looked at, and nothing is judged: what is wrong with
a file is said when it is read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sync.model.roster import MANIFEST, DropKind, Peek, Peeked
from sync.read.archive import BROKEN, of_zip
from sync.read.decode import decode
from sync.read.header import read_header
from sync.read.packaging import hidden, kind_of, of_folder
from sync.read.table import read_table
from sync.read.unpack import beginning

_HEAD = 1 << 16
_LARGEST_MANIFEST = 1 << 20
_MARKS_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def peek(path: Path) -> Peek:
    """Look at a folder, a zip or a single file; nothing there gives no files."""
    try:
        kind = kind_of(path)
    except OSError:  # a name that is too long; reading says so
        kind = DropKind.CSV
    files = []
    manifest = None
    for file, head in _heads(path, kind):
        if PurePosixPath(file).name.casefold() == MANIFEST:
            manifest, _ = read_table(file, head)
        files.append(Peeked(file, _headers(file, head)))
    return Peek(kind, tuple(files), manifest)


def _heads(path: Path, kind: DropKind) -> Iterator[tuple[str, bytes]]:
    """Each file with its first bytes; those that cannot be read are left out."""
    if kind is DropKind.ZIP:
        yield from _of_zip(path)
        return
    files = [one.file for one in of_folder(path)] if kind is DropKind.FOLDER else [""]
    for file in files:
        place = path / file if file else path
        try:
            if place.is_file():
                with place.open("rb") as stream:
                    yield file or path.name, stream.read(_size(place.name))
        except OSError:
            continue


def _of_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    if of_zip(path)[1]:
        return
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = PurePosixPath(entry.filename.replace("\\", "/"))
            if entry.is_dir() or any(hidden(part) for part in name.parts):
                continue
            try:
                yield name.as_posix(), beginning(archive, entry, _size(name.name))
            except (*BROKEN, OSError):
                continue


def _size(name: str) -> int:
    return _LARGEST_MANIFEST if name.casefold() == MANIFEST else _HEAD


def _headers(file: str, head: bytes) -> tuple[str, ...]:
    decoded, _ = decode(file, _whole_lines(head))
    if decoded is None:
        return ()
    sheet, _ = read_header(file, decoded.data)
    return () if sheet is None else tuple(filter(None, sheet.names))


def _whole_lines(head: bytes) -> bytes:
    """Without a last line that was cut off, in which a character may be broken."""
    if len(head) < _HEAD or head.startswith(_MARKS_UTF16) or b"\0" in head[:4]:
        return head
    end = max(head.rfind(b"\n"), head.rfind(b"\r"))
    return head[: end + 1] if end >= 0 else head
