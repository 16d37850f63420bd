"""Options, and a person if there is one -> every answer that a configuration needs.

An option answers its question; the others are asked where somebody can be asked, have
their default otherwise, and where they have none the option is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sync.errors import UsageError
from sync.setup.questions import QUESTIONS, Known, Question

Answers = Mapping[str, str]
"""By the name of the question; none for a question that was not to be asked."""

Ask = Callable[[Question, Known, str | None, str], str]
"""Puts a question to a person: after these answers, with this default; the text is what
was wrong with the answer before."""


def complete(given: Mapping[str, str | None], ask: Ask | None) -> Answers:
    """All answers; ``ask`` is null where nobody is there to be asked.

    Raises ``UsageError`` for an option that is wrong, has nothing to answer, or is
    missing, of which all are named at once.
    """
    known, missing = _answered(given, ask)
    if missing:
        raise _lacking(missing)
    return known


def without_files(given: Mapping[str, str | None]) -> UsageError:
    """What to say where the files are not named either."""
    _, missing = _answered(given, None)
    return _lacking(["DROP", *missing])


def _answered(
    given: Mapping[str, str | None], ask: Ask | None
) -> tuple[dict[str, str], list[str]]:
    """The answers, and the options that lack."""
    known: dict[str, str] = {}
    missing: list[str] = []
    for question in QUESTIONS:
        text = given.get(question.name)
        if not question.asked(known):
            if text is not None and not missing:
                raise _idle(question, known)
            continue
        default = question.default(known)
        if text is None and ask is not None:
            known[question.name] = _asked(question, known, default, ask)
        elif text is not None or default is not None:
            answer = text if text is not None else default or ""
            known[question.name] = _taken(question, answer, known)
        else:
            missing.append(question.flag)
    return known, missing


def _taken(question: Question, text: str, known: Known) -> str:
    try:
        return question.taken(text, known)
    except ValueError as error:
        message = f"{question.flag}: {error}"
        raise UsageError(message, do="see roster-sync init --help") from None


def _asked(question: Question, known: Known, default: str | None, ask: Ask) -> str:
    """Asks until the answer will do."""
    wrong = ""
    while True:
        text = ask(question, known, default, wrong) or default or ""
        try:
            return question.taken(text, known)
        except ValueError as error:
            wrong = str(error)


def _idle(question: Question, known: Known) -> UsageError:
    place = f"kind {known['kind']} at {known['address']}"
    message = f"{question.flag} has no effect with {place}"
    return UsageError(message, do="leave it away")


def _lacking(missing: list[str]) -> UsageError:
    are = "is" if len(missing) == 1 else "are"
    message = f"{' and '.join(missing)} {are} missing, and nobody is here to be asked"
    return UsageError(message, do="see roster-sync init --help for what they take")
