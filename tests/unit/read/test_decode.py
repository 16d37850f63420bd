"""Bytes to text: encodings, line ends, NULs and the mark of an old end of file."""

from __future__ import annotations

import codecs
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.read.decode import decode, line_of

NAMES = "Zoë,Łódź"
"""Letters that Windows-1252 has, and such that it has not."""
WESTERN = "Zoë,Ærø"

LINE_ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}
ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8 with a mark": ("utf-8", codecs.BOM_UTF8),
    "utf-16 little": ("utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16 big": ("utf-16-be", codecs.BOM_UTF16_BE),
    "utf-16 little, no mark": ("utf-16-le", b""),
    "utf-16 big, no mark": ("utf-16-be", b""),
    "windows-1252": ("cp1252", b""),
}
NOTES = {
    "windows-1252": ["RS021"],
    "utf-16 little, no mark": ["RS022"],
    "utf-16 big, no mark": ["RS022"],
}


def codes(raw: bytes) -> list[tuple[str, int | None]]:
    _, findings = decode("x.csv", raw)
    return [(one.code, one.line) for one in findings]


def text(raw: bytes) -> str:
    decoded, _ = decode("x.csv", raw)
    assert decoded is not None
    return decoded.data.removeprefix(codecs.BOM_UTF8).decode()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("newline", LINE_ENDS)
@pytest.mark.parametrize("last", [True, False])
def test_every_encoding_with_every_line_end_is_one_text(
    encoding: str, newline: str, last: bool
) -> None:
    codec, mark = ENCODINGS[encoding]
    names = WESTERN if codec == "cp1252" else NAMES
    end = LINE_ENDS[newline]
    plain = f"id,name{end}1,{names}{end}2,x{end if last else ''}"
    raw = mark + plain.encode(codec)
    decoded, findings = decode("x.csv", raw)
    assert decoded is not None
    assert decoded.newline == newline
    assert encoding.startswith(decoded.encoding)
    assert [one.code for one in findings] == NOTES.get(encoding, [])
    assert text(raw) == plain.replace(end, "\n")


@pytest.mark.parametrize(
    ("raw", "newline", "expected"),
    [
        (b"a\r\nb\nc\r", "mixed", "a\nb\nc\n"),
        (b"a\r\n\rb", "mixed", "a\n\nb"),
        (b"a\n\rb\n", "mixed", "a\n\nb\n"),
        (b"a\r\r\nb", "mixed", "a\n\nb"),
        (b"a\r\nb\n", "mixed", "a\nb\n"),
        (b'"a\nb"\r\n', "mixed", '"a\nb"\n'),
        (b"\r\r", "cr", "\n\n"),
        (b"a", "lf", "a"),
        ("a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g\n".encode(), "lf", None),
    ],
)
def test_cr_lf_and_crlf_end_a_line_and_nothing_else_does(
    raw: bytes, newline: str, expected: str | None
) -> None:
    decoded, _ = decode("x.csv", raw)
    assert decoded is not None
    assert decoded.newline == newline
    assert decoded.data.decode() == (raw.decode() if expected is None else expected)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"a\nx\x81\n", [("RS020", 2)], id="not assigned"),
        pytest.param(b"a\n\xe9\n\n\x9d\n", [("RS020", 4)], id="only the fourth line"),
        pytest.param(b"a\r\xe9\r\x8d", [("RS020", 3)], id="lines that end with CR"),
        pytest.param(b"a\n\xe9\n\xc3\xa9\n", [("RS020", 2)], id="UTF-8 below"),
        pytest.param(b"a\n\xc3\xa9\n\xe9\n", [("RS020", 3)], id="UTF-8 above"),
        pytest.param(b"a\n\xe2\x82\xac\r\n\x80", [("RS020", 3)], id="two euro signs"),
        pytest.param(b"a\n\xc3", [("RS021", None)], id="half a character is 1252"),
        pytest.param(b"a\n\xc3\xa9\n\xc3", [("RS020", 3)], id="the last one is cut"),
        pytest.param(b"a\n\xed\xa0\x80\n", [("RS021", None)], id="half a surrogate"),
        pytest.param(b"a\n\xf5\xbf\xbf\xbf", [("RS021", None)], id="beyond Unicode"),
        pytest.param(b"\xef\xbb\xbfa\n1\n\xe9\n", [("RS020", 3)], id="marked UTF-8"),
        pytest.param(b"\xff\xfea\0\n\0b", [("RS020", 2)], id="odd number of bytes"),
        pytest.param(b"\xfe\xff\0a\0\n\0", [("RS020", 2)], id="odd, the other order"),
        pytest.param(b"a\0b\0\n\0001\0\n\0002", [("RS020", 3)], id="odd, no mark"),
        pytest.param(
            b"\xff\xfea\0\r\0\n\0\n\0\0\xd8b\0", [("RS020", 3)], id="lone surrogate"
        ),
        pytest.param(b"\xff\xfea\0\r\0\r\0b", [("RS020", 3)], id="UTF-16 with CR"),
    ],
)
def test_what_fits_no_encoding_refuses_the_file_at_its_line(
    raw: bytes, expected: list[tuple[str, int | None]]
) -> None:
    assert codes(raw) == expected


def test_every_byte_of_windows_1252_is_read_or_refused_as_its_table_says() -> None:
    for byte in range(0x80, 0x100):
        raw = b"a\n" + bytes([byte]) + b"x\n"
        try:
            letter = bytes([byte]).decode("cp1252")
        except UnicodeDecodeError:
            assert codes(raw) == [("RS020", 2)]
        else:
            assert text(raw) == f"a\n{letter}x\n"


NULS = {
    "in a cell": (b"a\n1\n2\0\n3\n", 3),
    "in the header": (b"a\0,b\n1,2\n", 1),
    "behind a CR": (b"a\r1\r\0", 3),
    "between CR and LF": (b"a\r\0\n", 2),
    "a run at the end": (b"a\r\n1\r\n\0\0\0", 3),
    "a run behind a cut row": (b"a\n1\n2" + b"\0" * 5000, 3),
    "a run and a line end": (b"a\n1\n\0\0\n", 3),
    "in quotes": (b'a\n"x\n\0"\n', 3),
    "nothing else": (b"\0" * 100, 1),
    "beside what is no UTF-8": (b"a\n\x81\n\0", 3),
    "behind a mark": (b"\xef\xbb\xbfa\n\0", 2),
}


@pytest.mark.parametrize("case", NULS)
def test_a_nul_refuses_the_file_at_its_line(case: str) -> None:
    raw, line = NULS[case]
    assert codes(raw) == [("RS023", line)]


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize(
    ("plain", "line"),
    [
        ("id,name\n1,Anna\n2,\0\n", 3),
        ("id,name\n1,Anna\n" + "\0" * 50, 3),
        ("id,name\r1,Anna\r" + "\0" * 5000, 3),
    ],
)
def test_a_nul_in_utf_16_refuses_the_file_too(
    order: str, mark: bool, plain: str, line: int
) -> None:
    raw = (("\ufeff" if mark else "") + plain).encode(order)
    assert codes(raw)[-1] == ("RS023", line)


ENDS = ["", "\n", "\r\n", "\r", "\r\n\r\n"]


@pytest.mark.parametrize(("end", "after"), [*itertools.product(ENDS, ENDS[:4])])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_lone_ctrl_z_at_the_end_is_ignored(end: str, after: str, codec: str) -> None:
    raw = f"a,b\n1,é{end}\x1a{after}"
    expected = f"a,b\n1,é{end}"
    if not end and after:
        expected = raw
    plain = expected.replace("\r\n", "\n").replace("\r", "\n")
    assert text(raw.encode(codec)) == plain


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\n\x1a\x1a", "a\n\x1a"),
        ("a\n\x1ab", "a\n\x1ab"),
        ("\x1a", ""),
        ("\x1a\r\n", ""),
        ("a\x1a\n1\n", "a\x1a\n1\n"),
        ("a\n\x1a\n1\n", "a\n\x1a\n1\n"),
    ],
)
def test_a_ctrl_z_anywhere_else_is_data(raw: str, expected: str) -> None:
    assert text(raw.encode()) == expected


@given(st.lists(st.sampled_from(["\r", "\n", "\r\n", "a", "é", "\x0b", "\u2028"])))
def test_the_line_of_a_byte_is_counted_like_an_editor_counts(parts: list[str]) -> None:
    data = "".join(parts).encode()
    plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert line_of(data + b"x", len(data)) == plain.count(b"\n") + 1
