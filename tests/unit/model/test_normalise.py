"""Equal things become equal, and what cannot be read becomes null."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model import normalise
from sync.model.entities import GRADES, Kind


def one(kind: Kind, value: str | None) -> str | None:
    frame = pl.DataFrame({"v": [value]}, schema={"v": pl.String})
    result = frame.select(normalise.NORMALISERS[kind](pl.col("v"))).item()
    return None if result is None else str(result)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.TEXT, "  Zoë ", "Zoë"),
        (Kind.TEXT, "Zoe\u0308", "Zoë"),
        (Kind.TEXT, "a\u200bb", "ab"),
        (Kind.TEXT, " \u00a0 ", None),
        (Kind.TEXT, None, None),
        (Kind.STATUS, "ToBeDeleted", "tobedeleted"),
        (Kind.STATUS, "gone", None),
        (Kind.BOOLEAN, "YES", "true"),
        (Kind.BOOLEAN, "0", "false"),
        (Kind.BOOLEAN, "on", None),
        (Kind.EMAIL, " a@b.example ", "a@b.example"),
        (Kind.EMAIL, "é@ü.example", "é@ü.example"),
        (Kind.EMAIL, "a@b", None),
        (Kind.EMAIL, "a@@b.example", None),
        (Kind.EMAIL, "a@b..example", None),
        (Kind.EMAIL, "a b@c.example", None),
        (Kind.PHONE, "(555) 010-1234 x12", "(555) 010-1234 x12"),
        (Kind.PHONE, "555.010.1234 ext. 5", "555.010.1234 ext. 5"),
        (Kind.PHONE, "+15550101234 #9", "+15550101234 #9"),
        (Kind.PHONE, "123456", None),
        (Kind.PHONE, "1234567890123456", None),
        (Kind.PHONE, "1-800-FLOWERS", None),
        (Kind.PHONE, "(555) 010-1234 (x12)", "(555) 010-1234 (x12)"),
        (Kind.PHONE, "٥٥٥٠١٠١٢٣٤", None),
        (Kind.DATE, "2026-08-17", "2026-08-17"),
        (Kind.DATE, "2026-08-17T10:00+02", "2026-08-17"),
        (Kind.DATE, "2026-08-17T24:01", None),
        (Kind.DATE, "2026-08-17T10:60", None),
        (Kind.DATE, "2026-08-17T23:59:59.000Z", "2026-08-17"),
        (Kind.DATE, "2026-02-30", None),
        (Kind.DATE, "2026-2-3", None),
        (Kind.DATE, "08/17/2026", None),
        (Kind.GRADES, "5", "05"),
        (Kind.GRADES, "5TH", "05"),
        (Kind.GRADES, "k", "KG"),
        (Kind.GRADES, '["6","5"]', "05,06"),
        (Kind.GRADES, "6, 5,05", "05,06"),
        (Kind.GRADES, "other", "Other"),
        (Kind.GRADES, "5,99", None),
        (Kind.GRADES, "99", None),
        (Kind.GRADES, "1 2", None),
        (Kind.GRADES, "[5", None),
        (Kind.GRADES, "[5, K]", "KG,05"),
        (Kind.USER_ROLE, "TEACHER", "teacher"),
        (Kind.USER_ROLE, "districtadministrator", "districtAdministrator"),
        (Kind.USER_ROLE, "ext:coach", "ext:coach"),
        (Kind.USER_ROLE, "boss", None),
        (Kind.ENROLLMENT_ROLE, "Aide", "aide"),
        (Kind.ENROLLMENT_ROLE, "parent", None),
        (Kind.ROLE_TYPE, "Primary", "primary"),
        (Kind.ORG_TYPE, "School", "school"),
        (Kind.ORG_TYPE, "ext:charter", "ext:charter"),
        (Kind.ORG_TYPE, "campus", None),
        (Kind.CLASS_TYPE, "HOMEROOM", "homeroom"),
        (Kind.CLASS_TYPE, "", None),
        (Kind.SESSION_TYPE, "gradingperiod", "gradingPeriod"),
        (Kind.SESSION_TYPE, "quarter", None),
        (Kind.IDENTIFIERS, "b, a,b", "a,b"),
    ],
)
def test_a_cell_has_one_canonical_form(
    kind: Kind, value: str | None, expected: str | None
) -> None:
    assert one(kind, value) == expected


@given(st.sampled_from(list(Kind)), st.text(max_size=20))
def test_normalising_twice_changes_nothing(kind: Kind, value: str) -> None:
    first = one(kind, value)
    assert one(kind, first) == first


@given(st.lists(st.sampled_from(GRADES), min_size=1, unique=True))
def test_grades_stand_in_school_order_whatever_order_they_came_in(
    grades: list[str],
) -> None:
    expected = ",".join(sorted(grades, key=GRADES.index))
    assert one(Kind.GRADES, ",".join(grades)) == expected


@given(
    st.tuples(st.text(max_size=6), st.text(max_size=6)),
    st.tuples(st.text(max_size=6), st.text(max_size=6)),
)
def test_two_keys_are_equal_only_if_all_their_parts_are(
    left: tuple[str, str], right: tuple[str, str]
) -> None:
    frame = pl.DataFrame([left, right], schema=["a", "b"], orient="row")
    keys = frame.select(normalise.key("a", "b")).to_series()
    assert (keys[0] == keys[1]) == (left == right)


def test_encoded_roles_come_back_as_they_were() -> None:
    frame = pl.DataFrame({"t": [None, "secondary"], "r": ["teacher", "aide"]})
    roles = frame.select(
        normalise.encode_roles(pl.col("t"), pl.col("r"), pl.lit("sch-1"))
    ).to_series()
    encoded = normalise.ROLE_SEPARATOR.join(roles)
    assert normalise.decode_roles(encoded) == [
        ("primary", "teacher", "sch-1"),
        ("secondary", "aide", "sch-1"),
    ]
    assert normalise.decode_roles(None) == []
