"""What must be known for a configuration: a table of questions, in their order.

Comes in: what is answered so far. Goes out: the next question, its default, and what
is wrong with an answer. Who is asked, and how, is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sync.config.clock import machine_timezone, named_timezone
from sync.config.load import TARGET_NAME
from sync.errors import UsageError
from sync.model.loopback import is_loopback
from sync.wire.address import checked_base

Known = Mapping[str, str]
"""Answers by the name of their question."""

KINDS: Mapping[str, str] = {
    "timeback": "TimeBack: people, guardian links, enrollments",
    "oneroster": "any server with OneRoster's REST interface",
    "edubridge": "enrollments alone, by TimeBack's EduBridge",
    "schoology": "Schoology: enrollments in sections or groups",
    "openedx": "Open edX: enrollments of learners in courses",
}
"""The kinds of the registry, in a line each."""

ENVIRONMENTS = ("staging", "production")
"""Of TimeBack and EduBridge, in place of an address."""
_NAMED = ("timeback", "edubridge")
_ORIGINS = (*_NAMED, "openedx")
"""Whose address has no path."""
SCHOOLOGY = "https://api.schoology.com/v1"
"""Schoology REST API, Overview."""
_TOKENS = "/oauth2/token"
"""Where the sandbox gives tokens, and most servers."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to know; ``name`` is its option without the dashes."""

    name: str
    text: Callable[[Known], str]
    """What to ask, after these answers."""
    choices: Callable[[Known], Mapping[str, str]] = lambda _: {}
    """What may be answered, each with a word on it; none where that is open."""
    default: Callable[[Known], str | None] = lambda _: None
    """The answer of who gives none; null where somebody has to."""
    asked: Callable[[Known], bool] = lambda _: True
    """Whether there is something to ask, after these answers."""
    judged: Callable[[str, Known], str] = lambda text, _: text
    """The answer as it is written. Raises ``ValueError`` with what is wrong."""

    @property
    def flag(self) -> str:
        """The option that answers it."""
        return f"--{self.name}"

    def taken(self, text: str, known: Known) -> str:
        """An answer, judged. Raises ``ValueError``."""
        text = text.strip()
        choices = self.choices(known)
        text = text.lower() if text.lower() in choices else text
        if choices and text not in choices:
            message = f"it takes {', '.join(choices)}"
            raise ValueError(message)
        return self.judged(text, known)


def version_of(known: Known) -> str:
    """Of a OneRoster server: as answered, or as its address says; "" where neither."""
    steps = urlsplit(known.get("address", "")).path.split("/")
    shown = next((v for v, part in _PARTS.items() if part in steps), "")
    return known.get("oneroster-version", shown)


_PARTS = {"1.1": "v1p1", "1.2": "v1p2"}


def is_named(known: Known) -> bool:
    """Whether the address is an environment's name."""
    return known.get("address") in ENVIRONMENTS


def is_here(known: Known) -> bool:
    """Whether the system runs on this machine, as the sandbox does."""
    return is_loopback(urlsplit(known["address"]).hostname or "")


_ADDRESSES: Mapping[str, str] = {
    "timeback": "Its environment, staging or production; or the platform's address",
    "oneroster": "Its address, up to and including /rostering/v1p2 or /v1p1",
    "edubridge": "Its environment, staging or production; or its address",
    "schoology": "The address of its API",
    "openedx": "The address of the LMS, without a path",
}


def _is(*kinds: str) -> Callable[[Known], bool]:
    return lambda known: known.get("kind") in kinds


def _address(text: str, known: Known) -> str:
    kind = known.get("kind")
    if kind in _NAMED and text.lower() in ENVIRONMENTS:
        return text.lower()
    if kind is None:
        return text
    url = _url(text)
    if kind == "schoology" and not url.endswith("/v1"):
        message = f"it must end in /v1, such as {SCHOOLOGY}"
        raise ValueError(message)
    return _origin(url, known) if kind in _ORIGINS else url


def _url(text: str, _: Known | None = None) -> str:
    try:
        return checked_base(text, "it")
    except UsageError as error:
        raise ValueError(error.message) from None


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _origin(text: str, _: Known) -> str:
    url = _url(text)
    if urlsplit(url).path:
        message = f"it must be an address without a path, such as {_root(url)}"
        raise ValueError(message)
    return url


def _usual_address(known: Known) -> str | None:
    return SCHOOLOGY if known.get("kind") == "schoology" else None


def _has_two_addresses(known: Known) -> bool:
    own = "address" in known and not is_named(known)
    return own and known.get("kind") == "timeback"


def _asks_for_tokens(known: Known) -> bool:
    if "address" not in known:
        return False
    if _is(*_NAMED)(known):
        return not is_named(known)
    return _is("oneroster")(known) and known.get("sign-in", "token") == "token"


def _usual_tokens(known: Known) -> str | None:
    """On this machine as the sandbox has it; elsewhere nobody can know."""
    address = known.get("api-address") or known.get("address", "")
    here = "://" in address and is_loopback(urlsplit(address).hostname or "")
    return _root(address) + _TOKENS if here else None


def _name(text: str, _: Known) -> str:
    if not TARGET_NAME.fullmatch(text):
        message = "it takes up to 64 letters, digits, - and _"
        raise ValueError(message)
    return text


def _folder(text: str, _: Known) -> str:
    if not text:
        message = "it takes a folder, such as /var/lib/roster-sync"
        raise ValueError(message)
    return text


def _zone(text: str, _: Known) -> str:
    return named_timezone(text).key


QUESTIONS: tuple[Question, ...] = (
    Question("kind", lambda _: "Which system do they go to?", lambda _: KINDS),
    Question(
        "address",
        lambda known: _ADDRESSES[known.get("kind", "oneroster")],
        default=_usual_address,
        judged=_address,
    ),
    Question(
        "api-address",
        lambda _: "The address of its api, which lists the roster",
        default=lambda known: known["address"],
        asked=_has_two_addresses,
        judged=_origin,
    ),
    Question(
        "oneroster-version",
        lambda _: "Which version of OneRoster does it speak?",
        lambda _: {"1.2": "", "1.1": ""},
        lambda _: "1.2",
        lambda known: _is("oneroster")(known) and not version_of(known),
    ),
    Question(
        "sign-in",
        lambda _: "How does one sign in there?",
        lambda _: {
            "token": "OAuth 2: id and secret",
            "consumer": "OAuth 1.0a: key and secret",
        },
        lambda _: "token",
        lambda known: _is("oneroster")(known) and version_of(known) == "1.1",
    ),
    Question(
        "token-address",
        lambda _: "Where does it give tokens (token URL)?",
        default=_usual_tokens,
        asked=_asks_for_tokens,
        judged=_url,
    ),
    Question(
        "writes",
        lambda _: "How does it take writes? Ask the vendor; OneRoster itself has none",
        lambda _: {
            "none": "only compare",
            "put": "PUT makes and changes",
            "post-put": "POST makes, PUT changes",
        },
        lambda _: "none",
        _is("oneroster"),
    ),
    Question(
        "target",
        lambda _: "A name for it, as --target takes it",
        default=lambda _: "district",
        judged=_name,
    ),
    Question(
        "timezone",
        lambda _: 'Whose "today" decides on begin and end dates',
        default=lambda _: machine_timezone().key,
        judged=_zone,
    ),
    Question(
        "state-dir",
        lambda _: "Where it keeps what it must know the next night",
        default=lambda _: "state",
        judged=_folder,
    ),
)
