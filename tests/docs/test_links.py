from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, name_of, prose, text_of

_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in _LINK.findall(prose(page.read_text("utf-8"))):
        if link.startswith(("https://", "http://")):
            continue
        file, _, anchor = link.partition("#")
        goal = (page.parent / file).resolve() if file else page
        assert goal.is_relative_to(ROOT), f"{link} leaves the project"
        assert goal.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(goal.read_text("utf-8")), link


def test_the_readme_leads_to_every_page() -> None:
    readme = text_of("README.md")
    docs = [page for page in PAGES if page.is_relative_to(ROOT / "docs")]
    missing = [name_of(page) for page in docs if f"({name_of(page)})" not in readme]
    assert not missing


def test_every_path_of_the_source_that_a_page_names_exists() -> None:
    named = {
        path
        for page in PAGES
        for path in re.findall(
            r"`((?:sync|tests|mappings|samples|docs)/[\w./-]+)`",
            page.read_text("utf-8"),
        )
    }
    assert named
    assert not [path for path in sorted(named) if not (ROOT / path).exists()]
