"""Lines 11 and 12: a long list read by pages into frames.

Against the same read by a client that decodes nothing, and against itself with one
page at a time. See ``benchmarks.paged`` for the server and both readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import paged
from benchmarks.measuring import (
    Counted,
    Line,
    Sample,
    Work,
    in_turn,
    main,
    of_module,
    rate,
    rate_ratio,
    run,
    served,
)

MODULE = "benchmarks.paging"
LATENCY = 0.05
IN_FLIGHT = 8
SHORT, FULL = 300_000, 600_000


def serve(port: str, records: str) -> Counted:
    """Answer until stopped."""
    paged.serve(port, int(records), LATENCY)
    return Counted(0)


def read(url: str, in_flight: str) -> Counted:
    """The list as a frame, as a run reads it."""
    return Counted(paged.read(url, int(in_flight)))


def bare(url: str, in_flight: str) -> Counted:
    """The same list, its bytes thrown away."""
    return Counted(paged.bare(url, int(in_flight)))


WORKS: dict[str, Work] = {"serve": serve, "read": read, "bare": bare}


def lines(full: bool) -> Iterator[Line]:
    """Lines 11 and 12."""
    records = FULL if full else SHORT
    with served(MODULE, "serve", records) as url:
        ours, raw, singly = in_turn(
            partial(_read, "read", url, IN_FLIGHT, records),
            partial(_read, "bare", url, IN_FLIGHT, records),
            partial(_read, "read", url, 1, records),
        )
    yield _line(
        11,
        f"records/s of a list of {records:,} into frames, {IN_FLIGHT} in flight, 50 ms "
        "/ its pages not decoded",
        0.75,
        (ours, raw),
    )
    yield _line(
        12,
        f"records/s of the same, {IN_FLIGHT} in flight / one page after the other",
        5,
        (ours, singly),
    )


def _read(name: str, url: str, in_flight: int, records: int) -> Sample:
    sample = run(of_module(MODULE, name, url, in_flight))
    if sample.count != records:
        message = f"{sample.count} records were read where there are {records}"
        raise ValueError(message)
    return sample


def _line(
    number: int, measure: str, least: float, sides: tuple[list[Sample], list[Sample]]
) -> Line:
    ours, theirs = sides
    found = rate_ratio(ours, theirs)
    rates = [max(map(rate, samples)) for samples in sides]
    peak = max(one.anonymous for one in ours) / 2**20
    detail = f"{rates[0]:,.0f}/s / {rates[1]:,.0f}/s; at most {peak:.0f} MiB"
    target = f"≥ {least:g}"
    return Line(number, measure, target, str(found), found.least >= least, detail)


if __name__ == "__main__":
    main(lines, WORKS)
