"""The page on telling people: its keys, its metrics, and the way to verify."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.config import schema
from sync.config.notify import Channel
from sync.errors import ExitCode
from sync.notify.document import SIGNATURE, TIMESTAMP, document, signature
from sync.notify.ended import ENDINGS, Ended
from sync.notify.metrics import FAMILIES
from sync.targets.registry import SETTINGS
from tests.docs.pages import blocks, rows, section, text_of
from tests.docs.test_configuration import agree, documented
from tests.docs.test_reference import quoted

PAGE = "docs/notify.md"
OWN = {"mail": "Of mail", "webhook": "Of a webhook"}
BOTH = "Of both kinds"


def table_of(kind: str) -> dict[str, Any]:
    kinds = schema(SETTINGS)["properties"]["notify"]["additionalProperties"]["oneOf"]
    (found,) = (one for one in kinds if one["properties"]["kind"]["const"] == kind)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("kind", OWN)
def test_the_page_has_every_key_with_its_default(kind: str) -> None:
    told = documented(BOTH, PAGE) | documented(OWN[kind], PAGE)
    table = table_of(kind)
    assert set(told) == set(table["properties"])
    agree(told, table["properties"], table["required"])


def test_the_page_has_every_end_with_its_codes_and_whether_it_is_told() -> None:
    found = rows(section(text_of(PAGE), "Which ends"))
    said = {row[0].strip("`"): row for row in found}
    assert list(said) == list(dict.fromkeys(ENDINGS.values()))
    for code, ending in ENDINGS.items():
        _, codes, by_default = said[ending]
        assert str(int(code)) in re.findall(r"\d", codes)
        assert (by_default == "yes") is (ending in Channel().on)


def test_the_page_has_every_metric() -> None:
    found = rows(section(text_of(PAGE), "Metrics"))
    assert [row[0].strip("`") for row in found] == [one.name for one in FAMILIES]


def test_the_page_has_every_field_of_a_webhook(
    ended: Ended,
) -> None:
    text = section(text_of(PAGE), "What a webhook gets")
    assert set(document(ended)) <= set(quoted(text))


@pytest.fixture
def ended() -> Ended:
    at = datetime.now(UTC)
    return Ended("district", ExitCode.LOCKED, at, None, None, None, "sis01")


def test_the_way_to_verify_takes_what_is_ours_and_nothing_else() -> None:
    (program,) = blocks(text_of(PAGE), "python")
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 - the page's own program
    is_ours, now = names["is_ours"], str(int(time.time()))
    headers = {TIMESTAMP: now, SIGNATURE: signature("key", now, b"{}")}
    assert is_ours("key", headers, b"{}")
    assert not is_ours("key", headers, b"{ }")
    assert not is_ours("other", headers, b"{}")
    old = str(int(time.time()) - 301)
    late = {TIMESTAMP: old, SIGNATURE: signature("key", old, b"{}")}
    assert not is_ours("key", late, b"{}")
