from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as Written

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.sandbox import Sandbox
from sync.sandbox.exchange import Call, Refusal
from sync.sandbox.schoology_forms import JSON, XML, answer, body, wanted, xml_bytes
from tests.support.schoology import client, held, small_school


@pytest.fixture
def schoology(sandbox: Sandbox, pool: httpx.HTTPTransport) -> httpx.Client:
    sandbox.load(small_school())
    return client(sandbox, pool, XML)


def call(content: bytes = b"", kind: str = JSON, accept: str = JSON) -> Call:
    headers = [(b"content-type", kind.encode()), (b"accept", accept.encode())]
    return Call("POST", "/v1/x", "", headers, content)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("application/json", JSON),
        ("text/xml", XML),
        ("TEXT/XML; charset=utf-8", XML),
        ("text/xml;q=0.9, application/json", JSON),
        ("text/xml, application/json;q=0.9", XML),
        ("text/html, application/json;q=0.1", JSON),
        ("*/*", JSON),
        ("text/*", XML),
    ],
)
def test_the_header_accept_chooses_the_form(accept: str, form: str) -> None:
    assert wanted(call(accept=accept)) == form


@pytest.mark.parametrize(
    ("accept", "status"),
    [("", 400), ("text/html", 406), ("text/xml;q=0", 406), ("text/xml;q=x", 400)],
)
def test_other_forms_are_refused(accept: str, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        wanted(call(accept=accept))
    assert refused.value.status == status


@pytest.mark.parametrize("root", ["body", "result", "anything"])
def test_xml_is_read_whatever_its_root_is_called(root: str) -> None:
    text = f"<{root}><uid>7001</uid><admin>0</admin><note/></{root}>"
    assert body(call(text.encode(), XML)) == {"uid": "7001", "admin": "0", "note": ""}


@pytest.mark.parametrize("count", [1, 2])
def test_enrollments_in_xml_are_a_list_even_when_there_is_one(count: int) -> None:
    one = "<enrollment><uid>7001</uid></enrollment>"
    text = f"<body><enrollments>\n{one * count}\n</enrollments></body>"
    read = body(call(text.encode(), XML))
    assert read == {"enrollments": {"enrollment": [{"uid": "7001"}] * count}}


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b"<body/>", "application/xml", 415),
        (b"{", JSON, 400),
        (b"", JSON, 400),
        (b"[]", JSON, 400),
        (b"\xff", JSON, 400),
        (b"<body>", XML, 400),
        (b"", XML, 400),
        (b"<body>7</body>", XML, 400),
        (b"{}", XML, 400),
        (b'<?xml version="1.0" encoding="nowhere"?><a><b/></a>', XML, 400),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><a><b>&e;</b></a>', XML, 400),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a><b/></a>', XML, 400),
    ],
)
def test_other_bodies_are_refused(content: bytes, kind: str, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        body(call(content, kind))
    assert refused.value.status == status


def test_xml_has_a_prologue_a_result_and_lists_as_repeated_elements() -> None:
    value = {"enrollment": [{"id": "1", "school_uid": ""}, {"id": "2"}], "total": "2"}
    assert xml_bytes(value).decode() == (
        '<?xml version="1.0" encoding="utf-8" ?>\n'
        "<result><enrollment><id>1</id><school_uid /></enrollment>"
        "<enrollment><id>2</id></enrollment><total>2</total></result>"
    )


@given(st.text())
def test_any_text_makes_xml_that_can_be_read(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    root = Written.fromstring(xml_bytes({"name": text}))  # noqa: S314 - our own
    sayable = "".join(c for c in text if c >= " " or c in "\t\n\r")
    assert (root.findtext("name") or "").split() == sayable.split()


def test_an_answer_says_which_form_it_has() -> None:
    reply = answer(call(accept=XML), 200, {"a": 1})
    assert (reply.content_type, reply.headers) == (
        b"text/xml",
        ((b"x-schoology", b"API"),),
    )


def test_a_list_in_xml_has_no_wrapper(schoology: httpx.Client) -> None:
    answer = schoology.get("sections/55/enrollments")
    assert answer.headers["content-type"] == "text/xml"
    root = Written.fromstring(answer.text)  # noqa: S314 - the sandbox's
    assert [part.tag for part in root] == ["enrollment", "total", "links"]
    assert root.findtext("enrollment/school_uid") == "S-17"
    assert root.findtext("enrollment/admin") == "0"


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("POST", "sections/55/enrollments", "uid=7002 admin=0 status=1"),
        (
            "POST",
            "enrollments",
            "realm=section section_id=55 uid=7002 admin=0 status=1",
        ),
        (
            "POST",
            "enrollments/import/course",
            "section_school_code=2026-MATH7-A school_uid=S-18",
        ),
        (
            "POST",
            "enrollments/import/course/13,14",
            "course_code=MATH7 section_code=A school_uid=S-18",
        ),
    ],
)
def test_every_bulk_creation_works_in_xml(
    sandbox: Sandbox, schoology: httpx.Client, method: str, path: str, fields: str
) -> None:
    pairs = [pair.split("=") for pair in fields.split()]
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in pairs)
    text = f"<body><enrollments><enrollment>{inner}</enrollment></enrollments></body>"
    answer = _sent(schoology, method, path, text)
    assert answer.status_code == 207, answer.text
    root = Written.fromstring(answer.text)  # noqa: S314 - the sandbox's
    [result] = root.findall("enrollments/enrollment")
    assert result.findtext("response_code") == "200"
    assert ("section", "55", "7002", 0, 1) in held(sandbox)


def test_one_enrollment_is_made_changed_and_deleted_in_xml(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    text = "<body><uid>7002</uid><admin>1</admin><status>1</status></body>"
    made = _sent(schoology, "POST", "sections/55/enrollments", text)
    root = Written.fromstring(made.text)  # noqa: S314 - the sandbox's
    path = f"sections/55/enrollments/{root.findtext('id')}"
    changed = _sent(schoology, "PUT", path, "<body><status>5</status></body>")
    assert (made.status_code, changed.status_code) == (201, 204)
    assert held(sandbox)[-1] == ("section", "55", "7002", 1, 5)
    assert schoology.delete(path).status_code == 204
    assert len(held(sandbox)) == 1


def test_many_are_changed_in_xml_by_uid(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    inner = "<enrollment><uid>7001</uid><status>2</status></enrollment>"
    text = f"<body><enrollments>{inner}</enrollments></body>"
    answer = _sent(schoology, "PUT", "sections/55/enrollments", text)
    assert "<response_code>200</response_code><id>900</id>" in answer.text
    assert held(sandbox) == [("section", "55", "7001", 0, 2)]


def _sent(someone: httpx.Client, method: str, path: str, text: str) -> Any:
    return someone.request(method, path, content=text, headers={"Content-Type": XML})
