"""What the terminal shows fits 80 columns and obeys nobody's markup."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from rich.console import Console, RenderableType

from sync.model.finding import Finding, Findings, Severity
from sync.model.operation import DRIFT_SCHEMA
from sync.model.plan import Guard, Plan
from sync.report import PARTS, Account, finding_lines, preview, summary


def _printed(parts: Iterable[RenderableType]) -> str:
    file = io.StringIO()
    console = Console(file=file, width=80, markup=False, highlight=False, emoji=False)
    for part in parts:
        console.print(part)
    return file.getvalue()


def _plan(operations: pl.DataFrame, **fields: Any) -> Plan:
    given: dict[str, Any] = {
        "guards": (),
        "account": {},
        "operations": operations.with_columns(pl.lit("{}", pl.String).alias("request")),
        **fields,
    }
    return Plan(
        id="p-1",
        run="r-1",
        target="district",
        kind="timeback",
        program="0.1.0",
        fingerprint="f",
        inputs={},
        created=datetime(2026, 1, 1, tzinfo=UTC),
        valid_until=datetime(2026, 1, 2, tzinfo=UTC),
        digest="d",
        **given,
    )


def test_a_summary_says_verdict_counts_and_findings(
    make_account: Callable[..., Account],
) -> None:
    lines = _printed(summary(make_account())).splitlines()

    assert lines[0] == "Night of 21 Nov, district: 4 of 7 changes were made."
    assert "students: 4 of 7 changes made" in lines
    assert "findings: RS112 1 (1 new)" in lines
    table = next(
        n for n, line in enumerate(lines) if "rejected" in line and "create" in line
    )
    assert lines[table].split() == [
        *("rows", "rejected", "same", "create", "update", "reactivate"),
        *("remove", "aside"),
    ]
    assert lines[table + 1].split() == [
        *("students", "14", "2", "4", "2", "2", "1", "2", "1"),
    ]


def test_a_summary_names_the_worst_causes_masked_and_no_warnings(
    make_account: Callable[..., Account],
) -> None:
    rejected = Finding(
        "RS120",
        Severity.REJECTED,
        '"Canaryjose" is too long',
        file="users.csv",
        line=7,
        column="givenName",
        value="Canaryjose",
    )
    warning = Finding("RS300", Severity.WARNING, "an odd thing", file="users.csv")

    text = _printed(summary(make_account(findings=Findings.of([rejected, warning]))))

    assert 'users.csv:7: rejected RS120: "C…" is too long' in text
    assert "Canaryjose" not in text
    assert "an odd thing" not in text
    assert "RS300 1" in text


def test_consequences_and_single_notes_are_said() -> None:
    rows = [
        {"code": "RS1", "severity": "rejected", "file": "a.csv", "message": "m"},
        {
            "code": "RS2",
            "severity": "rejected",
            "file": "b.csv",
            "message": "m",
            "cause_code": "RS1",
            "cause_file": "a.csv",
        },
    ]
    found = Findings.from_frames([pl.DataFrame(rows)])

    assert _printed(finding_lines(found)).splitlines() == [
        "a.csv: rejected RS1: m",
        "  so    1 row falls with it",
    ]


def test_operations_without_fields_show_their_reason(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    plan = _plan(make_operations({"verb": "remove", "reason": "no longer named"}))

    assert "s-0  no longer named" in _printed(preview(plan, Findings.none(), 20))


def test_columns_of_zeros_are_left_out(make_account: Callable[..., Account]) -> None:
    diff = {**dict.fromkeys(PARTS["diff"], 0), "unchanged": 3}
    rows = {"read": 3, "accepted": 3, "merged": 0, "rejected": 0}

    text = _printed(
        summary(make_account(entities={"users": {"rows": rows, "diff": diff}}))
    )

    assert "users    3    3" in text
    assert "reactivate" not in text


def test_large_numbers_of_every_verb_fit_eighty_columns(
    make_account: Callable[..., Account],
) -> None:
    large = {
        name: dict.fromkeys(parts, 123_456)
        for name, parts in PARTS.items()
        if name != "operations"
    }

    text = _printed(summary(make_account(entities={"enrollments": large})))

    row = next(line for line in text.splitlines() if line.startswith("enrollments "))
    assert len(row) <= 80
    assert row.split().count("123,456") == 6
    assert row.split()[-2:] == ["246,912", "617,280"]


@pytest.mark.parametrize("hostile", ["[red]x[/red]", "\x1b[31m", "[/x]", "\u202eabc"])
def test_names_with_markup_or_escapes_print_harmlessly(
    make_account: Callable[..., Account],
    make_operations: Callable[..., pl.DataFrame],
    hostile: str,
) -> None:
    finding = Finding("RS1", Severity.REJECTED, hostile, file=hostile, hint=hostile)
    guard = Guard("removals", hostile, hostile, 1, 2, "5 %", True, hostile)
    row = {"key": hostile, "fields": ["title"], "after": {"title": hostile}}
    findings = Findings.of([finding])
    account = make_account(
        notes=(hostile,),
        approved=None,
        guards=(guard,),
        findings=findings,
        entities={hostile: {}},
    )
    plan = _plan(make_operations(row), guards=(guard,))

    text = _printed(
        [*summary(account), *preview(plan, findings, 20), *finding_lines(findings)]
    )

    assert "\x1b" not in text
    assert "\u202e" not in text
    if hostile.startswith("["):
        assert hostile in text


def test_a_held_run_names_the_command_on_a_line_of_its_own(
    make_account: Callable[..., Account],
) -> None:
    guard = Guard("removals", "students", "school-1", 9, 40, "5 %", True, "nine end")

    text = _printed(
        summary(make_account(guards=(guard,), outcome="held", approved=None))
    )

    assert "held by removals of students in school-1: nine end" in text
    assert "\n  roster-sync apply plan.rsplan --approve 3f9a3f9a3f9a\n" in text


def test_every_guard_that_trips_is_told_with_examples_and_no_address(
    make_account: Callable[..., Account],
) -> None:
    keys = ("s-1", "kim@school.example")
    guards = (
        Guard("removals", "students", None, 9, 40, "5 %", True, "nine end", keys),
        Guard("updates", "students", None, 0, 40, "5 %", False, "none change"),
        Guard("first_run", None, None, 9, 9, "hold", True, "look at it"),
    )

    text = _printed(summary(make_account(guards=guards, approved=None)))

    assert "held by removals of students: nine end; such as s-1, …@…\n" in text
    assert "held by first_run: look at it\n" in text
    assert "none change" not in text


def test_a_preview_shows_examples_with_fields_side_by_side_and_how_long_it_takes(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    row = {
        "fields": ["grades", "givenName"],
        "before": {"grades": "04", "givenName": "Canary"},
        "after": {"grades": "05", "givenName": "Bird"},
    }
    plan = _plan(make_operations(*[row] * 40))

    text = _printed(preview(plan, Findings.none(), 20))

    assert "students, update 40, such as" in text
    assert [line.split() for line in text.splitlines() if "grades" in line] == [
        ["s-0", "grades", "04", "05"],
        ["s-1", "grades", "04", "05"],
        ["s-2", "grades", "04", "05"],
    ]
    assert "Canary" not in text
    assert "C…" in text
    assert text.endswith("40 requests, about 2.0 s at 20 a second\n")


def test_a_preview_of_no_operations_has_nothing_to_send(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    text = _printed(preview(_plan(make_operations()), Findings.none(), 20))

    assert text == "nothing to send\n"


def test_findings_begin_with_a_place_and_say_what_to_do() -> None:
    def found(line: int) -> Finding:
        return Finding(
            "RS112",
            Severity.REJECTED,
            'grades "99" is not a grade level',
            file="students.csv",
            line=line,
            column="grades",
            value="99",
            hint="use 01 to 13",
        )

    text = _printed(finding_lines(Findings.of(found(line) for line in (43, 57))))

    assert text.splitlines() == [
        'students.csv:43: rejected RS112: grades "99" is not a grade level',
        "  do    use 01 to 13",
        "  also  1 more row, next at line 57",
    ]


def test_more_kinds_than_the_limit_are_counted() -> None:
    found = Findings.of(Finding(f"RS{n}", Severity.NOTE, "m") for n in range(100, 130))

    text = _printed(finding_lines(found, limit=20))

    assert text.splitlines()[-1] == "10 more kinds in findings.csv"


def test_a_preview_says_what_the_system_cannot_hold_and_of_how_many_rows(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    said = "1,200 rows of agents are not supported: openedx holds no guardian links"
    notes = [Finding("RS302", Severity.NOTE, said, entity="agents")] * 2
    text = _printed(preview(_plan(make_operations()), Findings.of(notes), 20))
    assert " ".join(text.split()).count(said) == 1


def _blocked(why: str, rows: int, entity: str = "students") -> list[Finding]:
    said = f"this row is blocked: {why}"
    return [
        Finding("RS301", Severity.WARNING, said, entity, f"{entity}.csv", line)
        for line in range(2, rows + 2)
    ]


def test_preview_and_summary_say_why_rows_are_blocked_most_rows_first(
    make_account: Callable[..., Account], make_operations: Callable[..., pl.DataFrame]
) -> None:
    found = Findings.of(
        [
            *_blocked("another person has the e-mail a.b@school.example", 1, "users"),
            *_blocked("neither the drop nor the target holds its school", 30),
        ]
    )
    plan = _plan(make_operations())
    shown = {
        "preview": _printed(preview(plan, found, 20)),
        "revealed": _printed(preview(plan, found, 20, reveal=True)),
        "summary": _printed(summary(make_account(findings=found))),
    }

    first = "  30 rows of students: neither the drop nor the target holds its school\n"
    second = "  1 row of users: another person has the e-mail "
    for name, text in shown.items():
        address = "a.b@school.example" if name == "revealed" else "…@…"
        assert f"{first}{second}{address}\n" in text


def test_of_many_reasons_to_block_rows_five_are_told_and_the_others_counted(
    make_account: Callable[..., Account],
) -> None:
    def told(kinds: int) -> list[str]:
        many = [one for n in range(kinds) for one in _blocked(f"reason {n}", n + 1)]
        text = _printed(summary(make_account(findings=Findings.of(many))))
        return [
            line for line in text.splitlines() if "reason" in line or "kind" in line
        ]

    assert len(told(5)) == 5
    assert told(6)[0] == "  6 rows of students: reason 5"
    assert told(6)[5:] == ["  and 1 more kind"]
    assert told(8)[5:] == ["  and 3 more kinds"]


def test_after_a_preview_the_summary_does_not_say_again_why_rows_are_blocked(
    make_account: Callable[..., Account],
) -> None:
    found = Findings.of(_blocked("its class names no course", 2))
    assert "no course" not in _printed(
        summary(make_account(findings=found), previewed=True)
    )


def _drift(records: int) -> pl.DataFrame:
    rows = [
        (f"students:s-{n}", "students", f"s-{n}", "phone", "+1-555-0199", None)
        for n in range(records)
    ]
    return pl.DataFrame(rows, schema=DRIFT_SCHEMA, orient="row")


@pytest.mark.parametrize(
    ("records", "more"), [(0, ""), (5, ""), (6, "and 1 more field in operations.csv")]
)
def test_a_summary_names_the_first_fields_that_somebody_else_changed(
    make_account: Callable[..., Account], records: int, more: str
) -> None:
    lines = _printed(summary(make_account(drift=_drift(records)))).splitlines()
    said = [line for line in lines if "phone was …99, is (empty)" in line]
    assert len(said) == min(records, 5)
    assert said[:1] == ["  students s-0: phone was …99, is (empty)"][:records]
    assert [line.strip() for line in lines if "more field" in line] == [more][
        : len(more)
    ]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ((False, False), "  since 22 Oct"),
        ((False, True), "  since 22 Oct, 1 of them new"),
        ((True, True), None),
    ],
)
def test_findings_that_were_there_before_say_since_when(
    new: tuple[bool, ...], said: str | None
) -> None:
    found = Findings.of(
        Finding("RS117", Severity.REJECTED, "m", file="s.csv", line=n) for n in (2, 3)
    )
    days = ["2026-11-21" if one else "2026-10-22" for one in new]
    dated = found.frame.with_columns(
        new=pl.Series(new), since=pl.Series(days, dtype=pl.String)
    )
    lines = _printed(finding_lines(Findings(dated))).splitlines()
    told = [one for one in lines if one.startswith("  since")]
    assert told == ([said] if said else [])


def test_findings_that_somebody_accepted_are_not_named_again(
    make_account: Callable[..., Account],
) -> None:
    account = make_account()
    known = account.findings.frame.with_columns(known=pl.lit(value=True))
    assert "students.csv:43" in _printed(summary(account))
    told = _printed(summary(replace(account, findings=Findings(known))))
    assert "students.csv:43" not in told
