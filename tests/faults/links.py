"""Links that lead astray: what a hostile server writes into ``next`` and ``Location``.

``{good}`` is host and port of the server that was asked, ``{evil}`` the port of the
stranger, ``{path}`` the path that was asked for.
"""

from __future__ import annotations

LINKS = (
    # Another port, host or scheme.
    "http://127.0.0.1:{evil}{path}?offset=2",
    "HTTP://127.0.0.1:{evil}{path}?offset=2",
    "http://localhost:{evil}{path}?offset=2",
    "http://[::1]:{evil}{path}?offset=2",
    "https://127.0.0.1:{evil}{path}?offset=2",
    "https://{good}{path}?offset=2",
    "http://evil.example:{evil}{path}",
    "http://127.0.0.1.evil.example:{evil}{path}",
    "http://{good}.evil.example{path}",
    "http://evil.example/{good}{path}",
    "http://localtest.me:{evil}{path}",
    "ftp://127.0.0.1:{evil}{path}",
    "gopher://127.0.0.1:{evil}/_POST",
    "ws://127.0.0.1:{evil}{path}",
    "file:///etc/passwd",
    "javascript:fetch('http://127.0.0.1:{evil}')",
    "data:application/json,[]",
    # A host without a scheme, and what browsers take for one.
    "//127.0.0.1:{evil}{path}?offset=2",
    "///127.0.0.1:{evil}{path}?offset=2",
    "////127.0.0.1:{evil}{path}",
    "http:///127.0.0.1:{evil}{path}",
    "http:127.0.0.1:{evil}{path}",
    "//{good}@127.0.0.1:{evil}{path}",
    # Users.
    "http://{good}@127.0.0.1:{evil}{path}",
    "http://admin:word@127.0.0.1:{evil}{path}",
    "http://admin:word@{good}{path}?offset=2",
    "http://@{good}{path}?offset=2",
    "http://{good}%40127.0.0.1:{evil}{path}",
    "http://127.0.0.1:{evil}%2f@{good}{path}",
    "http://{good}#@127.0.0.1:{evil}{path}",
    "http://{good}?@127.0.0.1:{evil}{path}",
    # Backslashes.
    "http:\\\\127.0.0.1:{evil}{path}",
    "\\\\127.0.0.1:{evil}{path}",
    "/\\127.0.0.1:{evil}{path}",
    "http://{good}\\@127.0.0.1:{evil}{path}",
    "http://127.0.0.1:{evil}\\@{good}{path}",
    # This machine by other names.
    "http://127.0.0.1.:{evil}{path}",
    "http://localhost.:{evil}{path}",
    "http://2130706433:{evil}{path}",
    "http://0x7f000001:{evil}{path}",
    "http://0177.0.0.1:{evil}{path}",
    "http://127.1:{evil}{path}",
    "http://0:{evil}{path}",
    "http://0.0.0.0:{evil}{path}",
    "http://[::ffff:127.0.0.1]:{evil}{path}",
    "http://[0:0:0:0:0:0:0:1]:{evil}{path}",
    "http://[::1%25lo]:{evil}{path}",
    "http://[::]:{evil}{path}",
    # Places where clouds keep credentials.
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://2852039166/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    # Other scripts.
    "http://１２７.０.０.１:{evil}{path}",  # noqa: RUF001 - full-width digits
    "http://127。0。0。1:{evil}{path}",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{evil}{path}",
    "http://xn--lcalhost-54a:{evil}{path}",
    "http://127.0.0.1\u200b:{evil}{path}",
    "http://127.0.0.1\u2024evil.example:{evil}{path}",
    # Another path of the same server.
    "/admin/erase?all=1",
    "http://{good}/admin/erase?all=1",
    "{path}/../../../../admin/erase",
    "{path}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/admin/erase",
    "{path}//127.0.0.1:{evil}/",
    "/redirect?to=http://127.0.0.1:{evil}/",
    # Characters that end a line or a text.
    "http://{good}{path}\r\nHost: 127.0.0.1:{evil}\r\n\r\nGET /admin HTTP/1.1",
    "http://{good}{path}?offset=2%0d%0aHost:%20127.0.0.1:{evil}",
    "ht\ntp://127.0.0.1:{evil}{path}",
    "\thttp://127.0.0.1:{evil}{path}",
    "http://127.0.0.1:{evil}\x00{path}",
    "http://127.0.0.1:{evil}{path}\x00.{good}",
    # Ports that are none, and no end.
    "http://127.0.0.1:99999{path}",
    "http://127.0.0.1:{evil}:80{path}",
    "http://127.0.0.1:-1{path}",
    "http://[127.0.0.1:{evil}{path}",
    "http://127.0.0.1:{evil}{path}?" + "offset=2&" * 3000,
)


def at(template: str, good: str, evil: int, path: str) -> str:
    """A link for these servers and this path."""
    text = template.replace("{good}", good).replace("{evil}", str(evil))
    return text.replace("{path}", path)


def fits_a_header(link: str) -> bool:
    """Whether a header can hold it: no line may end in one."""
    return not set(link) & {"\r", "\n", "\x00"}


def as_header(link: str) -> str:
    """The link as the bytes of a header, in UTF-8, as ``http.server`` takes them."""
    return link.encode().decode("latin-1")
