"""The bytes of one member of a zip, unpacked in pieces of bounded size.

``zipfile`` bounds what comes out at once for deflate alone: 500 bytes packed by bzip2
would become a gigabyte before anybody could count it. So members packed by bzip2 and
LZMA are unpacked here, and given up as soon as they are longer than they say.
"""

from __future__ import annotations

import bz2
import copy
import lzma
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import IO

PIECE = 1 << 20
"""Bytes that come out at once."""


def unpacked(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int = PIECE
) -> Generator[bytes, None, None]:
    """The pieces of a member, of ``most`` bytes each.

    Raises what ``zipfile`` raises for a member that is damaged.
    """
    bounded = entry.compress_type not in {zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
    way = _plainly if bounded else _by_ourselves
    size = 0
    for piece in way(archive, entry, most):
        size += len(piece)
        if size > entry.file_size:
            break
        yield piece
    if size != entry.file_size:
        message = "a member is not as long as the directory of the zip says"
        raise zipfile.BadZipFile(message)


def beginning(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, size: int) -> bytes:
    """The first bytes of a member; no more of it is unpacked than they need."""
    head = b""
    with closing(unpacked(archive, entry, size)) as pieces:
        for piece in pieces:
            head += piece
            if len(head) >= size:
                break
    return head[:size]


def _plainly(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int
) -> Iterator[bytes]:
    with archive.open(entry) as stream:
        while piece := stream.read(most):
            yield piece


def _by_ourselves(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int
) -> Iterator[bytes]:
    checksum = 0
    with archive.open(_as_packed(entry)) as packed:
        unpacker = _unpacker(entry, packed)
        while not unpacker.eof:
            more = packed.read(most) if unpacker.needs_input else b""
            piece = unpacker.decompress(more, most)
            if not piece and not more:
                break
            checksum = zlib.crc32(piece, checksum)
            yield piece
    if checksum != entry.CRC:
        message = "a member is not what was packed"
        raise zipfile.BadZipFile(message)


def _as_packed(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The entry as if its packed bytes were the file."""
    packed = copy.copy(entry)
    packed.compress_type = zipfile.ZIP_STORED
    packed.file_size = entry.compress_size
    del packed.CRC  # of what comes out, not of these
    return packed


def _unpacker(
    entry: zipfile.ZipInfo, packed: IO[bytes]
) -> bz2.BZ2Decompressor | lzma.LZMADecompressor:
    if entry.compress_type == zipfile.ZIP_BZIP2:
        return bz2.BZ2Decompressor()
    # APPNOTE 5.8.8: version, size of the properties, then lc/lp/pb and the dictionary.
    _, _, packing, dictionary = struct.unpack("<HHBI", packed.read(9))
    positions, literals = divmod(packing, 9)
    form = {
        "id": lzma.FILTER_LZMA1,
        "lc": literals,
        "lp": positions % 5,
        "pb": positions // 5,
        "dict_size": dictionary,
    }
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[form])
