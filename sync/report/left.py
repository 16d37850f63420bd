"""What an undo has to leave as it is, and why: for the page, the terminal, the line.

In: a frame of ``UNTOUCHED_SCHEMA`` of records that the run to be taken back had
changed. Out: those that need a person, in words.
"""

from __future__ import annotations

import polars as pl

from sync.model.counted import number

_BY_OTHERS = "(changed|ended) since run "
"""How the reason begins where somebody else had a hand in it (``plan.invert``)."""
_LEFT = ("frozen", "blocked")


def left_by_undo(untouched: pl.DataFrame) -> pl.DataFrame:
    """The records that are not put back: what needs nothing is not among them."""
    return untouched.filter(pl.col("state").is_in(_LEFT))


def left_words(left: pl.DataFrame) -> list[str]:
    """How many are left since others changed them, and how many for other reasons."""
    theirs = pl.col("reason").str.contains(f"^{_BY_OTHERS}").fill_null(value=False)
    changed = left.filter(theirs).height
    stuck = left.height - changed
    said = []
    if changed:
        were, are = ("was", "is") if changed == 1 else ("were", "are")
        said.append(
            f"{number(changed, 'record')} {were} changed by others since and {are} left"
        )
    if stuck:
        said.append(
            f"{number(stuck, 'record')} cannot be taken back and {_is(stuck)} left"
        )
    return said


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
