from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync.errors import ExitCode
from sync.notify import Ended
from sync.notify.metrics import FAMILIES, following, written
from tests.support.exposition import Family, parsed
from tests.unit.notify.conftest import CANARY, finding, operation

Make = Callable[..., Ended]


def read(tmp_path: Path, **targets: dict[str, Any]) -> dict[str, Family]:
    path = tmp_path / "roster.prom"
    written(path, targets)
    assert [one.name for one in tmp_path.iterdir()] == ["roster.prom"]
    return parsed(path.read_text("utf-8"))


def sample(found: dict[str, Family], name: str, **labels: str) -> float:
    own = frozenset({("target", "district"), *labels.items()})
    return found[f"roster_sync_{name}"].samples[own]


@pytest.fixture
def bad(make_ended: Make) -> Ended:
    """A night in which much was wrong."""
    tally = [
        operation(),
        operation(state="failed", status=422, count=2),
        operation(state="failed", status=500, count=1),
    ]
    rows = [finding(new=True), finding()]
    return make_ended(
        rows=rows,
        tally=tally,
        new_findings={"RS117": 1},
        failures={"422": 3},
        requests={"sent": 30},
    )


def test_a_night_is_told_in_numbers(bad: Ended, tmp_path: Path) -> None:
    found = read(tmp_path, district=following({}, bad, 1))
    assert sample(found, "runs_total", outcome="partial") == 1
    assert sample(found, "runs_total", outcome="held") == 0
    assert sample(found, "undelivered_messages_total") == 1
    assert sample(found, "last_run_outcome", outcome="partial") == 1
    assert sample(found, "last_run_outcome", outcome="done") == 0
    assert sample(found, "last_run_exit_code") == 1
    assert sample(found, "last_run_timestamp_seconds") == 1795248221
    assert sample(found, "last_good_run_timestamp_seconds") == 1795248221
    assert sample(found, "last_run_duration_seconds") == 218
    assert sample(found, "last_run_rows", entity="students") == 14
    assert sample(found, "last_run_rejected_rows", entity="students") == 2
    changes = {"entity": "students", "verb": "update"}
    assert sample(found, "last_run_operations", outcome="failed", **changes) == 3
    assert sample(found, "last_run_operations", outcome="done", **changes) == 4
    assert sample(found, "last_run_findings") == 2
    assert sample(found, "last_run_new_findings") == 1
    assert sample(found, "last_run_failures") == 3
    assert sample(found, "last_run_requests") == 30


def test_every_metric_has_words_a_type_and_no_label_but_the_known_ones(
    bad: Ended, tmp_path: Path
) -> None:
    found = read(tmp_path, district=following({}, bad, 0))
    assert set(found) <= {family.name for family in FAMILIES}
    labels = {
        name for family in found.values() for one in family.samples for name, _ in one
    }
    assert labels == {"target", "entity", "verb", "outcome"}
    assert CANARY not in (tmp_path / "roster.prom").read_text("utf-8")


def test_counters_count_on_and_the_last_good_night_stays(
    bad: Ended, held: Ended, tmp_path: Path
) -> None:
    facts = following(following({}, bad, 2), held, 1)
    found = read(tmp_path, district=facts)
    assert sample(found, "runs_total", outcome="partial") == 1
    assert sample(found, "runs_total", outcome="held") == 1
    assert sample(found, "undelivered_messages_total") == 3
    assert sample(found, "last_run_exit_code") == 4
    assert sample(found, "last_good_run_timestamp_seconds") == 1795248221
    assert "roster_sync_last_run_requests" in found


def test_a_start_that_found_the_lock_taken_was_no_run(
    bad: Ended, not_begun: Ended, tmp_path: Path
) -> None:
    found = read(tmp_path, district=following(following({}, bad, 0), not_begun, 0))
    assert sample(found, "runs_total", outcome="locked") == 1
    assert sample(found, "last_run_exit_code") == 1


def test_a_run_without_a_report_has_no_counts_of_the_one_before(
    bad: Ended, not_begun: Ended, tmp_path: Path
) -> None:
    failed = replace(not_begun, exit_code=ExitCode.LOCAL_FAILED)
    found = read(tmp_path, district=following(following({}, bad, 0), failed, 0))
    assert sample(found, "last_run_exit_code") == 8
    assert "roster_sync_last_run_rows" not in found


def test_an_undo_is_no_good_night(make_ended: Make) -> None:
    undone = make_ended(ExitCode.DONE, outcome="done", undoes="r")
    assert following({}, undone, 0)["good"] is None


def test_targets_stand_beside_each_other(
    bad: Ended, held: Ended, tmp_path: Path
) -> None:
    found = read(tmp_path, a=following({}, bad, 0), b=following({}, held, 0))
    codes = found["roster_sync_last_run_exit_code"].samples
    assert sorted(codes.values()) == [1, 4]


BROKEN = {
    "no last line end": "# HELP a_total x\n# TYPE a_total counter\na_total 1",
    "torn": "# HELP a x\n# TYPE a gauge\na 1\n# HELP b x\n# TYPE b gauge\nb 1\na 2\n",
    "twice": "# HELP a x\n# TYPE a gauge\na 1\na 1\n",
    "label twice": '# HELP a x\n# TYPE a gauge\na{b="1",b="2"} 1\n',
    "no help": "# TYPE a gauge\na 1\n",
    "no type": "# HELP a x\na 1\n",
    "type after": "# HELP a x\na 1\n# TYPE a gauge\n",
    "counter": "# HELP a x\n# TYPE a counter\na 1\n",
    "quote": '# HELP a x\n# TYPE a gauge\na{b="1"2"} 1\n',
    "number": "# HELP a x\n# TYPE a gauge\na one\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_the_reader_of_these_tests_refuses_what_prometheus_would(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(text)
