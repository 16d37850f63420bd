"""``explain``: what a finding means and how to mend it."""

from __future__ import annotations

from rapidfuzz import process
from rich.text import Text

from sync.cli.session import Session
from sync.diff import CODES as DIFF
from sync.errors import ExitCode, UsageError
from sync.flow.codes import CODES as FLOW
from sync.mapping import CODES as MAPPING
from sync.model.finding import Code
from sync.read import CODES as READ
from sync.targets.codes import CODES as TARGETS
from sync.validate import CODES as VALIDATE


def all_codes() -> dict[str, Code]:
    """Every code that the program can find, in order."""
    codes = (*READ, *MAPPING, *VALIDATE, *TARGETS, *FLOW, *DIFF)
    return {code.code: code for code in sorted(codes, key=lambda one: one.code)}


def explain(session: Session, name: str | None) -> ExitCode:
    """Print one code in full, or a line for each."""
    known = all_codes()
    if name is None:
        session.console.document(
            {"format": 1, "codes": [_document(code) for code in known.values()]}
        )
        session.console.result(
            *(
                f"{code.code}  {code.severity:<8}  {code.title}"
                for code in known.values()
            )
        )
        return ExitCode.DONE
    code = known.get(name.strip().upper())
    if code is None:
        near = process.extractOne(name.upper(), list(known))
        message = f'there is no finding "{name}"'
        raise UsageError(message, do=f"did you mean {near[0]}?" if near else None)
    session.console.document({"format": 1, **_document(code)})
    session.console.result(
        Text(f"{code.code}: {code.title}", style="bold"),
        f"severity  {code.severity.value}",
        f"why       {code.explanation}",
        f"do        {code.remedy}",
    )
    return ExitCode.DONE


def _document(code: Code) -> dict[str, str]:
    return {
        "code": code.code,
        "severity": code.severity.value,
        "title": code.title,
        "explanation": code.explanation,
        "remedy": code.remedy,
    }
