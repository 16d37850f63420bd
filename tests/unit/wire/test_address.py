from __future__ import annotations

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.errors import LocalError, TargetError, UsageError
from sync.wire.address import (
    checked_base,
    full_url,
    host_of,
    next_query,
    origin_of,
    redirected,
    route,
)

BASE = "https://api.example/ims"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "ftp://api.example",
        "//api.example",
        "api.example",
        "https://",
        "https://user:word@api.example",
        "https://api.example?x=1",
        "https://api.example#x",
        "https://api.example\\@evil.example",
        "https://api.example:99999",
        "https://[::1",
        "https://exa mple.example",
        "https://bücher.example",
        "https://api.example/a b",
        "https://api.example/../x",
        "https://api.example//x",
        "https://api.example\n.evil.example",
    ],
)
def test_an_address_that_no_credential_may_go_to_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        checked_base(url, "the address")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/ims/",
        "http://localhost:80",
        "http://127.1.2.3:1/x",
        "http://[::1]:9",
    ],
)
def test_https_and_loopback_addresses_are_taken_without_the_last_slash(
    url: str,
) -> None:
    assert checked_base(url, "the address") == url.rstrip("/")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "users",
        "//evil.example/users",
        "/users//x",
        "/users/../../admin",
        "/users/%2e%2E/admin",
        "/users/./x",
        "/users/..",
        "/a@evil.example",
        "/a\\b",
        "https://evil.example/",
        "/users?x=1",
        "/users#x",
        "/us ers",
        "/us\ners",
        "/usérs",
    ],
)
def test_a_path_that_could_leave_its_service_is_refused(path: str) -> None:
    with pytest.raises(LocalError):
        full_url(BASE, path, ())


def test_a_url_keeps_the_escapes_of_its_path_and_escapes_its_query() -> None:
    query = (("filter", "status='a&b'"), ("fields", "a,b"))
    url = full_url(BASE, "/users/a%2Fb", query)
    sent = httpx.URL(url).raw_path
    assert sent == b"/ims/users/a%2Fb?filter=status%3D%27a%26b%27&fields=a%2Cb"


@settings(deadline=None)
@given(st.text(max_size=30))
def test_whatever_the_path_the_request_stays_under_its_base(path: str) -> None:
    try:
        url = httpx.URL(full_url(BASE, path, ()))
    except LocalError:
        return
    assert url.host == "api.example"
    assert url.path.startswith("/ims/")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.example/x", "https://api.example:443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:9/x", "http://[::1]:9"),
    ],
)
def test_an_origin_has_its_port_and_no_capitals(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "link",
    [
        "https://api.example/ims/users?offset=100&limit=100",
        "https://API.example:443/ims/users?offset=100&limit=100",
        "/ims/users?offset=100&limit=100",
        "?offset=100&limit=100",
    ],
)
def test_a_next_link_on_the_same_path_gives_its_query(link: str) -> None:
    assert next_query(BASE, "/users", link) == (("offset", "100"), ("limit", "100"))


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/ims/users?offset=1",
        "http://api.example/ims/users?offset=1",
        "https://api.example:444/ims/users?offset=1",
        "//evil.example/ims/users",
        "https://api.example@evil.example/ims/users",
        "https://api.example\\@evil.example/ims/users",
        "https://x@api.example/ims/users",
        "https://api.example./ims/users",
        "https://api.example.evil.example/ims/users",
        "https://xn--pi-eka.example/ims/users",
        "https://[::1]/ims/users",
        "https://2130706433/ims/users",
        "https://169.254.169.254/ims/users",
        "https://api.example:x/ims/users",
        "https://[bad/ims/users",
        "javascript:alert(1)",
        "/ims/admin?offset=1",
        "/ims/users/../admin",
        "/users",
        "file:///ims/users",
    ],
)
def test_a_next_link_to_anywhere_else_ends_the_read(link: str) -> None:
    with pytest.raises(TargetError):
        next_query(BASE, "/users", link)


@settings(deadline=None)
@given(
    st.sampled_from(
        ["https://api.example/v1", "https://api.example", "http://[::1]:9"]
    ),
    st.one_of(
        st.text(),
        st.from_regex(
            r"(https?:)?(//[a-z.@:0-9]*)?(/[a-z%.0-9/?#&=]*)?", fullmatch=True
        ),
        st.sampled_from(["api.example", "[::1]:9", "evil.example"]).flatmap(
            lambda host: st.from_regex(
                rf"https?://{host.replace('[', '.')}(/v1)?[/a-z.%?]*"
            )
        ),
    ),
)
def test_a_redirect_leads_to_the_base_or_below_it_or_nowhere(
    base: str, location: str
) -> None:
    found = redirected(base, f"{base}/users/me", location)
    if found is None:
        return
    path = found.removeprefix(base).partition("?")[0]
    assert found.startswith(base)
    assert path == "" or path.startswith("/")
    assert not {".", ".."} & set(path.split("/"))
    assert "#" not in found
    # What is signed is what is sent: httpx writes it in no other way.
    assert str(httpx.URL(found)).rstrip("/") == found.rstrip("/")


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("7", "https://api.example/v1/users/7"),
        ("/v1", "https://api.example/v1"),
        ("/v1/users?a=%2C#part", "https://api.example/v1/users?a=%2C"),
        ("https://API.example:443/v1/x", "https://api.example/v1/x"),
        ("http://api.example:80/v1/x", "https://api.example/v1/x"),
        ("http://api.example:8080/v1/x", None),
        ("https://api.example:8443/v1/x", None),
        ("http://evil.example/v1/x", None),
    ],
)
def test_a_redirect_is_resolved_against_the_address_that_answered(
    location: str, found: str | None
) -> None:
    base = "https://api.example/v1"
    assert redirected(base, f"{base}/users/me", location) == found


def test_a_log_line_shows_the_words_of_a_route_only() -> None:
    assert route("/ims/oneroster/rostering/v1p2/users/anna.smith") == (
        "/ims/oneroster/rostering/v1p2/users/{}"
    )


@pytest.mark.parametrize("url", ["https://school.example:0", "https://h:0/v1"])
def test_no_service_listens_on_port_zero(url: str) -> None:
    with pytest.raises(UsageError):
        checked_base(url, "url")


def test_only_slashes_are_taken_from_the_end_of_a_base() -> None:
    assert checked_base("https://h.example/roX/", "url") == "https://h.example/roX"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://H.example", "http://h.example:80"),
        ("https://h.example", "https://h.example:443"),
        ("https://h.example:8443/x", "https://h.example:8443"),
        ("http://[::1]:9/x", "http://[::1]:9"),
        ("https:///x", "https://:443"),
    ],
)
def test_an_origin_always_has_its_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_a_request_without_a_query_has_no_question_mark() -> None:
    assert (
        full_url("https://h.example/v1", "/users", ()) == "https://h.example/v1/users"
    )


def test_a_next_link_with_a_backslash_is_refused_wherever_it_stands() -> None:
    with pytest.raises(TargetError):
        next_query("https://h.example", "/users", "?page=2\\")


def test_blank_values_of_a_next_link_are_kept() -> None:
    found = next_query("https://h.example", "/users", "?a=&b=1")
    assert found == (("a", ""), ("b", "1"))


@pytest.mark.parametrize(
    "location",
    [
        "https://user@h.example:8443/v1/x",
        "/v1//x",
        "/v1/%2e%2e/x",
        "/elsewhere",
        "/v11/x",
        "https://h.example/v1/x",
        "http://h.example:81/v1/x",
        "https://other.example:8443/v1/x",
        "/v1/a b",
    ],
)
def test_a_redirect_to_anywhere_else_is_none(location: str) -> None:
    base = "https://h.example:8443/v1"
    assert redirected(base, f"{base}/users", location) is None


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("/v1/x?a=1", "https://h.example:8443/v1/x?a=1"),
        ("/v1", "https://h.example:8443/v1"),
        ("http://h.example/v1/x", "https://h.example:8443/v1/x"),
        ("http://h.example:80/v1/x", "https://h.example:8443/v1/x"),
    ],
)
def test_a_redirect_below_the_base_is_followed_under_its_own_origin(
    location: str, found: str
) -> None:
    base = "https://h.example:8443/v1"
    assert redirected(base, f"{base}/users", location) == found


def test_a_version_is_a_word_of_a_route() -> None:
    assert route("/rostering/1.0/users/ada") == "/rostering/1.0/users/{}"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://API.example/ims?x=1", "api.example"),
        ("https://api.example:8443/secret/token", "api.example:8443"),
        ("http://[::1]:80/x", "[::1]:80"),
        ("https://user:word@api.example/", "api.example"),
    ],
)
def test_people_are_told_the_host_and_nothing_else_of_an_address(
    url: str, host: str
) -> None:
    assert host_of(url) == host
