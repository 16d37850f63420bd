from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_PLAINTEXT, Client

from sync.sandbox.exchange import Call, Refusal
from sync.sandbox.oauth1 import WINDOW, OAuthFacts, Replays, url_of, verify

KEYS = {"key": "se cret/&+%"}
URL = "http://127.0.0.1:8080/ims/oneroster/v1p1/users"
HARD = "?filter=" + quote("givenName='O Brien' AND status='active'", safe="")


def _signed(
    url: str, *, method: str = SIGNATURE_HMAC_SHA1, shared: str = KEYS["key"]
) -> str:
    client = Client("key", shared, signature_method=method, realm="Some API")
    _, headers, _ = client.sign(url)
    return str(headers["Authorization"])


@pytest.mark.parametrize("method", [SIGNATURE_HMAC_SHA1, SIGNATURE_PLAINTEXT])
@pytest.mark.parametrize(
    "query",
    ["", "?limit=100&offset=0", HARD, HARD + "&sort=sourcedId&limit=3&a=&a=b&a=B"],
)
def test_what_a_client_library_signs_is_proven(method: str, query: str) -> None:
    facts = verify("GET", URL + query, _signed(URL + query, method=method), KEYS.get)
    assert (facts.consumer_key, facts.method) == ("key", method)
    assert (facts.realm, facts.token, facts.version) == ("Some API", None, "1.0")


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=4))
def test_any_query_is_proven(parameters: dict[str, str]) -> None:
    try:
        query = urlencode(parameters, quote_via=quote)
    except UnicodeEncodeError:
        return
    url = f"{URL}?{query}"
    assert verify("GET", url, _signed(url), KEYS.get).nonce


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("PUT", URL + HARD),
        ("GET", URL),
        ("GET", URL + HARD.replace("Brien", "Bryan")),
        ("GET", URL + HARD + "&limit=1"),
        ("GET", "http://127.0.0.1:8081/ims/oneroster/v1p1/users" + HARD),
    ],
)
def test_a_signature_of_another_request_is_refused(method: str, url: str) -> None:
    with pytest.raises(Refusal) as refused:
        verify(method, url, _signed(URL + HARD), KEYS.get)
    assert refused.value.status == 401


def test_a_wrong_secret_is_refused() -> None:
    for method in (SIGNATURE_HMAC_SHA1, SIGNATURE_PLAINTEXT):
        with pytest.raises(Refusal, match="signature"):
            verify("GET", URL, _signed(URL, method=method, shared="x"), KEYS.get)


def test_an_empty_token_is_signed_and_shown() -> None:
    header = (
        'OAuth oauth_consumer_key="key", oauth_token="", oauth_nonce="n",'
        ' oauth_timestamp="1", oauth_signature_method="PLAINTEXT",'
        f' oauth_signature="{quote(quote(KEYS["key"], safe="") + "&", safe="")}"'
    )
    assert verify("GET", URL, header, KEYS.get).token == ""


@pytest.mark.parametrize(
    "spoil",
    [
        str.lower,
        lambda header: header.replace("OAuth ", "Bearer "),
        lambda header: header.replace("oauth_nonce", "nonce"),
        lambda header: header.replace("oauth_timestamp", "oauth_time"),
        lambda header: header.replace('oauth_version="1.0"', 'oauth_version="2.0"'),
        lambda header: header.replace("HMAC-SHA1", "HMAC-SHA256"),
        lambda header: header.replace('"key"', '"stranger"'),
        lambda header: header + ', oauth_nonce="again"',
        lambda header: header + ', oauth_body_hash="%zz"',
        lambda header: header + ", and more",
        lambda header: header.replace('oauth_timestamp="', 'oauth_timestamp="1.'),
    ],
)
def test_a_header_that_says_something_else_is_refused(
    spoil: Callable[[str], str],
) -> None:
    with pytest.raises(Refusal) as refused:
        verify("GET", URL, spoil(_signed(URL)), KEYS.get)
    assert refused.value.status == 401


def _facts(nonce: str, timestamp: int, key: str = "key") -> OAuthFacts:
    return OAuthFacts(key, "HMAC-SHA1", nonce, timestamp, None, None, None)


def test_a_nonce_serves_once_per_key_and_timestamp() -> None:
    replays = Replays()
    for facts in (_facts("a", 9), _facts("a", 8), _facts("b", 9), _facts("a", 9, "k")):
        replays.check(facts, now=9)
    with pytest.raises(Refusal, match="replay"):
        replays.check(_facts("a", 9), now=9)


@pytest.mark.parametrize("away", [-WINDOW - 1, WINDOW + 1])
def test_a_clock_that_is_wrong_is_refused(away: int) -> None:
    with pytest.raises(Refusal, match="clock"):
        Replays().check(_facts("a", 10_000 + away), now=10_000)


def test_a_timestamp_may_be_told_to_rise() -> None:
    replays = Replays()
    replays.check(_facts("a", 100), now=100, rising=True)
    replays.check(_facts("b", 99), now=100)
    with pytest.raises(Refusal, match="backwards"):
        replays.check(_facts("c", 99), now=100, rising=True)


def test_a_nonce_is_remembered_as_long_as_its_timestamp_is_taken() -> None:
    replays = Replays()
    replays.check(_facts("a", 1000), now=1000)
    replays.check(_facts("b", 1000 + WINDOW), now=1000 + WINDOW)
    with pytest.raises(Refusal, match="replay"):
        replays.check(_facts("a", 1000), now=1000 + WINDOW)


def test_the_url_of_a_call_is_as_it_was_asked_for() -> None:
    call = Call("GET", "/a%2Fb", "x=%20y", [(b"host", b"127.0.0.1:1")], b"")
    assert url_of(call) == "http://127.0.0.1:1/a%2Fb?x=%20y"
    call.query = ""
    assert url_of(call) == "http://127.0.0.1:1/a%2Fb"
