from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.config import DateRange, SecretRef, parse_duration
from sync.config.values import parse_date_range
from sync.errors import ConfigError, ExitCode


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("250ms", 0.25),
        ("30s", 30),
        ("1.5m", 90),
        ("24h", 86400),
        ("7d", 604800),
        ("0s", 0),
        (0, 0),
        (2.5, 2.5),
        (timedelta(seconds=4), 4),
    ],
)
def test_a_duration_is_read(value: object, seconds: float) -> None:
    assert parse_duration(value).total_seconds() == seconds


@pytest.mark.parametrize(
    "value",
    [
        *("", "30", "s", "30 s", " 30s", "30S", "-1s", "+1s", "1e3s", "1,5h", "1h30m"),
        *("٣s", "30s\n", "9999999999s", "3651d", ".5s", "5.s"),
        *(-1, float("nan"), float("inf"), True, None, [], {}),
    ],
)
def test_anything_else_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        parse_duration(value)


@given(st.integers(0, 3650), st.sampled_from(["s", "m", "h", "d"]))
def test_units_multiply(number: int, unit: str) -> None:
    of_one = parse_duration(f"1{unit}")
    assert parse_duration(f"{number}{unit}") == number * of_one


def test_a_range_covers_both_its_ends() -> None:
    summer = parse_date_range("2026-06-15/2026-08-20")
    assert summer == DateRange(date(2026, 6, 15), date(2026, 8, 20))
    days = [date(2026, 6, day) for day in (14, 15)]
    days += [date(2026, 8, day) for day in (20, 21)]
    assert [summer.covers(day) for day in days] == [False, True, True, False]
    assert parse_date_range(summer) is summer
    assert parse_date_range("2026-06-15/2026-06-15").covers(date(2026, 6, 15))


def reference(**place: object) -> SecretRef:
    return SecretRef.model_validate(place)


def test_a_secret_is_read_from_the_environment_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = reference(env="ROSTER_TEST_SECRET")
    monkeypatch.setenv("ROSTER_TEST_SECRET", "first")
    assert secret.reveal() == "first"
    monkeypatch.setenv("ROSTER_TEST_SECRET", "second")
    assert secret.reveal() == "second"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROSTER_TEST_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("ROSTER_TEST_SECRET", value)
    with pytest.raises(ConfigError) as caught:
        reference(env="ROSTER_TEST_SECRET").reveal()
    assert "ROSTER_TEST_SECRET" in caught.value.line()
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"s3cret", "s3cret"),
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\n", "s3cret"),
        (b" s3cret \n", " s3cret "),
        (b"two\n\n", "two\n"),
    ],
)
def test_one_line_end_behind_the_secret_is_not_part_of_it(
    tmp_path: Path, content: bytes, secret: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    file.chmod(0o600)
    assert reference(file=str(file)).reveal() == secret


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    file.write_text("CANARY")
    file.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        reference(file=str(file)).reveal()
    assert f"chmod 600 {file}" in caught.value.line()
    assert f"{mode:04o}" in caught.value.line()
    assert "CANARY" not in caught.value.line()


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "No such file"), (b"", "empty"), (b"\n", "empty"), (b"\xff", "not UTF-8")],
)
def test_a_secret_file_of_no_use_is_named(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.touch(0o600)
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        reference(file=str(file)).reveal()
    assert says in caught.value.line()
    assert str(file) in caught.value.line()


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"env": "A", "file": "b"},
        {"env": ""},
        {"file": ""},
        {"env": 3},
        {"env": "no-variable"},
        {"file": 3},
        {"value": "CANARY"},
    ],
)
def test_a_secret_stands_in_exactly_one_place(place: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="SecretRef"):
        reference(**place)


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert reference(file="~/key").file == Path("/home/somebody/key")
