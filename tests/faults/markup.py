"""Texts that would be markup, and a report that says nothing but them."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from random import Random
from typing import Any

import polars as pl

from sync.model.finding import Finding, Findings, Severity
from sync.model.operation import OPERATION_SCHEMA, Verb
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.plan import Guard
from sync.report import Account, Difference, Stage, operations_table, outcomes_table
from tests.unit.report.conftest import FULL

MARK = "data-ran"
"""What the page would have if a payload had run."""
RUN = f"document.documentElement.setAttribute('{MARK}','1')"
OUTSIDE = "http://evil.example/x"
_CLOSERS = (
    "",
    '">',
    "'>",
    "</td>",
    "</title>",
    "</style>",
    "-->",
    "]]>",
    "{{",
    "\u0000",
)
_TAGS = (
    f"<script>{RUN}</script>",
    f"<ScRiPt src={OUTSIDE}></sCrIpT>",
    f'<img src=x onerror="{RUN}">',
    f"<svg/onload={RUN}>",
    f'<iframe src="javascript:{RUN}"></iframe>',
    f"<a href='{OUTSIDE}'>look</a>",
    f'<meta http-equiv="refresh" content="0;url={OUTSIDE}">',
    f"<base href={OUTSIDE}>",
    f'<link rel="stylesheet" href="{OUTSIDE}">',
    f"<style>@import '{OUTSIDE}';*{{display:none}}</style>",
    f"<form action={OUTSIDE}><input name=a><button>go</button></form>",
    f'<object data="{OUTSIDE}"></object><embed src="{OUTSIDE}">',
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}>",
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"\uff1cscript\uff1e{RUN}\uff1c/script\uff1e",
    f"<scr\u0000ipt>{RUN}</script>",
    f'"{" "}autofocus onfocus={RUN} x="',
    f"' onmouseover='{RUN}",
    f"`onclick={RUN}`",
    "{{ 7*7 }}{% for x in y %}{{ config }}",
    "{{ ''.__class__.__mro__ }}",
    '<!--<img src="--><img src=x onerror=1>',
    "<plaintext>",
    "<textarea>",
    "<template shadowrootmode=open><slot>",
    f"javascript:{RUN}",
    f'<x style="background:url({OUTSIDE})">',
)

_CONTROL = (
    "\x1b[2J\x1b[H",
    "\x1b]0;owned\x07",
    "\x1b[31mred",
    "\x1b]8;;http://evil.example\x1b\\look\x1b]8;;\x1b\\",
    "\x9b31m",
    "\x9d0;owned\x9c",
    "\x90q\x9c",
    "\u202egnp.exe",
    "\u2066\u2067x\u2069",
    "\u200e\u200f\u061c",
    "\r\nroster-sync: all is well",
    "\x08\x08\x08",
    "\x7f",
    "\u2028\u2029",
    "\ufeff\u200b",
)
_WORDS = ("[/x]", "[bold]", "[red]x[/red]", "[link=http://evil.example]x[/link]", "[/]")


def payloads(count: int) -> list[str]:
    """So many of them, the same each time."""
    every = ["".join(pair) for pair in itertools.product(_CLOSERS, _TAGS)]
    chance = Random(count)  # noqa: S311 - no secret
    return chance.sample(every, min(count, len(every)))


def controls() -> list[str]:
    """Names that would do something to a terminal."""
    alone = [*_CONTROL, *_WORDS]
    pairs = itertools.product(_CONTROL, _WORDS)
    return [*alone, *("".join(pair) for pair in pairs)]


def findings(texts: Sequence[str]) -> Findings:
    """A finding for each text, which stands wherever a finding has words."""
    found = Findings.of(
        Finding(
            f"RS{number}",
            severity,
            f"{text} is wrong",
            entity="students",
            file=f"{text}.csv",
            line=number + 2,
            column=text,
            value=text,
            hint=text,
        )
        for number, text in enumerate(texts)
        for severity in Severity
    )
    return Findings(
        found.frame.with_columns(
            since=pl.col("value"), known=pl.lit(value=False), cause_file="value"
        )
    )


def table(texts: Sequence[str]) -> pl.DataFrame:
    """An operation of each kind and outcome for each text."""
    rows, outcomes = [], []
    kinds = list(itertools.product(Verb, (State.DONE, State.FAILED, State.SKIPPED)))
    for number, (text, (verb, state)) in enumerate(itertools.product(texts, kinds)):
        rows.append(_operation(number, text, verb.value))
        failure = Failure(FailureKind.REJECT, 422, text, text)
        outcomes.append(Outcome(f"op-{number}", state, 422, None, failure))
    frame = pl.DataFrame(rows, schema=OPERATION_SCHEMA)
    return operations_table(frame, outcomes_table(outcomes))


def _operation(number: int, text: str, verb: str) -> dict[str, Any]:
    cells = {"givenName": text, "status": text, "metadata.x": text, text: text}
    return {
        "id": f"op-{number}",
        "entity": "students",
        "verb": verb,
        "key": text,
        "fields": list(cells),
        "before": json.dumps({**cells, "givenName": "Ada"}),
        "after": json.dumps(cells),
        "rest": "{}",
        "phase": 4,
        "wave": 0,
        "needs": [text],
        "precondition": None,
        "remote_id": text,
        "reason": text,
        "ends": False,
        "file": text,
        "line": number + 2,
    }


def account(texts: Sequence[str]) -> Account:
    """An account whose every word is one of the texts."""
    text = texts[0]
    guards = tuple(
        Guard("removals", one, one, 1, 40, one, True, one, (one, one)) for one in texts
    )
    counts: Mapping[str, Any] = dict.fromkeys(texts, FULL.entities["students"])
    return replace(
        FULL,
        run=text,
        target=text,
        kind=text,
        drop={"name": text, "sha256": text, "mode": text},
        entities=counts,
        guards=guards,
        findings=findings(texts),
        stages=tuple(Stage(one, 1.0, 1, "rows") for one in texts),
        notes=tuple(texts),
        differs=tuple(Difference(one, one, one) for one in texts),
        approved={"user": text, "host": text, "at": text, "digest": text},
        plan={"path": text, "id": text, "valid_until": None, "held": True},
        digest=text,
        advice=text,
        command=text,
    )


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of its style."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__(convert_charrefs=True)
        self.found: Counter[tuple[str, tuple[tuple[str, str | None], ...]]] = Counter()
        self.others: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found[tag, tuple(sorted(attrs))] += 1

    def handle_comment(self, data: str) -> None:
        """Note a comment: the template has none."""
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        """Note an instruction: the template has none."""
        self.others.append(data)

    def names(self) -> set[str]:
        """All elements that there are."""
        return {tag for tag, _ in self.found}

    def attributes(self) -> set[str]:
        """All attributes that there are."""
        return {name for _, attrs in self.found for name, _ in attrs}
