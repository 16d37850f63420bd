"""Headers in all their spellings say the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.suggest.words import say


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Student First Name", {"student", "first", "name"}),
        ("stu_fname", {"student", "first", "name"}),
        ("PupilForename", {"student", "first", "name"}),
        ("STUDENTFIRSTNAME", {"student", "first", "name"}),
        ("Surname", {"last", "name"}),
        ("Family Name", {"last", "name"}),
        ("DOB", {"birth", "date"}),
        ("Date of Birth", {"birth", "date"}),
        ("birthDate", {"birth", "date"}),
        ("E-Mail Address", {"email"}),
        ("Cell Phone #", {"phone", "number"}),
        ("Year Level", {"grade"}),
        ("Gr", {"grade"}),
        ("Home Room", {"homeroom"}),
        ("primaryOrgSourcedId", {"primary", "school", "id"}),
        ("Bldg No", {"school", "number"}),
        ("Section SIS ID", {"class", "id"}),
        ("SIS ID", {"id"}),
        ("Academic Year", {"schoolyear"}),
        ("Last Modified", {"modified"}),
        ("Élève", {"eleve"}),
    ],
)
def test_a_header_says_its_words(header: str, words: set[str]) -> None:
    assert set(say(header).words) == words


@pytest.mark.parametrize(
    ("header", "slot", "words"),
    [
        ("Parent 1 First Name", "1", ("guardian", "first", "name")),
        ("Guardian2Email", "2", ("guardian", "email")),
        ("Contact_2_Phone", "2", ("guardian", "phone")),
        ("Mother's Last Name", "mother", ("guardian", "last", "name")),
        ("Secondary Contact Email", "2", ("guardian", "email")),
        ("Teacher_3_id", "3", ("teacher", "id")),
        ("Primary Teacher", None, ("primary", "teacher")),
        ("Parent Email", None, ("guardian", "email")),
        ("Phone 2", None, ("phone", "2")),
    ],
)
def test_a_header_says_which_of_several_people_it_is_about(
    header: str, slot: str | None, words: tuple[str, ...]
) -> None:
    said = say(header)
    assert (said.slot, said.words) == (slot, words)


@given(st.text(max_size=40))
def test_any_text_can_be_a_header(header: str) -> None:
    assert say(header) == say(header.strip())
