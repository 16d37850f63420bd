from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync.model.mirror import REMOTE_ID
from sync.model.roster import KEY
from sync.targets.base import ID
from sync.targets.common.mirroring import keyed

IDS = st.lists(st.text(st.sampled_from("aBé1~"), max_size=3), unique=True)


@given(IDS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_records_stand_under_their_own_identifier_in_its_order(
    ids: list[str], in_order: bool
) -> None:
    told = sorted(ids) if in_order else ids
    schema = dict.fromkeys((ID, "title"), pl.String)
    table = pl.DataFrame({ID: told, "title": [f"of {one}" for one in told]}, schema)
    found = keyed(table)
    plainly = pl.DataFrame(
        {
            "title": [f"of {one}" for one in sorted(ids)],
            **dict.fromkeys((KEY, "sourcedId", REMOTE_ID), sorted(ids)),
        },
        dict.fromkeys(("title", KEY, "sourcedId", REMOTE_ID), pl.String),
    )
    assert_frame_equal(found, plainly)
    assert found[KEY].flags["SORTED_ASC"] or found.height < 2
