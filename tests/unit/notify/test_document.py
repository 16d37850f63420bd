from __future__ import annotations

import json
from collections.abc import Callable

from sync.notify import Ended
from sync.notify.document import document, encoded, signature
from tests.unit.notify.conftest import CANARY, finding

Make = Callable[..., Ended]


def test_the_signature_is_that_of_the_time_and_the_bytes() -> None:
    # printf '%s' '1795346578.{"a":1}' | openssl dgst -sha256 -hmac key
    told = signature("key", "1795346578", b'{"a":1}')
    digest = "7db16a37f655bde0415592d53ee4caaf39cd2ed0b3258cc5861146ed9edeb300"
    assert told == f"sha256={digest}"


def test_a_held_plan_carries_the_command_and_what_it_does(held: Ended) -> None:
    told = document(held)
    assert told["outcome"] == "held"
    assert told["exit_code"] == 4
    assert told["approve"].endswith("plan.rsplan --approve 3f9a3f9a3f9a")
    assert told["would"] == ["students: create 3, remove 41"]
    assert told["guards"] == [
        {"name": "removals", "entity": "students", "count": 41, "of": 203}
        | {"limit": "5 %"}
    ]


def test_nothing_of_a_roster_is_in_it(held: Ended, make_ended: Make) -> None:
    for ended in (held, make_ended(rows=[finding()], failures={CANARY: 1})):
        assert CANARY.encode() not in encoded(ended)
        assert json.dumps(CANARY)[1:-1].encode() not in encoded(ended)


def test_a_run_that_did_not_begin_has_the_same_fields(
    held: Ended, not_begun: Ended
) -> None:
    assert document(not_begun).keys() == document(held).keys()
    assert document(not_begun)["run"] is None


def test_problems_are_told_by_code_and_line(make_ended: Make) -> None:
    (told,) = document(make_ended(rows=[finding()]))["problems"]
    assert told == {
        "severity": "rejected",
        "code": "RS117",
        "what": "not an e-mail address",
        "file": "students.csv",
        "line": 7,
        "column": "email",
        "count": 1,
        "new": 0,
        "since": "2026-10-22",
    }
