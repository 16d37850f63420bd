"""Personal data is masked where nobody asked to see it."""

from __future__ import annotations

import pytest

from sync.report.mask import header_is_open, masked, masked_cell, masked_sentence


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("givenName", "José", "J…"),
        ("familyName", "de la Cruz", "d… l… C…"),
        ("username", "jose.cruz", "j…"),
        ("username", "jose@x.org", "…@…"),
        ("email", "jose@x.org", "…@…"),
        ("phone", "555-123-4567", "…67"),
        ("phone", "4567", "…"),
        ("birthDate", "2012-02-03", "…"),
        ("identifier", "123-45-6789", "…"),
        ("metadata.lunch", "free", "f…"),
        ("unheardOf", "Something", "S…"),
        ("grades", "04", "04"),
        ("status", "active", "active"),
        ("primaryOrgSourcedId", "school-1", "school-1"),
        ("endDate", "2026-06-30", "2026-06-30"),
        ("title", "Algebra I", "Algebra I"),
        ("email", "", ""),
    ],
)
def test_a_value_is_shown_as_far_as_its_column_allows(
    column: str, value: str, shown: str
) -> None:
    assert masked(column, value) == shown


@pytest.mark.parametrize(
    ("header", "is_open"),
    [
        ("grades", True),
        ("Grade Level", True),
        ("primaryOrgSourcedId", True),
        ("END_DATE", True),
        ("Student ID", True),
        ("Teacher Name", False),
        ("userName", False),
        ("Birth Date", False),
        ("Guardian 1 Cell", False),
        ("metadata.status", False),
        ("Notes", False),
    ],
)
def test_a_header_is_open_when_it_is_known_to_be_harmless(
    header: str, is_open: bool
) -> None:
    assert header_is_open(header) is is_open


def test_the_cell_is_masked_in_the_sentence_about_it() -> None:
    said = 'givenName "Jo" of jo@x.org is too short'

    assert masked_sentence(said, "givenName", "Jo") == (
        'givenName "J…" of …@… is too short'
    )


def test_an_address_under_an_open_header_is_masked() -> None:
    assert masked_cell("Student ID", "jo@x.org") == "…@…"
