"""The header: where it stands, its delimiter, what its columns are called."""

from __future__ import annotations

import pytest

from sync.model.roster import ROW
from sync.read.table import read_table

DELIMITERS = {",": [], ";": ["RS024"], "\t": ["RS024"], "|": ["RS024"]}


def read(raw: bytes) -> tuple[list[str], list[tuple[object, ...]], list[str]]:
    """Names, rows and codes of a file that is not refused."""
    table, findings = read_table("x.csv", raw)
    assert table is not None, findings.frame.rows()
    assert table.frame.columns[-1] == ROW
    return list(table.headers), table.frame.rows(), findings.frame["code"].to_list()


def found(raw: bytes) -> list[tuple[object, ...]]:
    _, findings = read_table("x.csv", raw)
    return findings.frame.select("code", "line", "column").rows()


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_delimiter_is_found_in_the_header(
    delimiter: str, quoted: bool, end: str, codec: str
) -> None:
    others = "".join(one for one in DELIMITERS if one != delimiter)
    lines = [["id", "náme", "a"], ["1", f"x{others}y" if quoted else "x", ""]]
    if quoted:
        lines = [[f'"{cell}"' for cell in line] for line in lines]
    text = end.join(delimiter.join(line) for line in lines)
    names, rows, codes = read(text.encode(codec))
    assert names == ["id", "náme", "a"]
    assert rows == [("1", f"x{others}y" if quoted else "x", "", 2)]
    assert codes == (["RS021"] if codec == "cp1252" else []) + DELIMITERS[delimiter]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a;b;c,d", ";"),
        ("a,b;c", ","),
        ('"a;b;c",d', ","),
        ('"x,""y,z";d', ";"),
        ("a", ","),
        ("a\tb|c|d", "|"),
    ],
)
def test_the_delimiter_is_the_commonest_outside_of_quotes(
    header: str, expected: str
) -> None:
    table, _ = read_table("x.csv", f"{header}\n".encode())
    assert table is not None
    assert table.delimiter == expected


SEPARATED = b"a;b\n1;2,3\n"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    ("line", "row"),
    [
        (b"sep=;\n", 3),
        (b"SEP=;\r\n", 3),
        (b"sep=;  \n", 3),
        (b"sep=;;;;\n", 3),
        (b'"sep=;"\n', 3),
        (b'"sep=,";;;\n', 3),
        (b"\nsep=;\n\n", 5),
        (b"sep=;\r\r", 4),
    ],
)
def test_a_line_that_declares_the_delimiter_is_believed_and_counts_as_a_line(
    mark: bytes, line: bytes, row: int
) -> None:
    assert read(mark + line + SEPARATED) == (["a", "b"], [("1", "2,3", row)], [])


def test_a_declared_delimiter_is_believed_against_the_commonest() -> None:
    assert read(b"sep=;\na,b,c;d\n1;2\n") == (["a,b,c", "d"], [("1", "2", 3)], [])


def test_what_looks_like_a_declaration_twice_is_a_header_the_second_time() -> None:
    names, _, _ = read(b"sep=,\nsep=,\n1,\n")
    assert names == ["sep="]


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "raw",
    [
        BOM + b"a,b\n1,2\n",
        BOM + b'"a","b"\n1,2\n',
        BOM + BOM + b'"a","b"\n1,2\n',
        BOM.decode("cp1252").encode() + b'"a",b\n1,2\n',
        BOM + BOM.decode("cp1252").encode() + b"a,b\n1,2\n",
        '\ufeff\ufeff"a",b\n1,2\n'.encode("utf-16"),
        b'" a\t", b \n1,2\n',
        b'"a" ,"b" \n1,2\n',
        "\u200ba,\u00a0b\u00a0\n1,2\n".encode(),
        b"a,b,,\n1,2\n",
        b'a,b," ",""\n1,2\n',
        b"a,b\n1,2",
    ],
)
def test_marks_and_spaces_around_names_are_no_part_of_them(raw: bytes) -> None:
    assert read(raw) == (["a", "b"], [("1", "2", 2)], [])


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("\n", 3),
        ("\n\r\n\r", 5),
        (" \n", 3),
        ("\t\n", 3),
        (",,,\n", 3),
        (";;\n", 3),
        ('"",""\n', 3),
        ('" "\n', 3),
        ('"\n"\n', 4),
        ('"","\n"\n,\n', 5),
        ("\u200b\n", 3),
    ],
)
@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig"])
def test_the_header_is_the_first_line_that_is_not_blank(
    before: str, line: int, mark: str
) -> None:
    assert read(f"{before}a,b\n1,2\n".encode(mark)) == (
        ["a", "b"],
        [("1", "2", line)],
        [],
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", [("RS030", None, None)]),
        (BOM, [("RS030", None, None)]),
        (b"\xff\xfe", [("RS030", None, None)]),
        (b"\n\r\n \n,,\n", [("RS030", None, None)]),
        (b"\x1a", [("RS030", None, None)]),
        (b"sep=;\n", [("RS030", None, None)]),
        (b'""\n"\n"\n', [("RS030", None, None)]),
        (b"a,b", [("RS031", None, None)]),
        (b"a,b\n\n,\n", [("RS031", None, None)]),
        (b"a,b,a\n1,2,3\n", [("RS032", 1, "a")]),
        (b"\na,b, A \n1,2,3\n", [("RS032", 2, "A")]),
        (b'a,"b "," B"\n', [("RS032", 1, "B")]),
        (b"a,b,A,B\n", [("RS032", 1, "A"), ("RS032", 1, "B")]),
        ("é,É\n".encode(), [("RS032", 1, "É")]),
        ("stra\u00dfe,STRASSE\n".encode(), [("RS032", 1, "STRASSE")]),
        (b"a,,b\n1,2,3\n", [("RS033", 1, None)]),
        (b"a,_row\n1,2\n", [("RS033", 1, None)]),
        (b"\n" + b"," * 16_384 + b"a\n", [("RS040", 2, None)]),
        (b'"\n', [("RS037", 1, None)]),
        (b'a,"b\n1,2\n', [("RS037", 1, None)]),
        (b'\n\na,"b\n1,2\n', [("RS037", 3, None)]),
        (b'a,"b\n1,"2"\n', [("RS037", 1, None)]),
        (b'sep=;\n"a;b\n1;2\n', [("RS037", 2, None)]),
    ],
)
def test_what_is_wrong_with_a_header_is_found_at_its_line(
    raw: bytes, expected: list[tuple[object, ...]]
) -> None:
    assert found(raw) == expected


def test_there_are_no_comments() -> None:
    names, rows, _ = read(b"#id,name\n#1,x\n")
    assert (names, rows) == (["#id", "name"], [("#1", "x", 2)])


def test_a_column_without_a_name_is_left_alone_with_what_is_in_it() -> None:
    assert read(b"a,,b\n1,2,3\n")[:2] == (["a", "b"], [("1", "3", 2)])
    assert found(b"a,b,,\n1,2,3,\n") == [("RS035", 2, None)]
