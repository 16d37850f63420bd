"""Makes ``docs/codes.md`` from the codes of the program: ``python docs/make_codes.py``.

In: every ``Code`` that the program can find. Out: one page for people who search for a
code that a report named. A test fails where the page is not what this makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from sync.cli.explain import all_codes
from sync.model.finding import Code

PAGE = Path(__file__).with_name("codes.md")

PARTS = {
    "RS0": "Reading: the drop, its files, headers and columns",
    "RS1": "Single cells",
    "RS2": "Rows together: keys, people, references",
    "RS3": "What the target cannot hold, or nobody holds",
    "RS4": "The drop as a whole",
    "RS5": "Who is who: the drop beside the target",
}
"""The first characters of a code, and what such codes are about."""

HEAD = """\
# What the findings mean

One entry for each code that a report or `roster-sync check` can name; the same text as
`roster-sync explain CODE` prints. This page is generated: change the code in the
program, then run `python docs/make_codes.py`.

- **refused**: nothing of the drop is carried out.
- **rejected**: the row is left out; what the remote system holds for it is protected.
- **warning**: the row counts, but somebody should look.
- **note**: worth knowing.
"""


def page(codes: Iterable[Code]) -> str:
    """The whole page, for codes in their order."""
    return "\n".join([HEAD, *_lines(codes)])


def _lines(codes: Iterable[Code]) -> Iterator[str]:
    for part, members in groupby(codes, key=lambda one: one.code[:3]):
        yield f"## {PARTS[part]}\n"
        for code in members:
            yield f"### {code.code}: {code.title}\n"
            yield f"*{code.severity.value}.* {code.explanation}\n"
            yield f"**Do:** {code.remedy}\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(all_codes().values()), "utf-8")


if __name__ == "__main__":
    main()
