"""The log says what happened and never to whom."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import stat
import urllib.parse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pydantic
import pytest
import structlog

from sync.errors import TargetError
from sync.log import ALLOWED, LEVELS, configure, described, get_logger, run_log

CANARIES = ("Canaryjose", "canary.cruz@example.org", "555-867-5309", "[bold]canary")


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    root, names = logging.getLogger(), ("httpx", "httpcore", "asyncio", "uvicorn")
    handlers = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    configure()
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("ascii").splitlines()]


def _forms(canary: str) -> list[str]:
    return [
        *(canary, canary.upper(), canary.lower(), urllib.parse.quote(canary)),
        base64.b64encode(canary.encode()).decode(),
        json.dumps(canary)[1:-1],
    ]


def _leaks(text: str) -> list[str]:
    return [form for canary in CANARIES for form in _forms(canary) if form in text]


def test_a_line_of_the_file_is_json_with_the_run_bound(tmp_path: Path) -> None:
    configure("warning", io.StringIO(), None)

    with run_log(tmp_path / "log.jsonl", run="r-1", target="district"):
        get_logger().info("page_read", entity="students", count=200, seconds=0.4)

    (line,) = _lines(tmp_path / "log.jsonl")
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "event": "page_read",
        "run": "r-1",
        "target": "district",
        "entity": "students",
        "count": 200,
        "seconds": 0.4,
    }


def test_each_run_has_its_own_file_and_nothing_after_it_ends(tmp_path: Path) -> None:
    configure("warning", io.StringIO(), None)
    log = get_logger()

    for run in ("r-1", "r-2"):
        with run_log(tmp_path / run, run=run):
            log.info("run_started")
    log.info("afterwards")

    assert [line["run"] for line in _lines(tmp_path / "r-1")] == ["r-1"]
    assert [line["run"] for line in _lines(tmp_path / "r-2")] == ["r-2"]


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    configure("warning", io.StringIO(), tmp_path / "log.jsonl")

    assert stat.S_IMODE((tmp_path / "log.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("level", "on_stream", "in_file"),
    [
        ("warning", ["warning", "error"], ["info", "warning", "error"]),
        ("error", ["error"], ["info", "warning", "error"]),
        ("info", ["info", "warning", "error"], ["info", "warning", "error"]),
        ("debug", list(LEVELS), list(LEVELS)),
    ],
)
def test_the_stream_has_what_was_asked_for_and_the_file_the_story(
    tmp_path: Path, level: str, on_stream: list[str], in_file: list[str]
) -> None:
    stream = io.StringIO()
    configure(level, stream, tmp_path / "log.jsonl")
    log = get_logger()

    for each in LEVELS:
        getattr(log, each)("step_done")

    assert [line.split()[1] for line in stream.getvalue().splitlines()] == on_stream
    assert [line["level"] for line in _lines(tmp_path / "log.jsonl")] == in_file


@pytest.mark.parametrize("level", list(LEVELS))
@pytest.mark.parametrize("canary", CANARIES)
def test_unknown_keys_are_dropped_and_counted_at_every_level(
    tmp_path: Path, level: str, canary: str
) -> None:
    stream = io.StringIO()
    configure("debug", stream, tmp_path / "log.jsonl")

    unknown: dict[str, Any] = {
        "given_name": canary,
        "row": {"email": canary},
        canary: 1,
    }
    getattr(get_logger(), level)("row_seen", entity="students", **unknown)

    (line,) = _lines(tmp_path / "log.jsonl")
    assert line["dropped"] == 3
    assert line["entity"] == "students"
    assert _leaks(stream.getvalue() + json.dumps(line)) == []


@pytest.mark.parametrize(
    "value",
    [
        ["Canaryjose"],
        {"name": "Canaryjose"},
        {"Canaryjose@": 1},
        pl.DataFrame({"givenName": ["Canaryjose"]}),
        ValueError("Canaryjose"),
        b"Canaryjose",
    ],
)
@pytest.mark.parametrize("key", ["count", "counts", "key", "code"])
def test_a_known_key_carries_a_plain_value_or_nothing(
    tmp_path: Path, key: str, value: object
) -> None:
    configure("debug", io.StringIO(), tmp_path / "log.jsonl")

    get_logger().info("row_seen", **{key: value})

    assert _leaks((tmp_path / "log.jsonl").read_text()) == []
    assert _lines(tmp_path / "log.jsonl")[0]["dropped"] == 1


def test_counts_by_name_pass(tmp_path: Path) -> None:
    configure("debug", io.StringIO(), tmp_path / "log.jsonl")

    get_logger().info("findings_made", counts={"RS112": 3, "academicSessions": 1})

    assert _lines(tmp_path / "log.jsonl")[0]["counts"] == {
        "RS112": 3,
        "academicSessions": 1,
    }


def test_an_address_is_masked_even_as_a_key_and_a_path_loses_its_query(
    tmp_path: Path,
) -> None:
    stream = io.StringIO()
    configure("debug", stream, tmp_path / "log.jsonl")

    get_logger().warning(
        "operation_failed",
        key="canary.cruz@example.org",
        path="/users?filter=givenName='Canaryjose'",
    )

    assert _leaks(stream.getvalue() + (tmp_path / "log.jsonl").read_text()) == []


@pytest.mark.parametrize(
    "event", [*CANARIES, "student Canaryjose rejected", "x\nforged line", ""]
)
def test_an_event_that_is_not_a_name_is_withheld(tmp_path: Path, event: str) -> None:
    configure("debug", io.StringIO(), tmp_path / "log.jsonl")

    get_logger().info(event)

    (line,) = _lines(tmp_path / "log.jsonl")
    assert line["event"] == "unnamed"


class _Person(pydantic.BaseModel):
    age: int


def _cast() -> None:
    pl.Series(["Canaryjose"]).cast(pl.Int64)


def _validate() -> None:
    _Person.model_validate({"age": "Canaryjose"})


def _answer() -> None:
    request = httpx.Request("GET", "https://x.example/?email=canary.cruz@example.org")
    httpx.Response(400, request=request).raise_for_status()


def _chain() -> None:
    try:
        _cast()
    except pl.exceptions.PolarsError as error:
        msg = "Canaryjose again"
        raise KeyError(msg) from error


def _group() -> None:
    inside = [ValueError("555-867-5309"), KeyError("x")]
    msg = "Canaryjose"
    raise ExceptionGroup(msg, inside)


@pytest.mark.parametrize("fault", [_cast, _validate, _answer, _chain, _group])
def test_an_exception_leaves_its_type_and_frames_and_never_its_text(
    tmp_path: Path, fault: Any
) -> None:
    stream = io.StringIO()
    configure("debug", stream, tmp_path / "log.jsonl")
    given_name = "Canaryjose"

    try:
        fault()
    except Exception:  # noqa: BLE001 - whatever the fault is, it is what is logged
        get_logger().exception("run_failed", place=len(given_name))

    text = stream.getvalue() + (tmp_path / "log.jsonl").read_text()
    assert _leaks(text) == []
    (line,) = _lines(tmp_path / "log.jsonl")
    assert line["exception"]["type"]
    assert any(fault.__name__ in frame for frame in line["exception"]["frames"])


def test_a_chain_is_told_link_by_link() -> None:
    with pytest.raises(KeyError) as caught:
        _chain()

    told = described(caught.value)
    assert told["type"] == "builtins.KeyError"
    assert told["cause"]["type"].startswith("polars.exceptions.")


def test_our_own_errors_keep_their_sentence() -> None:
    told = described(TargetError("no answer from the host", do="run again"))

    assert told["message"] == "no answer from the host; run again"


def test_an_error_that_is_its_own_context_ends() -> None:
    error = ValueError("Canaryjose")
    other = KeyError("x")
    error.__context__, other.__context__ = other, error

    assert _leaks(json.dumps(described(error))) == []


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore.http11", "asyncio", "uvicorn", "x"]
)
def test_other_libraries_lose_their_text(tmp_path: Path, name: str) -> None:
    stream = io.StringIO()
    configure("debug", stream, tmp_path / "log.jsonl")
    library = logging.getLogger(name)

    library.info("HTTP Request: GET ?email=%s", CANARIES[1])
    library.warning("trouble with %s", CANARIES[0])
    library.error(f"trouble with {CANARIES[2]}")

    text = stream.getvalue() + (tmp_path / "log.jsonl").read_text()
    assert _leaks(text) == []
    lines = _lines(tmp_path / "log.jsonl")
    assert [(line["level"], line["event"], line["logger"]) for line in lines] == [
        ("warning", "library_message", name),
        ("error", "library_message", name),
    ]
    assert lines[0]["place"].startswith("tests/unit/test_log.py:")


def test_a_request_of_httpx_leaves_nothing(tmp_path: Path) -> None:
    stream = io.StringIO()
    configure("debug", stream, tmp_path / "log.jsonl")

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200)

    async def ask() -> None:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get("https://x.example/", params={"email": CANARIES[1]})

    asyncio.run(ask())

    assert stream.getvalue() + (tmp_path / "log.jsonl").read_text() == ""


def test_loggers_of_structlog_itself_obey_the_same_rules(tmp_path: Path) -> None:
    configure("debug", io.StringIO(), tmp_path / "log.jsonl")

    structlog.get_logger("wire").info("row_seen", givenName="Canaryjose", count=1)

    (line,) = _lines(tmp_path / "log.jsonl")
    assert (line["count"], line["dropped"]) == (1, 1)


def test_a_logger_made_before_the_log_is_configured_obeys_it(tmp_path: Path) -> None:
    log = get_logger()
    configure("warning", io.StringIO(), tmp_path / "log.jsonl")

    log.info("step_done")

    assert len(_lines(tmp_path / "log.jsonl")) == 1


def test_configuring_again_does_not_say_things_twice(tmp_path: Path) -> None:
    for _ in range(3):
        configure("warning", io.StringIO(), tmp_path / "log.jsonl")

    logging.getLogger("httpx").warning("x")

    assert len(_lines(tmp_path / "log.jsonl")) == 1


def test_a_full_disk_does_not_end_the_run() -> None:
    with warnings.catch_warnings(), run_log(Path("/dev/full"), run="r-1"):
        get_logger().info("step_done")


def test_text_on_the_terminal_is_one_harmless_line() -> None:
    stream = io.StringIO()
    configure("warning", stream, None)

    get_logger().warning("operation_failed", key="a\x1b[31m\nb\u202e", status=422)

    (line,) = stream.getvalue().splitlines()
    assert line.endswith(r'operation_failed key="a\u001b[31m\nb\u202e" status=422')


def test_no_key_that_passes_is_a_column_of_people() -> None:
    personal = {"email", "phone", "username", "name", "value", "message", "before"}

    assert not ALLOWED & personal
