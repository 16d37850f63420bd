from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync.model.entities import Entity
from sync.model.request import Answer
from sync.targets.common import columns, records
from sync.targets.common.columns import Opened, Reader
from sync.targets.oneroster import mirror
from sync.targets.oneroster.shapes import SHAPES
from sync.wire.failures import UnreadableError, parse_json

READERS: Mapping[str, Reader] = {
    "common enrollments": records.enrollments,
    "common classes": records.classes,
    "common courses": records.courses,
    "common orgs": records.orgs,
    "common sessions": records.sessions,
    **{
        f"OneRoster {entity.value}": reader
        for entity, shape in SHAPES.items()
        if isinstance(reader := mirror.READERS[shape.path], Reader)
    },
}
COMMON = READERS["common enrollments"]
EVERY = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


def enrollment(number: int, **more: Any) -> dict[str, Any]:
    return {
        "sourcedId": f"e{number}",
        "status": "active",
        "dateLastModified": "2026-11-20T00:00:00Z",
        "role": "student",
        "primary": "false",
        "beginDate": "2026-08-17",
        "endDate": "",
        "user": {"sourcedId": f"s{number % 7}", "type": "user", "href": "https://x/s"},
        "class": {"sourcedId": f"a class of a longer name {number % 5}"},
        "school": {"sourcedId": "o1"},
    } | more


LIST = [enrollment(number) for number in range(40)]


def said(found: list[Any], **written: Any) -> bytes:
    body = {"enrollments": found, "totalCount": 900, "limit": 40}
    return json.dumps(body, **written).encode()


def apart(body: bytes, reader: Reader = COMMON) -> Opened | None:
    try:
        return columns.taken_apart(Answer(200, {}, body), "enrollments", reader)
    except UnreadableError:
        return None


def parsed(body: bytes, reader: Reader = COMMON) -> pl.DataFrame:
    return reader(parse_json(Answer(200, {}, body))["enrollments"])


@pytest.mark.parametrize("name", ["common enrollments", "OneRoster enrollments"])
@pytest.mark.parametrize(
    "body",
    [
        said(LIST),
        said(LIST[:1]),
        said(LIST, separators=(",", ":")),
        said(LIST, indent=2),
        json.dumps({"totalCount": 3, "enrollments": LIST}).encode(),
        said([enrollment(1, primary=True), enrollment(2, primary=False)]),
        said([enrollment(1, endDate=None), enrollment(2)]),
        said([enrollment(number, primary=True) for number in range(9)]),
        said([enrollment(number, school=None) for number in range(9)]),
        said([{**LIST[0]}, dict(reversed(LIST[1].items()))]),
        said([enrollment(1, role="Zoë"), enrollment(2)]),
        said([enrollment(1, role="Zoë"), enrollment(2)], ensure_ascii=False),
        said([enrollment(1, role='say "a", {b}, [c]: \\ /'), enrollment(2)]),
        said([enrollment(1, role="}, {[:,]#~"), enrollment(2)]),
        said([enrollment(1, status="gone"), enrollment(2, status="")]),
        said([enrollment(1, metadata={}), enrollment(2, metadata=None)]),
    ],
)
def test_a_page_is_taken_apart_into_the_frame_that_parsing_it_gives(
    body: bytes, name: str
) -> None:
    reader = READERS[name]
    found = apart(body, reader)
    assert found is not None
    assert found.frame is not None
    assert_frame_equal(found.frame, parsed(body, reader))
    whole = parse_json(Answer(200, {}, body))
    assert found.body == {**whole, "enrollments": []}


LATER = [enrollment(1), enrollment(2)]


@pytest.mark.parametrize(
    "body",
    [
        said([]),
        said([*LATER, 5]),
        said([*LATER, None, []]),
        said([*LATER, {}]),
        said([*LATER, enrollment(3, sourcedId=None)]),
        said([*LATER, enrollment(3, sourcedId="")]),
        said([*LATER, enrollment(3, sourcedId=7)]),
        said([*LATER, enrollment(3, role=7.0)]),
        said([*LATER, enrollment(3, role=["student"])]),
        said([*LATER, enrollment(3, user="s1")]),
        said([*LATER, enrollment(3, user=[{"sourcedId": "s1"}])]),
        said([*LATER, enrollment(3, user={"sourcedId": 1})]),
        said([*LATER, enrollment(3, metadata={"goal": "1"})]),
        said([*LATER, enrollment(3, role="\ud83d")]),
        b'{"enrollments": [{"sourcedId": "a"}], "enrollments": []}',
        b'{"enrollments": [], "others": [{"sourcedId": "a"}]}',
        b'{"others": [{"sourcedId": "a"}]}',
        b'{"inner": {"enrollments": [{"sourcedId": "a"}]}}',
        b'[{"sourcedId": "a"}]',
        b"",
        said(LATER)[:-3],
    ],
)
def test_what_columns_cannot_hold_is_left_to_the_parser(body: bytes) -> None:
    assert apart(body) is None


ENDS = (b'{"enrollments":[{"sourcedId":"a"},', b',{"sourcedId":"c"}]}')


@pytest.mark.parametrize(
    "record",
    [
        b'{"sourcedId":"b","sourcedId":"c"}',
        b'{"sourcedId":"b","role":null,"role":null}',
        b'{"sourcedId":"b","user":{"sourcedId":"x","sourcedId":"x"}}',
        b'{"sourcedId":"b","other":{"x":1,"x":1}}',
        b'{"sourcedId":"b\n"}',
        b'{"sourcedId":"\\x"}',
        b'{"sourcedId":"\\u12"}',
        b'{"sourcedId":"\\u+123"}',
        b'{"sourcedId":"b","role":NaN}',
        b'{"sourcedId":"b","other":-Infinity}',
        b'{"sourcedId":"b","other":01}',
        b'{"sourcedId":"b","other":.5}',
        b'{"sourcedId":"b","other":' + b"[" * 63 + b"]" * 63 + b"}",
        b'{"sourcedId":"b",}',
        b'{"sourcedId" "b"}',
        b'{"sourcedId":"b":"c"}',
        b'{"a:":"status":"b"}',
        b"{'sourcedId':'b'}",
        b'{"sourcedId":"\xff"}',
        b'{"sourcedId":\xc2\xa0"b"}',
        b"{",
        b"#",
        b"",
        b'{"sourcedId":"b"} {"sourcedId":"b"}',
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_what_no_parser_takes_is_not_taken_apart(record: bytes, alone: bool) -> None:
    body = b'{"enrollments":[' + record + b"]}" if alone else record.join(ENDS)
    if alone and not record:
        return
    with pytest.raises(UnreadableError):
        parsed(body)
    assert apart(body) is None
    with pytest.raises(UnreadableError):
        columns.opened(Answer(200, {}, body.ljust(columns.LEAST)), "", COMMON)


@pytest.mark.parametrize("count", [1, 400])
def test_short_pages_are_parsed_and_long_ones_taken_apart(count: int) -> None:
    found = [enrollment(number) for number in range(count)]
    page = columns.opened(Answer(200, {}, said(found)), "enrollments", COMMON)
    assert (page.frame is None) == (count == 1)
    assert len(page.body["enrollments"]) == (1 if count == 1 else 0)


texts = st.sampled_from(
    [
        *("active", "a", "", "s1", "é\U0001f600", 'q"', "\\", "/", "\n", "\ud83d"),
        *("~", "#", "}, {", '"}, {"', ":", "17", "null", "a,b", " b "),
    ]
)
scalars = texts | st.none() | st.booleans() | st.integers(0, 9) | st.floats(0, 9)
references = st.dictionaries(
    st.sampled_from(["sourcedId", "type", "href", "other"]), scalars, max_size=3
)
nothing: st.SearchStrategy[Any] = st.sampled_from([None, "", [], {}])
anything = st.recursive(
    scalars | references,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner),
    max_leaves=4,
)
ODD = ("metadata", "password", "grades", "terms", "userSourcedId", "a:")
REFERENCES = ("user", "class", "school", "course", "org", "parent", "schoolYear")


def names_of(reader: Reader) -> list[str]:
    return sorted({path.partition(".")[0] for path in reader.paths})


def usual(name: str, number: int) -> Any:
    return {"sourcedId": f"r{number % 3}"} if name in REFERENCES else f"t{number % 4}"


@st.composite
def pages(draw: Callable[..., Any], reader: Reader) -> bytes:
    """Pages of records of one form, some of which differ here and there."""
    own = names_of(reader)
    names = draw(st.lists(st.sampled_from(own), max_size=6, unique=True))
    found: list[Any] = [
        {name: usual(name, number) for name in names}
        | {"sourcedId": f"e{number}", "status": "active"}
        for number in range(draw(st.integers(1, 6)))
    ]
    places = st.sampled_from(found)
    some = st.sampled_from([*own, *own, *ODD])
    for record, name, value in draw(
        st.lists(
            st.tuples(places, some, texts | nothing | references | anything), max_size=3
        )
    ):
        record[name] = value
    for record, name in draw(st.lists(st.tuples(places, some), max_size=2)):
        record.pop(name, None)
    if draw(st.integers(0, 9)) == 0:
        found.append(draw(anything))
    blanks = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")])
    return said(found, separators=draw(blanks), ensure_ascii=True)


@EVERY
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_both_ways_give_the_same_frame_of_whatever_is_listed(
    reader: Reader, data: st.DataObject
) -> None:
    body = data.draw(pages(reader))
    found = apart(body, reader)
    if found is not None and found.frame is not None:
        assert_frame_equal(found.frame, parsed(body, reader))


@given(pages(COMMON), st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_page_is_refused_by_both_ways_or_says_the_same(
    body: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(body)))
    new = data.draw(st.sampled_from([b"", b'"', b",", b":", b"{", b"}", b"\\", b"["]))
    size = data.draw(st.integers(0, 3))
    damaged = body[:at] + new + body[at + size :]
    found = apart(damaged)
    if found is not None and found.frame is not None:
        assert_frame_equal(found.frame, parsed(damaged))


def test_passwords_stand_in_no_frame() -> None:
    found = [enrollment(number, password=f"secret{number}") for number in range(9)]
    for reader in (COMMON, READERS[f"OneRoster {Entity.ENROLLMENTS.value}"]):
        page = apart(said(found), reader)
        assert page is not None
        assert page.frame is not None
        assert "secret" not in page.frame.write_csv()
