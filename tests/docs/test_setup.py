"""The pages on installing and on cron say what ``init`` asks and what is printed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sync.errors import ExitCode
from sync.setup import files
from sync.setup.questions import QUESTIONS
from tests.docs.pages import blocks, rows, section, text_of
from tests.unit.setup.test_cron import JOB, lines, unit

PAGE = "docs/cron.md"
INSTALL = "docs/install.md"


def test_the_lines_of_cron_are_those_that_are_printed() -> None:
    (shown,) = blocks(section(text_of(PAGE), "cron"), "text")
    assert shown.splitlines() == lines(JOB, "roster-sync-district.crontab")


@pytest.mark.parametrize("number", [0, 1])
def test_the_units_of_the_page_are_those_that_are_printed(number: int) -> None:
    shown = blocks(text_of(PAGE), "ini")[number]
    name = ("roster-sync-district.service", "roster-sync-district.timer")[number]
    assert shown == files(JOB)[name]


def test_each_exit_code_is_there_and_the_service_does_as_the_table_says() -> None:
    table = rows(section(text_of(PAGE), "What each exit code asks for"))
    said = {int(row[0]): row[3] for row in table}
    assert set(said) == set(map(int, ExitCode)) - {ExitCode.CHANGES}
    service = unit(JOB, "roster-sync-district.service")["Service"]
    good = {0, int(service["SuccessExitStatus"])}
    final = set(map(int, service["RestartPreventExitStatus"].split()))
    assert {code for code, does in said.items() if does == "succeeds"} == good
    assert {code for code, does in said.items() if does == "fails"} == final
    assert said[ExitCode.TARGET_FAILED].startswith("starts again")


def test_every_unit_that_the_page_names_is_made() -> None:
    made = {*files(JOB), *files(replace(JOB, targets=("a", "b")))}
    named = re.findall(r"\broster-sync[a-z-]*\.(?:service|timer)", text_of(PAGE))
    assert named
    assert set(named) <= made


def test_the_options_of_init_are_the_questions_in_their_order() -> None:
    table = rows(section(text_of(INSTALL), "A first configuration"))
    said = [row[0].strip("`") for row in table if row[0].startswith("`--")]
    assert said == [*(one.flag for one in QUESTIONS), "--mapping"]
