from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.targets.timeback.records import links


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], []),
        (
            [{"user": {"sourcedId": "u1", "type": "user"}, "relationshipType": "aunt"}],
            [("s1", "u1", "aunt", "u1")],
        ),
        (
            [
                {"user": {"sourcedId": "u1"}, "relationshipType": "aunt"},
                {"user": {"sourcedId": "u1"}, "relationshipType": "legal guardian"},
                {"user": {"sourcedId": "u2"}},
            ],
            [("s1", "u1", "aunt", "u1"), ("s1", "u2", None, "u2")],
        ),
        ([{"user": None}, {"user": "u1"}, None, 5], []),
    ],
)
def test_the_guardians_of_one_student(told: list[Any], expected: list[Any]) -> None:
    assert links(told, "s1").rows() == expected


whatever = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["user", "sourcedId", "relationshipType"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.lists(whatever, max_size=6))
@settings(max_examples=80, deadline=None)
def test_a_guardian_is_named_once_whatever_is_listed(found: list[Any]) -> None:
    assert links(found, "s1").height <= len(found)
