"""Where a request may go: checks on base addresses, paths and ``next`` links.

Comes in: addresses from the configuration, paths from targets, links from servers.
Goes out: a URL that is certain to stay on the configured origin and base path, or an
error. No credential is attached to an address that has not passed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qsl, quote, urljoin, urlsplit

from sync.errors import LocalError, TargetError, UsageError
from sync.model.loopback import is_loopback

_PATH = re.compile(r"/(?!/)[A-Za-z0-9\-._~!$&'()*+,;=:%/]*")
_BASE = re.compile(
    r"https?://(?:[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?"
    r"(?:/[A-Za-z0-9\-._~!$&'()*+,;=:%/]*)?",
    re.IGNORECASE,
)
"""No user, query or fragment; hosts of other scripts in their ``xn--`` form."""
_STEP = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_PLACE = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?#]|%[0-9A-Fa-f]{2}|\[|\])+")
"""A server's link in which nothing would be written otherwise when it is sent."""
_ROUTE_WORD = re.compile(
    r"1\.0|v1|v1p[12]|academicSessions|accesscode|agents|api|bulk_enroll|classes|codes"
    r"|cohorts|courses|edubridge|enroll|enrollments?|ext|gradingperiods|groups|ims"
    r"|import|inactive|me|oneroster|orgs|rostering|schools|sections|so2|students"
    r"|teachers|terms|users?"
)


def checked_base(url: str, what: str) -> str:
    """``url`` without its last slash, if a credential may be sent there.

    Raises ``UsageError`` for anything but https, or http to this machine, and for an
    address with a user, a query or a fragment.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    base = url.rstrip("/")
    plain = bool(_BASE.fullmatch(base)) and "//" not in parts.path
    if not host or port == 0 or not plain or _STEP.search(base):
        message = f"{what} is not an address such as https://host/path"
        raise UsageError(message, do="correct it in the configuration")
    if parts.scheme == "http" and not is_loopback(host):
        message = f"{what} would send credentials unencrypted to {host}"
        raise UsageError(message, do="use https; http is for this machine alone")
    return base


def origin_of(url: str) -> str:
    """Scheme, host and port, always with the port, in lower case."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = parts.port or (443 if scheme == "https" else 80)
    host = (parts.hostname or "").lower()
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def host_of(url: str) -> str:
    """Whom an address names, for people: the host, and the port where it is written."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    named = f"[{host}]" if ":" in host else host
    return named if parts.port is None else f"{named}:{parts.port}"


def full_url(base: str, path: str, query: Iterable[tuple[str, str]]) -> str:
    """The address of a request; it cannot leave ``base``.

    Raises ``LocalError`` for a path that names another host, climbs up, or is not
    percent-encoded: targets compose paths, so that is a defect of the program.
    """
    if not _PATH.fullmatch(path) or "//" in path or _STEP.search(path):
        message = "a request's path does not stay on its service"
        raise LocalError(message, do="report this defect")
    if not query:
        return base + path
    pairs = [f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in query]
    return f"{base}{path}?{'&'.join(pairs)}"


def next_query(base: str, path: str, link: str) -> tuple[tuple[str, str], ...]:
    """The query of a ``next`` link, if it leads to the same origin and path.

    Raises ``TargetError`` for any other link; it is never followed.
    """
    here = base + path
    try:
        parts = urlsplit(urljoin(here, link.strip()))
        same = origin_of(parts.geturl()) == origin_of(here)
    except ValueError:
        parts, same = urlsplit(""), False
    odd = "@" in parts.netloc or "\\" in link
    if odd or not same or parts.path != urlsplit(here).path:
        message = f"the list {path} names a next page at another address"
        raise TargetError(message, do="ask the vendor; the link was not followed")
    return tuple(parse_qsl(parts.query, keep_blank_values=True))


def redirected(base: str, here: str, location: str) -> str | None:
    """The address that an answer from ``here`` sends us to, if it is on the origin and
    below the path of ``base``; None for any other, which is never followed.

    A link that says ``http`` for the same host means the scheme of ``base``: servers
    behind a gateway do not know better.
    """
    home = urlsplit(base)
    try:
        parts = _upgraded(urlsplit(urljoin(here, location)), home)
        same = origin_of(parts.geturl()) == origin_of(base)
    except ValueError:
        return None
    path = parts.path
    below = path == home.path or path.startswith(f"{home.path}/")
    odd = "@" in parts.netloc or "//" in path or _STEP.search(path)
    if odd or not (same and below and _PLACE.fullmatch(location)):
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{home.scheme}://{home.netloc}{path}{query}"


def _upgraded(parts: SplitResult, home: SplitResult) -> SplitResult:
    unsafe = (parts.scheme, home.scheme) == ("http", "https")
    if unsafe and parts.hostname == home.hostname and parts.port in {None, 80}:
        return parts._replace(scheme=home.scheme, netloc=home.netloc)
    return parts


def route(path: str) -> str:
    """``path`` for a log line: words of routes stay, everything else is ``{}``."""
    parts = path.split("/")
    known = (part if _ROUTE_WORD.fullmatch(part) else "{}" for part in parts[1:])
    return "/" + "/".join(known)
