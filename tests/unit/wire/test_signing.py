from __future__ import annotations

import hmac
import logging
import re
from base64 import b64encode
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.errors import UsageError
from sync.wire import OAuth1, Secret, Service
from sync.wire.address import full_url
from sync.wire.signing import Signer

KEY = "key of us/+"
WORD = "s3cr3t&/+=é of the district"
URL = "https://api.example/v1/users"


def auth(**changes: object) -> OAuth1:
    facts: dict[str, object] = {"consumer_key": KEY, "consumer_secret": Secret(WORD)}
    return OAuth1(**(facts | changes))  # type: ignore[arg-type] # as named above


def signer(wall: float = 1000.9, **changes: object) -> Signer:
    return Signer(auth(**changes), lambda: wall)


def parameters(header: str) -> dict[str, str]:
    """As a server reads them."""
    assert header.startswith("OAuth ")
    return {
        name: unquote(text)
        for name, text in re.findall(r'(\w+)="([^"]*)"', header.removeprefix("OAuth "))
    }


def expected(method: str, url: str, said: dict[str, str]) -> str:
    """The signature by RFC 5849, section 3.4, written down anew."""

    def enc(text: str) -> str:
        return quote(text, safe="~")

    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    pairs += [
        (name, text)
        for name, text in said.items()
        if name not in {"realm", "oauth_signature"}
    ]
    whole = "&".join(
        f"{name}={text}" for name, text in sorted((enc(n), enc(t)) for n, t in pairs)
    )
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"
    text = f"{method}&{enc(base)}&{enc(whole)}"
    mark = hmac.digest(f"{enc(WORD)}&".encode(), text.encode(), "sha1")
    return b64encode(mark).decode()


@settings(deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=4),
    st.booleans(),
)
def test_the_signature_is_that_of_the_url_that_is_sent(
    method: str, query: list[tuple[str, str]], token: bool
) -> None:
    encodable = [
        (name, text)
        for name, text in query
        if not re.search("[\ud800-\udfff]", name + text)
    ]
    url = full_url("https://api.example/v1", "/users/a%2Fb%20c", encodable)
    said = parameters(signer(token_parameter=token).sign(method, url).header)
    assert said["oauth_signature"] == expected(method, url, said)


@pytest.mark.parametrize(
    "query",
    [
        (("school_uids", "a,b,c"),),
        (("filter", "status='active' AND role=\"student\""),),
        (("name", "José +1 100%"),),
        (("a", "2"), ("a", "1"), ("b", "")),
        (("oauth_like", "a%2Fb"),),
    ],
)
def test_commas_spaces_and_quotes_are_signed_as_they_are_sent(
    query: tuple[tuple[str, str], ...],
) -> None:
    url = full_url("https://api.example/v1", "/users", query)
    said = parameters(signer().sign("GET", url).header)
    assert said["oauth_signature"] == expected("GET", url, said)


def test_the_base_string_is_as_one_writes_it_by_hand() -> None:
    # Credentials and address are those of RFC 5849, section 1.2.
    made = Signer(
        OAuth1("dpf43f3p2l4k3l03", Secret("kd94hf93k423kf44")),
        lambda: 137131200,
        lambda: "wIjqoxSZ",
    )
    said = parameters(made.sign("POST", "https://photos.example.net/initiate").header)
    text = (
        "POST&https%3A%2F%2Fphotos.example.net%2Finitiate&"
        "oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3DwIjqoxSZ%26"
        "oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131200%26"
        "oauth_version%3D1.0"
    )
    mark = hmac.digest(b"kd94hf93k423kf44&", text.encode(), "sha1")
    assert said["oauth_signature"] == b64encode(mark).decode()


def test_a_default_port_and_the_case_of_the_host_are_not_signed() -> None:
    marks = {
        parameters(Signer(auth(), lambda: 5, lambda: "n").sign("GET", url).header)[
            "oauth_signature"
        ]
        for url in (
            "https://api.example/v1/users",
            "https://API.example:443/v1/users",
        )
    }
    assert len(marks) == 1


def test_plaintext_is_the_encoded_secret_and_encoded_once_more_in_the_header() -> None:
    header = signer(method="PLAINTEXT", consumer_secret=Secret("a/b")).sign("GET", URL)
    assert 'oauth_signature="a%252Fb%26"' in header.header


def test_the_empty_token_is_sent_only_where_it_is_wanted() -> None:
    assert 'oauth_token=""' in signer(token_parameter=True).sign("GET", URL).header
    assert "oauth_token" not in signer().sign("GET", URL).header


def test_the_realm_comes_first_and_the_signature_last() -> None:
    header = signer(realm="Schoology API").sign("GET", URL).header
    assert header.startswith('OAuth realm="Schoology API", oauth_consumer_key=')
    assert header.rsplit(", ", 1)[1].startswith("oauth_signature=")


def test_a_timestamp_is_whole_and_never_before_an_earlier_one() -> None:
    times = iter([1000.9, 990.0, 1001.2, 5.0])
    made = Signer(auth(), lambda: next(times))
    said = [parameters(made.sign("GET", URL).header) for _ in range(4)]
    assert [one["oauth_timestamp"] for one in said] == ["1000", "1000", "1001", "1001"]


def test_every_nonce_is_new_and_has_32_hexadecimal_digits() -> None:
    made = signer()
    nonces = {
        parameters(made.sign("GET", URL).header)["oauth_nonce"] for _ in range(50)
    }
    assert len(nonces) == 50
    assert all(re.fullmatch(r"[0-9a-f]{32}", nonce) for nonce in nonces)


@pytest.mark.parametrize("method", ["PLAINTEXT", "HMAC-SHA1"])
def test_neither_secret_nor_signature_shows_in_a_repr_or_a_log(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = signer(method=method)
    signed = made.sign("GET", URL)
    mark = parameters(signed.header)["oauth_signature"]
    service = Service("api", "https://api.example/v1", made.auth)
    shown = f"{signed!r} {signed} {made!r} {service!r} {caplog.text}"
    assert WORD not in shown
    assert mark not in shown
    assert {WORD, mark} <= set(signed.hidden)


@pytest.mark.parametrize("method", ["PLAINTEXT", "HMAC-SHA1"])
def test_a_secret_never_leaves_over_http_but_to_this_machine(method: str) -> None:
    with pytest.raises(UsageError, match="unencrypted"):
        Service("api", "http://api.example/v1", auth(method=method))
    local = Service("api", "http://127.0.0.1:8765/v1", auth(method=method))
    assert local.origin == "http://127.0.0.1:8765"


@pytest.mark.parametrize("realm", ['a"b', "a\\b", "a\r\nb: c", "é"])
def test_a_realm_that_cannot_stand_in_a_header_is_refused(realm: str) -> None:
    with pytest.raises(UsageError, match="realm"):
        auth(realm=realm)


@pytest.mark.parametrize("apart", [-86_400, -61, 61, 86_400])
def test_the_time_of_a_server_that_refused_is_signed_from_then_on(apart: int) -> None:
    one = signer(wall=100_000.0)
    one.sign("GET", URL)
    assert one.follow(100_000.0 + apart)
    said = parameters(one.sign("GET", URL).header)
    assert said["oauth_timestamp"] == str(100_000 + apart)
    assert not one.follow(0.0), "only once, or a server could lead us anywhere"


@pytest.mark.parametrize("apart", [-60, 0, 60])
def test_a_clock_that_is_right_is_left_alone(apart: int) -> None:
    one = signer(wall=100_000.0)
    assert not one.follow(100_000.0 + apart)
    assert one.apart == 0
