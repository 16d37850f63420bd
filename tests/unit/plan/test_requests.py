from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.model.request import Request
from sync.plan import decode
from sync.plan.requests import encode

requests = st.builds(
    Request,
    service=st.sampled_from(["api", "platform"]),
    method=st.sampled_from(["PUT", "DELETE"]),
    path=st.text(max_size=9),
    body=st.none() | st.dictionaries(st.text(max_size=3), st.none() | st.text()),
    query=st.lists(st.tuples(st.text(), st.text()), max_size=2).map(tuple),
    repeatable=st.booleans(),
    lanes=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    headers=st.just(()) | st.just((("Accept", "text/xml"),)),
    otherwise=st.none() | st.just(Request("api", "POST", "/x", {"a": 1})),
    operations=st.lists(st.text(), max_size=3).map(tuple),
)


@given(requests)
def test_a_request_comes_back_from_its_line(request: Request) -> None:
    assert decode(encode(request)) == request
    assert "\n" not in encode(request)
