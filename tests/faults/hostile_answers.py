"""Answers that no honest server gives: bombs, endless ones, lies and nonsense.

Each is written to the socket as it is. ``honest`` is the body that the sandbox gave, so
that what is wrong with an answer may be one thing only.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from tests.support.meddler import Meddler, Rule

Write = Callable[[bytes], Any]
Attack = Callable[[Write, bytes], None]

MIB = 1 << 20
DEEP = 1_000_000
DIGITS = 10_000
MOST = 4
"""So many answers of one night are an attack: each costs both sides a lot."""
FOR_EVER = 4096
"""Pieces of a mebibyte: 4 GiB, many times what a client may take."""
_TOTALS = re.compile(rb'("(?:totalCount|total|count)"\s*:\s*)"?\d+"?')


def head(*lines: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """Status line and headers."""
    first = [f"HTTP/1.1 {status}", f"content-type: {kind}", "connection: close"]
    return "\r\n".join([*first, *lines, "", ""]).encode("latin-1")


def whole(body: bytes, *lines: str, kind: str = "application/json") -> bytes:
    """An answer with its right length."""
    return head(f"content-length: {len(body)}", *lines, kind=kind) + body


def says(change: Callable[[bytes], bytes], *lines: str) -> Attack:
    """The honest body, changed."""

    def attack(write: Write, honest: bytes) -> None:
        write(whole(change(honest), *lines))

    return attack


def instead(body: bytes, *lines: str, kind: str = "application/json") -> Attack:
    """Another body."""
    return says(lambda _: body, *lines) if kind.endswith("json") else _page(body, kind)


def _page(body: bytes, kind: str) -> Attack:
    return lambda write, _: write(whole(body, kind=kind))


@cache
def zeros(wbits: int) -> bytes:
    """A gibibyte of spaces, packed into a mebibyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    pieces = [packer.compress(b" " * MIB) for _ in range(1024)]
    return b"".join([*pieces, packer.flush()])


def bomb(write: Write, _: bytes) -> None:
    """A gibibyte in a mebibyte, as was asked for."""
    body = zeros(31)
    write(whole(body, "content-encoding: gzip"))


def deflate_bomb(write: Write, _: bytes) -> None:
    """The same in an encoding that was not asked for."""
    write(whole(zeros(15), "content-encoding: deflate"))


def bomb_in_a_bomb(write: Write, _: bytes) -> None:
    """Packed twice."""
    body = gzip.compress(zeros(31))
    write(whole(body, "content-encoding: gzip, gzip"))


def for_ever(write: Write, _: bytes) -> None:
    """Chunks without an end."""
    write(head("transfer-encoding: chunked"))
    piece = b"100000\r\n" + b" " * MIB + b"\r\n"
    for _n in range(FOR_EVER):
        write(piece)


def ten_gigabytes(write: Write, _: bytes) -> None:
    """A length that nobody wants, and as much."""
    write(head("content-length: 10737418240") + b'{"users": ["')
    for _n in range(FOR_EVER):
        write(b"a" * MIB)


def cut_off(write: Write, honest: bytes) -> None:
    """Half of what was announced."""
    write(head(f"content-length: {2 * len(honest) + 100}") + honest)


def long_header(write: Write, honest: bytes) -> None:
    """A header of eight mebibytes."""
    write(b"HTTP/1.1 200 OK\r\nx-long: ")
    for _n in range(8):
        write(b"a" * MIB)
    write(b"\r\n" + whole(honest)[17:])


def many_headers(write: Write, honest: bytes) -> None:
    """A hundred thousand of them."""
    write(b"HTTP/1.1 200 OK\r\n")
    for n in range(100):
        write(b"".join(b"x-%d: a\r\n" % (n * 1000 + m) for m in range(1000)))
    write(whole(honest)[17:])


def many_preludes(write: Write, honest: bytes) -> None:
    """``100 Continue`` ten thousand times."""
    for _n in range(100):
        write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
    write(whole(honest))


def of_every_record(change: Callable[[dict[str, Any]], None]) -> Attack:
    """Change each object of the honest body that holds no other."""

    def changed(honest: bytes) -> bytes:
        try:
            body = json.loads(honest)
        except ValueError:
            return honest
        for one in _records(body):
            change(one)
        return json.dumps(body).encode()

    return says(changed)


def _records(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _records(one)
    elif isinstance(value, dict):
        inner = [one for one in value.values() if isinstance(one, dict | list)]
        yield value
        for one in inner:
            yield from _records(one)


def totals(text: bytes) -> Attack:
    """Another total, in header and body."""
    said = text.decode()
    change = partial(_TOTALS.sub, lambda found: found[1] + text)
    return says(change, f"x-total-count: {said}")


def many_times(honest: bytes) -> bytes:
    """Each list of the body three hundred times as long."""
    try:
        body = json.loads(honest)
    except ValueError:
        return honest
    if isinstance(body, list):
        return json.dumps(body * 300).encode()
    if isinstance(body, dict):
        longer = {
            name: one * 300 if isinstance(one, list) and len(one) < 50 else one
            for name, one in body.items()
        }
        return json.dumps(longer).encode()
    return honest


def all_lists(value: Any) -> Callable[[bytes], bytes]:
    """Each list of the body holds this alone."""

    def change(honest: bytes) -> bytes:
        try:
            body = json.loads(honest)
        except ValueError:
            return honest
        if not isinstance(body, dict):
            return json.dumps(value).encode()
        lists = {n: value if isinstance(v, list) else v for n, v in body.items()}
        return json.dumps(lists).encode()

    return change


def long_cell(record: dict[str, Any]) -> None:
    """A name of two mebibytes."""
    record["givenName"] = record["name_first"] = record["username"] = "a" * (2 * MIB)


def surrogates(record: dict[str, Any]) -> None:
    """Half of a character."""
    texts = [name for name, one in record.items() if isinstance(one, str)]
    record.update({name: record[name] + "\ud800" for name in texts})


def twice(honest: bytes) -> bytes:
    """A key that stands twice."""
    return honest.replace(b"{", b'{"status": "tobedeleted", "status": "active", ', 1)


def damaged(honest: bytes) -> bytes:
    """Packed, with another end."""
    return gzip.compress(honest)[:-9] + b"\0" * 9


ATTACKS: Mapping[str, Attack] = {
    "gzip bomb": bomb,
    "deflate bomb": deflate_bomb,
    "bomb in a bomb": bomb_in_a_bomb,
    "unknown encoding": says(lambda honest: honest, "content-encoding: br"),
    "damaged gzip": says(damaged, "content-encoding: gzip"),
    "chunks for ever": for_ever,
    "ten gigabytes": ten_gigabytes,
    "just above the limit": instead(b'{"users": [' + b" " * (64 * MIB) + b"]}"),
    "just below the limit": instead(b'{"users": [' + b" " * (62 * MIB) + b"]}"),
    "millions of objects": instead(b'{"users": [' + b"{}," * (20 * MIB) + b"{}]}"),
    "millions of numbers": instead(b"[" + b"1.5," * (15 * MIB) + b"1.5]"),
    "one long text": instead(b'{"users": "' + b"a" * (60 * MIB) + b'"}'),
    "cut off": cut_off,
    "long header": long_header,
    "many headers": many_headers,
    "many preludes": many_preludes,
    "deep arrays": instead(b"[" * DEEP + b"]" * DEEP),
    "deep objects": instead(b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "deep and open": instead(b'{"users":' + b"[" * DEEP),
    "a page for people": instead(
        b"<html><body>Welcome</body></html>", kind="text/html"
    ),
    "nothing": instead(b""),
    "null": instead(b"null"),
    "a number": instead(b"7"),
    "NaN": says(lambda honest: honest.replace(b"{", b'{"x": NaN, ', 1)),
    "Infinity": says(lambda honest: honest.replace(b"{", b'{"x": -Infinity, ', 1)),
    "a number without end": says(
        lambda honest: honest.replace(b"{", b'{"x": %s, ' % (b"9" * DIGITS), 1)
    ),
    "a number beyond numbers": totals(b"1e999"),
    "a key twice": says(twice),
    "no UTF-8": says(lambda honest: honest.replace(b'": "', b'": "\xff\xfe\xc0')),
    "UTF-16": says(lambda honest: honest.decode("utf-8", "replace").encode("utf-16")),
    "half a character": of_every_record(surrogates),
    "NUL": says(lambda honest: honest.replace(b'": "', b'": "\\u0000')),
    "long cells": of_every_record(long_cell),
    "a negative total": totals(b"-7"),
    "a total in words": totals(b'"many"'),
    "a total without end": totals(b"9" * DIGITS),
    "a total of a trillion": totals(b"1000000000000"),
    "more than was asked for": says(many_times),
    "lists in lists": says(all_lists([[[[]]], [[]]])),
    "records that are none": says(all_lists([1, None, "a", True, 1.5, []])),
    "records that are empty": says(all_lists([{}, {}, {}])),
    "objects for lists": says(all_lists({"0": {}})),
}


class Hostile(Meddler):
    """A proxy whose answers to some requests are an attack."""

    def __init__(self, upstream: str, rule: Rule = lambda _: None) -> None:
        """Honest until ``attack`` is set."""
        super().__init__(upstream, rule)
        self.attack: Attack | None = None
        self.where: Callable[[str, str], bool] = lambda _method, _path: False
        self.attacks = 0
        self.most = MOST
        honest: Any = self._server.RequestHandlerClass

        def reply(handler: Any, *answered: Any, **options: Any) -> None:
            struck = self.where(handler.command, handler.path)
            if self.attack is None or not struck or self.attacks >= self.most:
                honest.reply(handler, *answered, **options)
                return
            self.attacks += 1
            handler.close_connection = True
            try:
                self.attack(handler.wfile.write, answered[2])
                handler.wfile.flush()
            except OSError:
                return

        self._server.RequestHandlerClass = type("Lying", (honest,), {"reply": reply})
