"""The page says the biggest thing first, runs nothing, and keeps people's data."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import polars as pl
import pytest

from sync.model.finding import Finding, Findings, Severity
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.plan import Guard
from sync.report import (
    OUTCOME_SCHEMA,
    UNTOUCHED_SCHEMA,
    Account,
    Stage,
    operations_table,
    outcomes_table,
    page,
)
from sync.report.as_html import MAX_BARS, MAX_SHOWN, chart

Make = Callable[..., Any]

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "<!--<a href=javascript:alert(1)>",
    "&lt;script&gt;<iframe src=//x.example>",
    "\x1b[31m<b>\u202e",
]
_OURS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer"),
    *("section", "article", "div", "span", "p", "h1", "h2", "h3", "strong", "small"),
    *("table", "thead", "tbody", "tr", "th", "td", "ul", "li", "dl", "dt", "dd"),
    *("code", "pre", "br", "del", "ins", "svg", "rect"),
}


class _Tags(HTMLParser):
    """Which tags and attributes a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def _nothing() -> pl.DataFrame:
    return OUTCOME_SCHEMA.to_frame()


def _hostile(make_account: Make, payload: str, *, approved: bool) -> Account:
    finding = Finding(
        "RS1",
        Severity.REJECTED,
        payload,
        entity=payload,
        file=payload,
        line=3,
        column=payload,
        value=payload,
        hint=payload,
    )
    account = make_account(
        run=payload,
        target=payload,
        kind=payload,
        drop={"name": payload, "sha256": payload, "mode": payload},
        findings=Findings.of([finding]),
        guards=(Guard(payload, payload, payload, 1, 2, payload, True, payload),),
        stages=(Stage(payload, 1.0, 1, payload),),
        notes=(payload,),
        plan={"path": payload, "valid_until": payload},
        approved={"user": payload, "host": payload, "at": payload}
        if approved
        else None,
        digest=payload,
        advice=payload,
        entities={payload: {"rows": {"read": 1}}},
    )
    assert isinstance(account, Account)
    return account


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("reveal", [True, False])
def test_no_payload_becomes_markup(
    make_account: Make, make_operations: Make, payload: str, *, reveal: bool
) -> None:
    row = {
        "key": payload,
        "file": payload,
        "reason": payload,
        "fields": [payload],
        "before": {payload: payload},
        "after": {payload: payload},
    }
    failure = Failure(FailureKind.REJECT, 422, payload, payload)
    outcomes = outcomes_table([Outcome("op-0", State.FAILED, 422, None, failure)])
    table = operations_table(make_operations(row, row), outcomes)

    text = page(_hostile(make_account, payload, approved=reveal), table, reveal=reveal)

    seen = _Tags(text)
    assert set(seen.tags) <= _OURS
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert not {name for name, _ in seen.attributes} & {"href", "src", "style"}
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "49{%" not in text


def test_the_policy_allows_the_style_of_the_page_and_nothing_else(
    make_account: Make, make_operations: Make
) -> None:
    text = page(make_account(), operations_table(make_operations(), _nothing()))

    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert style is not None
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy[1].replace("&#39;", "'")
    assert policy[1].startswith("default-src 'none'")


def test_nothing_is_fetched_from_elsewhere(
    make_account: Make, make_operations: Make
) -> None:
    text = page(make_account(), operations_table(make_operations({}), _nothing()))

    assert not re.search(r"https?://|url\(|@import|<link|<script", text)


def test_every_table_header_has_a_scope_and_every_section_a_name(
    make_account: Make, make_operations: Make
) -> None:
    text = page(make_account(), operations_table(make_operations({}), _nothing()))

    assert not re.search(r"<th(?![^>]*scope=)[ >]", text)
    assert not re.search(r"<section(?! aria-labelledby=)", text)


def test_the_verdict_comes_before_everything_and_facts_last(
    make_account: Make, make_operations: Make
) -> None:
    text = page(make_account(), operations_table(make_operations(), _nothing()))

    headings = re.findall(r"<h[12][^>]*>(?:<span.*?</span>)?(.*?)</h", text)
    assert headings == [
        "Night of 21 Nov, district: 4 of 7 changes were made.",
        "What needs a person",
        "What the drop asked for",
        "Does it add up?",
        "Changes, field by field",
        "Findings in the files",
        "How the run went",
    ]


PERSON = {
    "givenName": "Canaryjose",
    "familyName": "Canarycruz",
    "email": "canary@example.org",
    "phone": "555-867-5309",
    "username": "canaryuser",
    "birthDate": "2012-03-04",
    "metadata.lunch": "canaryfree",
}
_TELLING = ("anaryjose", "anarycruz", "canary@", "867-53", "anaryuser", "2012-03")


def _about_a_person(make_account: Make, make_operations: Make, *, reveal: bool) -> str:
    row = {"fields": list(PERSON), "before": PERSON, "after": PERSON}
    findings = Findings.of(
        Finding(
            "RS1", Severity.REJECTED, f'"{value}" is wrong', column=name, value=value
        )
        for name, value in PERSON.items()
    )
    table = operations_table(make_operations(row), _nothing())
    return page(make_account(findings=findings), table, reveal=reveal)


def test_personal_data_is_masked_by_default(
    make_account: Make, make_operations: Make
) -> None:
    text = _about_a_person(make_account, make_operations, reveal=False)

    assert [part for part in (*_TELLING, "anaryfree") if part in text] == []
    assert "masked here" in text


def test_personal_data_is_shown_to_those_who_ask(
    make_account: Make, make_operations: Make
) -> None:
    text = _about_a_person(make_account, make_operations, reveal=True)

    assert [part for part in _TELLING if part not in text] == []
    assert "keep it where only those read it who may" in text


def test_a_page_shows_some_of_each_kind_and_says_where_the_rest_is(
    make_account: Make, make_operations: Make
) -> None:
    many = make_operations(
        *({"verb": "create"} for _ in range(MAX_SHOWN + 10)), {"verb": "remove"}
    )

    text = page(make_account(), operations_table(many, _nothing()))

    assert f"{MAX_SHOWN} of {MAX_SHOWN + 11}, some of each kind" in text
    assert "operations.csv holds the rest" in text
    assert f"create students ({MAX_SHOWN - 1} of {MAX_SHOWN + 10})" in text
    assert "remove students (1)" in text


def test_more_findings_than_are_shown_are_in_the_sheet(
    make_account: Make, make_operations: Make
) -> None:
    found = Findings.of(
        Finding("RS1", Severity.NOTE, "m", line=n) for n in range(MAX_SHOWN + 1)
    )

    text = page(
        make_account(findings=found), operations_table(make_operations(), _nothing())
    )

    assert f"{MAX_SHOWN} of {MAX_SHOWN + 1}, some of each code" in text


def test_a_tripped_guard_shows_the_one_command_that_approves(
    make_account: Make, make_operations: Make
) -> None:
    guard = Guard("removals", "students", None, 9, 40, "5 %", True, "nine would end")

    text = page(
        make_account(guards=(guard,), outcome="held", approved=None),
        operations_table(make_operations(), _nothing()),
    )

    assert "roster-sync apply plan.rsplan --approve 3f9a3f9a3f9a<" in text
    assert "nine would end" in text


def test_a_guard_that_somebody_let_through_needs_nobody_any_more(
    make_account: Make, make_operations: Make
) -> None:
    guard = Guard("removals", "students", None, 9, 40, "5 %", True, "nine would end")

    text = page(
        make_account(guards=(guard,), approved={"user": "kim"}),
        operations_table(make_operations(), _nothing()),
    )

    assert "tripped and approved by kim" in text
    assert "--approve" not in text


@pytest.mark.parametrize(
    "until", [datetime(2026, 11, 22, 8, tzinfo=UTC), "2026-11-22T08:00:00+00:00"]
)
def test_times_are_shown_in_the_time_zone_of_the_run(
    make_account: Make, make_operations: Make, until: object
) -> None:
    plan = {"path": "plan.rsplan", "valid_until": until}

    text = page(
        make_account(plan=plan), operations_table(make_operations(), _nothing())
    )

    assert "valid until 2026-11-22 02:00:00 CST" in text


def test_sums_that_do_not_hold_are_marked(
    make_account: Make, make_operations: Make
) -> None:
    text = page(
        make_account(entities={"users": {"rows": {"read": 5, "accepted": 4}}}),
        operations_table(make_operations(), _nothing()),
    )

    assert "rows read <strong>5</strong> is not accepted 4" in text
    assert 'class="verdict bad"' in text


def test_nothing_to_do_for_a_person_is_said(
    make_account: Make, make_operations: Make
) -> None:
    calm = make_account(
        outcome="done",
        exit_code=0,
        findings=Findings.none(),
        differs=(),
        entities={},
        guards=(),
    )

    text = page(calm, operations_table(make_operations(), _nothing()))

    assert '<h2 id="attention">What needs a person</h2>\n<p>Nothing.</p>' in text


@pytest.mark.parametrize("seconds", [1, 3, MAX_BARS, MAX_BARS + 1, 5000])
def test_a_chart_has_few_bars_inside_its_field(seconds: int) -> None:
    drawn = chart([second % 7 + 1 for second in range(seconds)])

    assert drawn is not None
    assert 1 <= len(drawn.bars) <= MAX_BARS
    assert all(0 <= bar.y <= 120 and bar.x + bar.width <= 720.01 for bar in drawn.bars)
    assert drawn.seconds == seconds


def test_no_chart_is_drawn_when_nothing_was_sent() -> None:
    assert chart([]) is None
    assert chart([0, 0]) is None


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ((State.SKIPPED, None, "drift"), "The next run compares anew"),
        ((State.BLOCKED, None, "blocked"), ""),
        ((State.FAILED, None, "no_connection"), "has not answered (no connection)"),
        ((State.FAILED, 422, "invalid_data"), "The remote system answered 422 invalid"),
    ],
)
def test_an_answer_is_told_of_where_there_was_one(
    make_account: Make,
    make_operations: Make,
    ended: tuple[State, int | None, str],
    said: str,
) -> None:
    state, status, code = ended
    failure = Failure(FailureKind.REJECT, status, code, "why")
    outcomes = outcomes_table([Outcome("op-0", state, status, None, failure)])
    text = page(make_account(), operations_table(make_operations({}), outcomes))
    assert ("The remote system answered" in text) is (status is not None)
    assert said in text


def test_a_run_that_was_refused_asks_for_a_person_and_adds_nothing_up(
    make_account: Make, make_operations: Make
) -> None:
    refused = make_account(
        outcome="refused",
        exit_code=2,
        findings=Findings.none(),
        differs=(),
        entities={},
        guards=(),
        advice="the plan is too old; make a new one",
    )
    text = page(refused, operations_table(make_operations(), _nothing()))
    attention = text[text.index('id="attention"') : text.index('id="counts"')]
    assert "<p>Nothing.</p>" not in attention
    assert "the plan is too old; make a new one" in attention
    assert "Yes, every row" not in text
    assert "Nothing was counted" in text


def test_records_that_an_undo_leaves_need_a_person(
    make_account: Make, make_operations: Make
) -> None:
    rows = [("students", f"s-{n}", "frozen", "changed since run r") for n in range(7)]
    left = pl.DataFrame(
        [(*row, None, None) for row in rows], UNTOUCHED_SCHEMA, orient="row"
    )
    account = make_account(undoes="r", left=left, findings=Findings.none())
    text = page(account, operations_table(make_operations(), _nothing()))
    attention = text[text.index('id="attention"') : text.index('id="counts"')]
    assert "7 records of students: changed since run r" in attention
    assert "<code>s-4</code>" in attention
    assert "and 2 more, all in operations.csv" in attention
    assert "7 records were changed by others since and are left." in text


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ((False, False), "There since 22 Oct."),
        ((False, True), "There since 22 Oct, 1 of 2 new."),
        ((True, True), ""),
    ],
)
def test_failures_and_findings_say_since_when_they_are_there(
    make_account: Make,
    make_operations: Callable[..., pl.DataFrame],
    new: tuple[bool, ...],
    said: str,
) -> None:
    days = ["2026-11-21" if one else "2026-10-22" for one in new]
    news = {"new": pl.Series(new), "since": pl.Series(days, dtype=pl.String)}
    failed = outcomes_table([Outcome(f"op-{n}", State.FAILED, 422) for n in range(2)])
    table = operations_table(make_operations({}, {}), failed.with_columns(**news))
    account = make_account()
    found = pl.concat([account.findings.frame] * 2).with_columns(**news)
    html = page(replace(account, findings=Findings(found)), table)
    assert html.count("There since ") == (2 if said else 0)
    assert said in html
