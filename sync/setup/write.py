"""Answers -> the text of ``roster-sync.toml``, with what each key decides beside it.

Secrets are named by the environment variables in which they will stand. Names are
those of the documents and of the sandbox, so that its credentials fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.setup.questions import Known, is_here, is_named, version_of
from sync.suggest.write import value

_SECRETS: Mapping[str, Sequence[str]] = {
    "id": ("client_id", "client_secret"),
    "key": ("consumer_key", "consumer_secret"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One line of a table."""

    name: str
    value: Any
    why: str = ""

    @property
    def text(self) -> str:
        """As it stands in the file, without the words beside it."""
        return f"{self.name} = {value(self.value)}"


def _lines(keys: Iterable[Key]) -> Iterator[str]:
    """The words beside the keys of one table begin in one column."""
    keys = list(keys)
    width = max(len(key.text) for key in keys if key.why)
    for key in keys:
        yield f"{key.text:<{width}}  # {key.why}" if key.why else key.text


@dataclass(frozen=True, slots=True)
class Section:
    """One table below the target's; ``name`` is blank for the target's own."""

    name: str
    why: str
    keys: tuple[Key, ...]

    def lines(self, target: str) -> Iterator[str]:
        """As they stand in the file."""
        head = ".".join(("targets", target, *filter(None, [self.name])))
        yield ""
        yield f"# {self.why}"
        yield f"[{head}]"
        yield from _lines(self.keys)


def configuration(answers: Known, mapping: str, schema: str) -> str:
    """The whole file; ``mapping`` and ``schema`` as seen from its folder."""
    lines = [
        f"#:schema ./{schema}",
        "# Made by roster-sync init. Keys that are not here have their defaults; an",
        "# editor that knows the schema completes them, docs/operate.md explains them.",
        "",
        *_lines(
            (
                Key("state_dir", answers["state-dir"], "what it must know: back it up"),
                Key("timezone", answers["timezone"], 'whose "today" decides on dates'),
            )
        ),
    ]
    for section in _sections(answers, mapping):
        lines += section.lines(answers["target"])
    return "\n".join(lines) + "\n"


def variables(answers: Known) -> list[str]:
    """The environment variables in which the secrets are to stand."""
    found = [
        key.value["env"]
        for section in _sections(answers, "")
        for key in section.keys
        if isinstance(key.value, Mapping) and "env" in key.value
    ]
    return list(dict.fromkeys(found))


def _sections(answers: Known, mapping: str) -> list[Section]:
    kind = answers["kind"]
    own, more = _KINDS[kind](answers)
    head = (
        Key("kind", kind, "which system it is"),
        *own,
        Key("mapping", mapping, "how the files are read"),
        *((_QUICK,) if is_here(answers) else ()),
    )
    target = f"{answers['target']} is the name that --target takes."
    return [Section("", target, head), *more, *_manners(answers)]


_QUICK = Key("settle", "5s", "how long what was written may take to show")


def _secrets(prefix: str, way: str = "id") -> tuple[Key, ...]:
    why = "the variable to set, never the secret itself"
    return tuple(
        Key(name, {"env": f"{prefix}_{name.upper()}"}, why) for name in _SECRETS[way]
    )


Parts = tuple[tuple[Key, ...], list[Section]]
"""The keys of the target's own table, and the tables below it."""


def _timeback(answers: Known) -> Parts:
    platform, api = _secrets("TIMEBACK"), _secrets("TIMEBACK_API")
    own: tuple[Key, ...] = ()
    if is_named(answers):
        own = (_environment(answers),)
    else:
        platform = (Key("url", answers["address"]), *platform)
        urls = (("url", "api-address"), ("token_url", "token-address"))
        api = (*(Key(name, answers[said]) for name, said in urls), *api)
    people = "People and guardian links are written here."
    roster = "The roster is read here, and enrollments are written here."
    return own, [Section("platform", people, platform), Section("api", roster, api)]


def _environment(answers: Known) -> Key:
    return Key("environment", answers["address"], "its addresses follow from it")


def _oneroster(answers: Known) -> Parts:
    url = Key("url", answers["address"], "up to and including /v1p2 or /v1p1")
    signed = _secrets("ONEROSTER", "key")
    if "token-address" in answers:
        tokens = Key("token_url", answers["token-address"], "where it gives tokens")
        signed = (tokens, *_secrets("ONEROSTER"))
    why = "none: compared, nothing is sent; the vendor knows"
    version = Key("version", version_of(answers), "of OneRoster")
    return (version, url, *signed, Key("writes", answers["writes"], why)), []


def _edubridge(answers: Known) -> Parts:
    where: tuple[Key, ...] = (_environment(answers),)
    if not is_named(answers):
        where = (
            Key("url", answers["address"]),
            Key("token_url", answers["token-address"], "where it gives tokens"),
        )
    return (*where, *_secrets("TIMEBACK_API")), []


def _schoology(answers: Known) -> Parts:
    url = Key("url", answers["address"], "of the API, not of the pages that people see")
    route = Key("route", "section-code", "how enrollments are sent: docs/targets")
    return (url, *_secrets("SCHOOLOGY", "key"), route), []


def _openedx(answers: Known) -> Parts:
    url = Key("url", answers["address"], "the origin of the LMS, without a path")
    tokens = Key("token_url", f"{answers['address']}/oauth2/access_token")
    person = Key("identifier", "email", "or username: what tells who is who")
    mails = Key("email_students", value=False, why="whether the LMS mails them")
    return (url, tokens, *_secrets("OPENEDX"), person, mails), []


_KINDS: Mapping[str, Callable[[Known], Parts]] = {
    "timeback": _timeback,
    "oneroster": _oneroster,
    "edubridge": _edubridge,
    "schoology": _schoology,
    "openedx": _openedx,
}

_ENDS: Mapping[str, Key] = {
    "students": Key("students", "inactive", "or keep, tobedeleted"),
    "users": Key("users", "keep", "staff and parents; or inactive, tobedeleted"),
    "agents": Key("agents", "delete", "guardian links; or keep"),
    "enrollments": Key("enrollments", "inactive", "or keep"),
}
_OF_PEOPLE = ("timeback", "oneroster")


def _manners(answers: Known) -> Iterable[Section]:
    """Pace, removals and guards: the defaults, since people ask for these first."""
    if is_here(answers):
        pace = Key(
            "requests_per_second", 200, "for this machine; elsewhere 20 is usual"
        )
        yield Section("limits", "The pace of requests, at the most.", (pace,))
    ends = _ENDS if answers["kind"] in _OF_PEOPLE else ("enrollments",)
    gone = "What becomes of a record of ours that the files name no more."
    yield Section("removal", gone, tuple(_ENDS[name] for name in ends))
    yield Section(
        "guards",
        "What holds a plan until somebody has looked at it.",
        (
            Key("removals", {"percent": 5}, "more records ended than this share"),
            Key("creates", {"percent": 50}, "more new ones"),
            Key("updates", {"percent": 50}, "more changed ones"),
            Key("rejected", {"percent": 5}, "more bad rows: the drop is refused"),
            Key("shrink", {"percent": 20}, "files so much smaller than the last"),
            Key("first_run", "hold", "the first plan for a roster with people"),
        ),
    )
