from __future__ import annotations

import pytest

from sync.samples.names import Names, culture_of_share, family_names, given_names


@pytest.mark.parametrize("names", [given_names(), family_names()])
def test_every_name_has_a_form_in_plain_letters(names: Names) -> None:
    assert all(name.isascii() and name.isalpha() for name in names.latin)
    assert [name.lower() for name in names.latin] == names.latin


@pytest.mark.parametrize("names", [given_names(), family_names()])
def test_every_culture_has_names_of_its_own(names: Names) -> None:
    ends = [start + n for start, n in zip(names.start, names.count, strict=True)]
    assert names.start == [0, *ends[:-1]]
    assert ends[-1] == len(names.native) == len(names.latin)
    assert all(count > 2 for count in names.count)


def test_the_shares_of_cultures_make_a_hundred() -> None:
    assert len(culture_of_share()) == 100
    assert set(culture_of_share()) == set(range(len(given_names().start)))
