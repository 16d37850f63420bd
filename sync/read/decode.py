"""Bytes of one file -> UTF-8 with LF line ends, and what had to be guessed.

Plain UTF-8 with LF is handed on without a copy; everything behind this module sees
nothing else.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from sync.model.finding import Finding, found
from sync.read.codes import GUESSED_1252, GUESSED_UTF16, NOT_TEXT, NUL

MULTI_BYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]"
    rb"|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]"
    rb"|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}"
)
"""A valid UTF-8 character beyond ASCII (Unicode standard, table 3-7)."""

_PAIR = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
"""How such a character begins: seldom in Windows-1252, and searched for ten times as
fast as the alternatives above."""

_UNASSIGNED_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_BARE_CR = re.compile(rb"\r(?!\n)")
_BLOCK = 1 << 24
_SAMPLE = 4096
_SELDOM = 8
_CTRL_Z = b"\x1a"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file as text: ``data`` is UTF-8 with LF only, after a BOM if it had one."""

    data: bytes
    encoding: str
    newline: str
    """``lf``, ``crlf``, ``cr`` or ``mixed``."""


def decode(file: str, raw: bytes) -> tuple[Decoded | None, list[Finding]]:
    """The text of a file, or None with the finding that refuses it."""
    if not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codec = _utf16_without_mark(raw)
        if codec is None:
            return _eight_bit(file, raw)
        return _utf16(file, raw, codec, guessed=True)
    return _utf16(file, raw, "utf-16", guessed=False)


def line_of(data: bytes, offset: int) -> int:
    """The physical line, from 1, on which a byte stands; any kind of line ends."""
    before = data[:offset]
    if before.endswith(b"\r") and data[offset : offset + 1] == b"\n":
        before = before[:-1]
    ends = before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")
    return ends + 1


def _utf16_without_mark(raw: bytes) -> str | None:
    """The byte order that the NULs of western text betray, or None.

    A few on the other side are NULs of the text itself: those are found later, at
    their line.
    """
    sample = raw[:_SAMPLE].rstrip(b"\0")
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    enough = len(sample) // 4
    if second > enough and first * _SELDOM <= second and sample[1] == 0:
        return "utf-16-le"
    if first > enough and second * _SELDOM <= first and sample[0] == 0:
        return "utf-16-be"
    return None


def _utf16(
    file: str, raw: bytes, codec: str, *, guessed: bool
) -> tuple[Decoded | None, list[Finding]]:
    try:
        data = raw.decode(codec).encode("utf-8")
    except UnicodeDecodeError as error:
        whole = raw[: error.start].decode(codec, errors="ignore").encode("utf-8")
        message = "the file is UTF-16, but not whole: a character is cut or broken"
        line = line_of(whole, len(whole))
        return None, [found(NOT_TEXT, message, file=file, line=line)]
    notes = []
    if guessed:
        message = "the file has no byte order mark and was read as UTF-16"
        notes.append(found(GUESSED_UTF16, message, file=file))
    return _finish(file, data, "utf-16", notes)


def _eight_bit(file: str, raw: bytes) -> tuple[Decoded | None, list[Finding]]:
    if b"\0" in raw:  # first: a copy that was filled with NULs is no question of bytes
        return None, [_nul(file, raw)]
    place = _first_invalid(raw)
    if place is None:
        return _finish(file, raw, "utf-8", [])
    if (problem := _why_not_1252(raw, place)) is not None:
        place, reason = problem
        line = line_of(raw, place)
        message = f"a byte (0x{raw[place]:02X}) is not UTF-8, and {reason}"
        return None, [found(NOT_TEXT, message, file=file, line=line)]
    message = "the file is not UTF-8 and was read as Windows-1252"
    note = found(
        GUESSED_1252, message, file=file, hint="look whether accents are right"
    )
    data = raw.decode("cp1252").encode("utf-8")
    return _finish(file, data, "windows-1252", [note])


def _first_invalid(raw: bytes) -> int | None:
    """Where the first byte stands that is not UTF-8; in blocks, to spare memory."""
    if raw.isascii():
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(raw)
    for start in range(0, len(raw), _BLOCK):
        block = view[start : start + _BLOCK]
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=start + _BLOCK >= len(raw))
        except UnicodeDecodeError as error:
            return start - pending + error.start
    return None


def _why_not_1252(raw: bytes, place: int) -> tuple[int, str] | None:
    """The byte to blame and why; ``place`` is the first that is not UTF-8."""
    if raw.startswith(codecs.BOM_UTF8):
        return place, "the file says that it is UTF-8"
    if any(MULTI_BYTE.match(raw, pair.start()) for pair in _PAIR.finditer(raw)):
        return place, "other characters of the file are: two encodings are mixed in it"
    if unassigned := _UNASSIGNED_1252.search(raw):
        return unassigned.start(), "no letter of Windows-1252 either"
    return None


def _finish(
    file: str, data: bytes, encoding: str, notes: list[Finding]
) -> tuple[Decoded | None, list[Finding]]:
    if b"\0" in data:
        return None, [*notes, _nul(file, data)]
    data, newline = _line_ends(_without_ctrl_z(data))
    return Decoded(data, encoding, newline), notes


def _without_ctrl_z(data: bytes) -> bytes:
    """The data without the end-of-file mark of CP/M and MS-DOS.

    It is the last character, or stands alone on the last line.
    """
    if data.endswith(_CTRL_Z):
        return data[:-1]
    tail = data[-4:].rstrip(b"\r\n")
    alone = tail == _CTRL_Z or tail.endswith((b"\n" + _CTRL_Z, b"\r" + _CTRL_Z))
    return data[: data.rindex(_CTRL_Z)] if alone else data


def _nul(file: str, data: bytes) -> Finding:
    line = line_of(data, data.index(b"\0"))
    hint = "deliver it again; if it is a workbook, save it as CSV UTF-8"
    return found(NUL, "the file holds a NUL byte here", file=file, line=line, hint=hint)


def _line_ends(data: bytes) -> tuple[bytes, str]:
    """LF only, and what it was.

    ``replace`` of a single byte is six times as fast as that of CRLF, which counts
    with files of 700 MB: measured on CPython 3.11.
    """
    if b"\r" not in data:
        return data, "lf"
    bare = _BARE_CR.search(data) is not None
    if not bare:
        lines = data.replace(b"\r", b"")
        every = len(data) - len(lines) == lines.count(b"\n")
        return lines, "crlf" if every else "mixed"
    only = b"\n" not in data
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return lines, "cr" if only else "mixed"
