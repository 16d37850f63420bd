"""Hostile zips are refused, each in less than a second and in less than 100 MB."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults import hostile_zips
from tests.faults.child import costs
from tests.faults.proofs import Line

SECONDS, MEGABYTES = 1.0, 100.0


def test_hostile_zips_are_refused_at_once_and_in_little_memory(
    proof: Callable[[str, str], Line], tmp_path: Path
) -> None:
    good = tmp_path / "good.zip"
    good.write_bytes(hostile_zips.zipped())
    (tmp_path / "bad").mkdir()
    hostile = hostile_zips.write(tmp_path / "bad")
    warm, *found = costs([good, *hostile])
    assert warm.codes != ["RS006"], "the zip that they are made of can be read"

    row = proof("S5", "hostile zips taken in by a process of their own")
    row.times = len(found)
    row.least("kinds of them", len(found), 30)
    row.all_of("refused", sum(one.refused for one in found), len(found))
    row.worst("seconds of CPU each", max(one.seconds for one in found), SECONDS)
    row.worst("MB beyond the program", max(one.megabytes for one in found), MEGABYTES)
    for one in found:
        assert one.refused, one
        assert one.seconds < SECONDS, one
        assert one.megabytes < MEGABYTES, one
        assert ZIP_CODES.issuperset(one.codes), one


ZIP_CODES = {
    *("RS002", "RS003", "RS006", "RS007", "RS008", "RS009", "RS010", "RS011"),
}
"""About the packing; no content of such a zip is believed, so none is judged."""
