from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.model.outcome import FailureKind
from sync.model.request import Answer
from sync.wire.failures import (
    MAX_BODY,
    UnreadableError,
    bloated,
    classify,
    parse_json,
    redact,
    retry_after,
    summary,
)

IMSX = {
    "imsx_codeMajor": "failure",
    "imsx_severity": "error",
    "imsx_description": "no user anna.smith@school.example here",
    "imsx_CodeMinor": {
        "imsx_codeMinorField": [
            {
                "imsx_codeMinorFieldName": "TargetEndSystem",
                "imsx_codeMinorFieldValue": "unknownobject",
            }
        ]
    },
}


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, named, raw)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207])
def test_every_2xx_is_a_success(status: int) -> None:
    assert classify(answer(status), write=True) is None


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ((408, 425, 429, 500, 502, 503, 504, 520), FailureKind.RETRY),
        ((301, 302, 303, 304, 307, 308, 401, 403), FailureKind.FATAL),
        ((400, 404, 405, 409, 413, 415, 422, 501, 505), FailureKind.REJECT),
    ],
)
def test_a_status_decides_the_kind(
    statuses: tuple[int, ...], kind: FailureKind
) -> None:
    failures = [classify(answer(status), write=True) for status in statuses]
    assert [failure.kind for failure in failures if failure] == [kind] * len(statuses)


@pytest.mark.parametrize(
    ("status", "headers", "write", "doubt"),
    [
        (500, {}, True, True),
        (502, {}, True, True),
        (503, {}, True, True),
        (504, {}, True, True),
        (503, {"retry_after": "3"}, True, False),
        (429, {}, True, False),
        (400, {}, True, False),
        (500, {}, False, False),
    ],
)
def test_only_a_write_that_may_have_happened_is_in_doubt(
    status: int, headers: dict[str, str], write: bool, doubt: bool
) -> None:
    failure = classify(answer(status, **headers), write=write)
    assert failure is not None
    assert failure.in_doubt is doubt


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (IMSX, "unknownobject", "no user …@… here"),
        ({"statusInfoSet": [IMSX]}, "unknownobject", "no user …@… here"),
        ({"imsx_codeMinor": "invalid_data"}, "invalid_data", ""),
        ({"error": "invalid_client"}, "invalid_client", "invalid_client"),
        ({"error": {"message": "bad id"}}, "http_400", "bad id"),
        ({"detail": "not so"}, "http_400", "not so"),
        (b"plain words", "http_400", "plain words"),
        (b"", "http_400", ""),
        (b'{"broken', "http_400", '{"broken'),
        ([], "http_400", "[]"),
        ({"imsx_CodeMinor": {"imsx_codeMinorField": [7]}}, "http_400", None),
        (
            b"<html><head><title>x</title></head><body><h1>502 Bad &amp; ugly</h1>",
            "http_400",
            "502 Bad & ugly",
        ),
    ],
)
def test_the_message_is_what_the_server_said(
    body: object, code: str, message: str | None
) -> None:
    failure = classify(answer(400, body), write=True)
    assert failure is not None
    assert failure.code == code
    assert message is None or failure.message == message


def test_a_redirect_names_the_configuration() -> None:
    failure = classify(answer(302, b"go", location="https://evil.example"), write=False)
    assert failure is not None
    assert "the address in the configuration is wrong" in failure.message
    assert "evil" not in failure.message


@settings(deadline=None)
@given(st.text(max_size=2000))
def test_a_message_is_short_printable_and_without_addresses(text: str) -> None:
    shown = redact(text + " anna.smith@school.example anna%40school.example " + text)
    assert len(shown) <= 300
    assert shown.isprintable()
    assert "school.example" not in shown


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_body_makes_some_message(body: bytes) -> None:
    failure = classify(Answer(500, {}, body), write=False)
    assert failure is not None
    assert failure.message.isprintable()
    assert failure.code


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": " 0 "}, 0.0),
        ({"retry_after": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry_after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        (
            {
                "retry_after": "Sat, 21 Nov 2026 09:00:05 GMT",
                "date": "Sat, 21 Nov 2026 09:00:00 GMT",
            },
            5.0,
        ),
        ({"retry_after": "-3"}, None),
        ({"retry_after": "1.5"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "²"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_both_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    noon = 1795262400.0
    assert retry_after(answer(429, **headers), noon) == seconds


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 100_000,
        b"[" * 1_000_000,
        b'{"a": "' + b"\\" * 301 + b'", "b": ' + b"[" * 65 + b"]" * 65 + b"}",
    ],
    ids=range(9),
)
def test_json_outside_the_limits_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse_json(Answer(200, {}, body))


def test_an_oversized_body_is_unreadable() -> None:
    with pytest.raises(UnreadableError):
        parse_json(Answer(200, {}, b" " * (MAX_BODY + 1)))


def nested(depth: int, mixed: bool) -> bytes:
    value: object = 0
    for level in range(depth - 1):
        value = {"a": value} if mixed and level % 2 else [value]
    return json.dumps([value, *([1] for _ in range(70))]).encode()


@pytest.mark.parametrize("mixed", [True, False])
def test_sixty_four_levels_are_read_and_no_more(mixed: bool) -> None:
    assert parse_json(Answer(200, {}, nested(64, mixed)))
    with pytest.raises(UnreadableError, match="deeper"):
        parse_json(Answer(200, {}, nested(65, mixed)))


@settings(deadline=None)
@given(st.lists(st.text('[]{}\\"a\n'), max_size=80))
def test_brackets_inside_of_texts_are_no_depth(texts: list[str]) -> None:
    body = json.dumps({"deep": [[texts]]}).encode()
    assert parse_json(Answer(200, {}, body)) == {"deep": [[texts]]}


@pytest.mark.parametrize(
    "body",
    [
        b'{"imsx_description": "student Maria Planted, born 2011-04-05"}',
        b'{"error": "Maria Planted is not allowed"}',
        b"<h1>Maria Planted</h1>",
    ],
)
def test_the_summary_of_a_refusal_repeats_nothing_that_the_server_says(
    body: bytes,
) -> None:
    failure = classify(Answer(400, {}, body), write=False)
    assert failure is not None
    assert summary(failure) == "400 http_400"
    assert "Maria" in failure.message


@pytest.mark.parametrize(
    ("piece", "times", "refused"),
    [
        (b"{},", 600_000, False),
        (b"{}  ,   ", 600_000, True),
        (b"1,", 4_200_000, True),
        (b'"abcdefgh",', 400_000, False),
        (b'"%s",' % (b"a" * 60_000), 100, False),
        (b'"%s",' % (b"a" * 70_000), 100, True),
    ],
)
def test_a_large_body_is_bloated_by_more_values_or_text_than_a_list_has(
    piece: bytes, times: int, refused: bool
) -> None:
    assert bloated(b"[" + piece * times + b"1]") is refused
