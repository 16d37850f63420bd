"""What is in a zip: its members, streamed through a counter and never extracted.

The limits: 200 members, 10 GiB together, a ratio of 200 above
10 MB; no zip in a zip, no overlapping entries (CVE-2024-0450, which Pythons before
3.11.8 do not look for), no encryption, no path that leaves the zip. What the directory
of a zip says of sizes is judged first, and what really comes out is counted besides.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from sync.model.finding import Finding, found
from sync.read.codes import (
    BAD_ZIP,
    ENCRYPTED_ZIP,
    NESTED_ZIP,
    OVERLAPPING_ZIP,
    UNSAFE_PATH,
    ZIP_TOO_BIG,
)
from sync.read.packaging import Member, hidden, no_file, unreadable
from sync.read.unpack import unpacked

MOST_MEMBERS = 200
MOST_BYTES = 10 * 1024**3
MOST_RATIO = 200
RATIO_FREE = 10 * 10**6

_ENCRYPTED = 0x1
_LOCAL_HEADER = 30
"""Bytes of a member's own header before its name (APPNOTE 4.3.7)."""
_END = b"PK\x05\x06"
_END_SIZE = 22
"""The record at the end of a zip, without its comment (APPNOTE 4.3.16)."""
_SPANNING = (b"PK00", b"PK\x07\x08")
"""The mark that some programs write at the beginning (APPNOTE 8.5.4)."""
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises for bytes that are no zip; NotImplementedError is among them."""


def zip_names(path: Path) -> list[str] | None:
    """The names in the directory of a zip; None where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (*BROKEN, OSError):
        return None


def of_zip(path: Path) -> tuple[list[Member], list[Finding]]:
    """The members of a zip, or the findings that refuse it."""
    if not path.is_file():
        return [], [no_file(path, None)]
    try:
        with path.open("rb") as stream:
            entries, findings = _entries(stream)
    except OSError as error:
        return [], [unreadable(error, None)]
    if findings:
        return [], findings
    return [
        _member(path, entry)
        for entry in entries
        if not any(hidden(part) for part in _path(entry).parts)
    ], []


def _entries(stream: BinaryIO) -> tuple[list[zipfile.ZipInfo], list[Finding]]:
    """The files of a zip, and what is wrong with it."""
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            size = stream.seek(0, io.SEEK_END)
            whole = _is_whole(stream, size, archive)
            start = archive.start_dir
    except (*BROKEN, OSError):
        return [], [found(BAD_ZIP, "the zip is damaged or cut off")]
    if not whole:
        message = "the zip has other bytes before its beginning or behind its end"
        return [], [found(BAD_ZIP, message)]
    files = [entry for entry in entries if not _is_folder(entry)]
    return files, _problems(files, len(entries) - len(files), start)


def _is_whole(stream: BinaryIO, size: int, archive: zipfile.ZipFile) -> bool:
    """Whether the file is the zip and nothing else.

    Programs that unpack pass over what stands around it; but two zips in one file, or
    one that something was written to, are no delivery that could be believed.
    """
    offsets = [entry.header_offset for entry in archive.infolist()]
    first = min(offsets, default=archive.start_dir)
    stream.seek(0)
    mark = stream.read(max(0, min(first, len(_SPANNING[0]))))
    stream.seek(max(0, size - _END_SIZE - len(archive.comment)))
    begins = first == 0 or (first == len(mark) and mark in _SPANNING)
    return begins and stream.read(len(_END)) == _END


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith(("/", "\\"))


def _problems(
    entries: Sequence[zipfile.ZipInfo], folders: int, directory: int
) -> list[Finding]:
    most = max(len(entries), folders)
    if most > MOST_MEMBERS:  # at once: a directory may have millions of them
        message = f"the zip has {most} files or folders, more than {MOST_MEMBERS}"
        return [found(ZIP_TOO_BIG, message)]
    findings = [finding for entry in entries for finding in _of_entry(entry)]
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        findings.append(found(ZIP_TOO_BIG, "the zip holds more than 10 GiB"))
    if _overlap(entries, directory):
        findings.append(found(OVERLAPPING_ZIP, "files of the zip share the same bytes"))
    return findings


def _of_entry(entry: zipfile.ZipInfo) -> list[Finding]:
    file = _path(entry).as_posix()
    findings = []
    if _unsafe(entry.orig_filename):
        message = "the path of this file leaves the zip"
        findings.append(found(UNSAFE_PATH, message, file=file))
    if stat.S_ISLNK(entry.external_attr >> 16):
        message = "this is a link to another file, not a file"
        findings.append(found(UNSAFE_PATH, message, file=file))
    if entry.flag_bits & _ENCRYPTED:
        findings.append(found(ENCRYPTED_ZIP, "the file is encrypted", file=file))
    if file.casefold().endswith(".zip"):
        findings.append(found(NESTED_ZIP, "there is a zip inside the zip", file=file))
    if _too_dense(entry.file_size, entry.compress_size):
        findings.append(_bomb(file))
    return findings


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    """The path; some Windows programs write backslashes between folders."""
    return PurePosixPath(entry.filename.replace("\\", "/"))


def _unsafe(name: str) -> bool:
    slashed = name.replace("\\", "/")
    parts = slashed.split("/")
    drive = len(parts[0]) > 1 and parts[0][1] == ":"
    return slashed.startswith("/") or ".." in parts or drive or "\0" in name


def _overlap(entries: Sequence[zipfile.ZipInfo], directory: int) -> bool:
    """Whether a member, or the directory, begins before the one in front has ended."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            return True
        end = entry.header_offset + _LOCAL_HEADER + entry.compress_size
    return end > directory


def _too_dense(size: int, packed: int) -> bool:
    return size > RATIO_FREE and size > MOST_RATIO * packed


def _bomb(file: str) -> Finding:
    message = f"the file grows more than {MOST_RATIO}-fold when unpacked"
    return found(ZIP_TOO_BIG, message, file=file)


def _member(path: Path, entry: zipfile.ZipInfo) -> Member:
    file = _path(entry).as_posix()

    def load() -> bytes | Finding:
        try:
            return _stream(path, entry, file)
        except NotImplementedError:
            message = "the file is packed in a way that this program cannot unpack"
            return found(BAD_ZIP, message, file=file)
        except (*BROKEN, OSError):
            message = "the file cannot be unpacked: the zip is damaged or cut off"
            return found(BAD_ZIP, message, file=file)

    return Member(file, load, path)


def _stream(path: Path, entry: zipfile.ZipInfo, file: str) -> bytes | Finding:
    """The bytes of a member, given up as soon as they are too many."""
    data = io.BytesIO()
    with zipfile.ZipFile(path) as archive:
        for piece in unpacked(archive, entry):
            data.write(piece)
            if _too_dense(data.tell(), entry.compress_size):
                return _bomb(file)
    return data.getvalue()
