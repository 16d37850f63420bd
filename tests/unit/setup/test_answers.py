from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.errors import UsageError
from sync.setup.answers import complete, without_files
from sync.setup.questions import KINDS, QUESTIONS, Known, Question
from sync.targets.registry import KINDS as REGISTERED

ONEROSTER = {"kind": "oneroster", "address": "https://sis.example/ims"}


class Person:
    """Somebody who types one line after the other."""

    def __init__(self, *lines: str) -> None:
        self.lines: Iterator[str] = iter(lines)
        self.asked: list[str] = []
        self.wrong: list[str] = []

    def __call__(
        self, question: Question, known: Known, default: str | None, wrong: str
    ) -> str:
        self.asked.append(question.name)
        self.wrong += [wrong] if wrong else []
        return next(self.lines)


def test_every_kind_of_the_registry_can_be_chosen() -> None:
    assert set(KINDS) == set(REGISTERED)


def test_every_question_is_an_option_of_init() -> None:
    from tests.docs.pages import command_group  # noqa: PLC0415 - the command line

    taken = {
        name for one in command_group().commands["init"].params for name in one.opts
    }
    assert {one.flag for one in QUESTIONS} <= taken


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (
            {"kind": "TimeBack", "address": " Staging"},
            {"kind": "timeback", "address": "staging"},
        ),
        (
            {"kind": "timeback", "address": "http://127.0.0.1:8765/"},
            {
                "kind": "timeback",
                "address": "http://127.0.0.1:8765",
                "api-address": "http://127.0.0.1:8765",
                "token-address": "http://127.0.0.1:8765/oauth2/token",
            },
        ),
        (
            {"kind": "schoology"},
            {"kind": "schoology", "address": "https://api.schoology.com/v1"},
        ),
        (
            {"kind": "openedx", "address": "https://lms.example"},
            {"kind": "openedx", "address": "https://lms.example"},
        ),
        (
            {
                "kind": "oneroster",
                "address": "https://sis.example/ims/v1p1",
                "sign-in": "consumer",
            },
            {
                "kind": "oneroster",
                "address": "https://sis.example/ims/v1p1",
                "sign-in": "consumer",
                "writes": "none",
            },
        ),
        (
            {**ONEROSTER, "token-address": "https://sis.example/token"},
            {
                **ONEROSTER,
                "oneroster-version": "1.2",
                "token-address": "https://sis.example/token",
                "writes": "none",
            },
        ),
    ],
)
def test_what_has_a_default_need_not_be_answered(
    given: dict[str, str], known: dict[str, str]
) -> None:
    usual = {"target": "district", "timezone": "America/Chicago", "state-dir": "state"}
    assert complete({"timezone": "America/Chicago", **given}, None) == known | usual


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "--kind and --address are missing"),
        ({"kind": "timeback"}, "--address is missing"),
        ({"kind": "oneroster"}, "--address is missing"),
        (ONEROSTER, "--token-address is missing"),
        (
            {"kind": "timeback", "address": "https://platform.example"},
            "--token-address is missing",
        ),
        ({"kind": "canvas"}, "--kind: it takes timeback, oneroster"),
        ({"kind": "schoology", "address": "https://x.example"}, "must end in /v1"),
        ({"kind": "openedx", "address": "https://x.example/lms"}, "without a path"),
        ({"kind": "openedx", "address": "http://x.example"}, "unencrypted"),
        ({"kind": "openedx", "address": "staging"}, "is not an address"),
        ({"kind": "schoology", "token-address": "x"}, "--token-address has no effect"),
        (
            {"kind": "timeback", "address": "staging", "writes": "put"},
            "--writes has no effect",
        ),
        (
            {"kind": "timeback", "address": "staging", "target": ""},
            "--target: it takes up to 64",
        ),
        (
            {"kind": "timeback", "address": "staging", "state-dir": " "},
            "--state-dir: it takes a folder",
        ),
        (
            {"kind": "timeback", "address": "staging", "timezone": "Chicago"},
            '--timezone: no such time zone; did you mean "America/Chicago"',
        ),
    ],
)
def test_an_option_that_is_missing_or_wrong_is_named(
    given: dict[str, str], named: str
) -> None:
    with pytest.raises(UsageError) as raised:
        complete(given, None)
    assert named in raised.value.message


def test_without_files_all_that_is_missing_is_named_at_once() -> None:
    message = without_files({"target": "north"}).message
    assert message.startswith("DROP and --kind and --address are missing")


def test_a_person_is_asked_for_what_no_option_says_until_it_will_do() -> None:
    person = Person("six", "timeback", "production", "a name", "north", "", "")
    answers = complete({"timezone": None}, person)
    asked = ["kind", "kind", "address", "target", "target", "timezone"]
    asked.append("state-dir")
    assert person.asked == asked
    assert [one.split(",")[0] for one in person.wrong] == [
        "it takes timeback",
        "it takes up to 64 letters",
    ]
    assert (answers["address"], answers["target"]) == ("production", "north")


def test_options_are_not_asked_for_again() -> None:
    person = Person("north")
    given = {"kind": "edubridge", "address": "staging", "timezone": "America/Denver"}
    given["state-dir"] = "/var/lib/roster-sync"
    assert complete(given, person)["target"] == "north"
    assert person.asked == ["target"]
