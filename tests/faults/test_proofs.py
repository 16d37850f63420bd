"""The table itself: what is not as it must be is red, and nothing gets lost in it."""

from __future__ import annotations

from tests.faults.proofs import (
    TRIES,
    Line,
    added_up,
    as_facts,
    from_facts,
    missing,
    table,
)


def line(lost: int = 0, times: int = 1) -> Line:
    made = Line("R1", "kills", times)
    made.zero("lost", lost)
    made.total("sent again", 3, 4)
    made.worst("requests each", 1.2 + lost, 1.6)
    made.least("points", 40 - lost, 40)
    made.all_of("refused", times - lost, times)
    return made


def test_a_line_with_all_as_it_must_be_is_not_red() -> None:
    assert line().red() == []


def test_each_number_that_is_not_as_it_must_be_is_red() -> None:
    red = line(lost=1).red()
    assert [one.split(":")[1].split()[0] for one in red] == [
        "lost",
        "requests",
        "points",
        "refused",
    ]


def test_a_line_for_which_nothing_was_tried_is_red() -> None:
    assert Line("R1", "kills").red() == ["R1: nothing was tried"]


def test_lines_of_several_processes_are_added_up() -> None:
    (whole,) = added_up([from_facts(as_facts(one)) for one in (line(), line(1, 2))])
    assert whole.times == 3
    assert [one.value for one in whole.measures] == [1, 6, 2.2, 39, 2]
    assert [one.limit for one in whole.measures] == [0, 8, 1.6, 40, 3]


def test_the_table_has_a_row_for_each_measure_and_marks_the_red_ones() -> None:
    rows = table([line(1)])
    assert len(rows) == 6
    assert [row.rstrip().endswith("RED") for row in rows] == [
        *(False, True, False, True, True, True),
    ]


def test_proofs_that_nobody_fed_often_enough_are_named() -> None:
    often = {one.partition(":")[0] for one in missing([line(times=TRIES["R1"])])}
    assert "R1" not in often
    assert "R1: killed at any instant: 99 of 100" in missing([line(times=99)])
    assert "S21: the wrong student: 0 of 1" in missing([line()])
