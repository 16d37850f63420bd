"""The same rules by other validators, each in its own environment.

This is the program that such an environment runs, so that it may import nothing but
the standard library at its top, and nothing of ours:

    .peers/pandera/bin/python benchmarks/peer_validators.py pandera FOLDER

The rules: seven columns must hold something, two hold one of a few words, three have a
form, the key is unique, and the student is in the other file. Prints one JSON object:
seconds of reading and checking, rows of enrollments, how many of them are bad.
"""

from __future__ import annotations

import csv
import importlib
import json
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

STATUSES = ("active", "inactive", "tobedeleted")
ROLES = ("student", "teacher", "aide", "proctor", "administrator")
BOOLEAN = "^(true|false)$"
DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
NAMED = ("sourcedId", "userSourcedId", "classSourcedId")
"""Of the columns that must hold something, those that may hold anything."""
WORDS = {"status": STATUSES, "role": ROLES}
FORMS = {"primary": BOOLEAN, "beginDate": DAY}
KEY, STUDENT, SCHOOL, END = "sourcedId", "userSourcedId", "schoolSourcedId", "endDate"
KNOWN = "known"
"""Whether the student is in his file, beside each enrollment."""

Found = tuple[int, int]
"""Rows of enrollments, and how many of them are bad."""
Check = Callable[[Path], Found]


def with_pandera() -> Check:
    """A frame as pandera checks it, all of its errors at once."""
    pl = importlib.import_module("polars")
    pandera = importlib.import_module("pandera.polars")
    errors = importlib.import_module("pandera.errors")
    column, rule = pandera.Column, pandera.Check
    schema = pandera.DataFrameSchema(
        {
            **{name: column(pl.String) for name in NAMED},
            **{n: column(pl.String, rule.isin(words)) for n, words in WORDS.items()},
            **{n: column(pl.String, rule.str_matches(f)) for n, f in FORMS.items()},
            SCHOOL: column(pl.String, nullable=True),
            END: column(pl.String, rule.str_matches(DAY), nullable=True),
            KNOWN: column(pl.Boolean, rule.eq(True)),
        },
        unique=[KEY],
    )

    def check(folder: Path) -> Found:
        frame = _frame(pl, folder)
        try:
            schema.validate(frame, lazy=True)
        except errors.SchemaErrors as error:
            return frame.height, error.failure_cases["index"].n_unique()
        return frame.height, 0

    return check


def with_dataframely() -> Check:
    """A frame as dataframely parts it into good rows and bad ones."""
    pl = importlib.import_module("polars")
    dataframely = importlib.import_module("dataframely")
    text, truth = dataframely.String, dataframely.Bool
    columns = {
        **{name: text(primary_key=name == KEY) for name in NAMED},
        **{name: text(check=_one_of(words)) for name, words in WORDS.items()},
        **{name: text(regex=form) for name, form in FORMS.items()},
        SCHOOL: text(nullable=True),
        END: text(regex=DAY, nullable=True),
        KNOWN: truth(check=lambda known: known),
    }
    bases = (dataframely.Schema,)
    schema: Any = types.new_class("Rows", bases, {}, lambda body: body.update(columns))

    def check(folder: Path) -> Found:
        frame = _frame(pl, folder)
        _, failure = schema.filter(frame)
        return frame.height, len(failure)

    return check


def _one_of(words: tuple[str, ...]) -> Callable[[Any], Any]:
    return lambda cell: cell.is_in(list(words))


def _frame(pl: Any, folder: Path) -> Any:
    """Enrollments with ``known``, by a join."""
    students = pl.read_csv(folder / "students.csv", columns=[KEY], infer_schema=False)
    known = students.select(pl.col(KEY).alias(STUDENT), pl.lit(value=True).alias(KNOWN))
    return (
        pl.read_csv(folder / "enrollments.csv", infer_schema=False)
        .join(known, on=STUDENT, how="left", maintain_order="left")
        .with_columns(pl.col(KNOWN).fill_null(value=False))
    )


def with_pydantic() -> Check:
    """Row by row from the standard reader, key and student by sets."""
    pydantic = importlib.import_module("pydantic")
    field = pydantic.Field
    filled = Annotated[str, field(min_length=1)]
    day = Annotated[str, field(pattern=f"^$|{DAY}")]
    model = pydantic.create_model(
        "Enrollment",
        **dict.fromkeys(NAMED, (filled, ...)),
        **{name: (Literal[words], ...) for name, words in WORDS.items()},
        **{n: (Annotated[str, field(pattern=form)], ...) for n, form in FORMS.items()},
        **{SCHOOL: (str, ""), END: (day, "")},
    )
    judge = pydantic.TypeAdapter(model).validate_python

    def check(folder: Path) -> Found:
        with (folder / "students.csv").open(encoding="utf-8", newline="") as file:
            students = {row[KEY] for row in csv.DictReader(file)}
        bad: set[int] = set()
        first: dict[str, int] = {}
        number = -1
        with (folder / "enrollments.csv").open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                try:
                    judge(row)
                except pydantic.ValidationError:
                    bad.add(number)
                if row[STUDENT] not in students:
                    bad.add(number)
                earlier = first.setdefault(row[KEY], number)
                if earlier != number:
                    bad.update((earlier, number))
        return number + 1, len(bad)

    return check


def with_frictionless() -> Check:
    """A package of both files, of which the enrollments are validated."""
    frictionless = importlib.import_module("frictionless")
    schema = {
        "fields": [
            *(_field(KEY), _field("status", enum=STATUSES), _field(STUDENT)),
            *(_field("role", enum=ROLES), _field("classSourcedId")),
            *(_field(SCHOOL, required=False), _field("primary", pattern=BOOLEAN)),
            _field("beginDate", pattern=DAY),
            _field(END, required=False, pattern=DAY),
        ],
        "primaryKey": [KEY],
        "foreignKeys": [
            {
                "fields": [STUDENT],
                "reference": {"resource": "students", "fields": [KEY]},
            }
        ],
    }

    def check(folder: Path) -> Found:
        people = (folder / "students.csv").open(encoding="utf-8").readline().strip()
        fields = [{"name": name, "type": "string"} for name in people.split(",")]
        package = frictionless.Package.from_descriptor(
            {
                "resources": [
                    _resource("students", {"fields": fields}),
                    _resource("enrollments", schema),
                ]
            },
            basepath=str(folder),
        )
        resource = package.get_resource("enrollments")
        report = resource.validate(limit_errors=sys.maxsize)
        return report.tasks[0].stats["rows"], len(_bad_rows(report.tasks[0].errors))

    return check


def _field(name: str, *, required: bool = True, **limits: Any) -> dict[str, Any]:
    told = {n: list(v) if isinstance(v, tuple) else v for n, v in limits.items()}
    limited = {"required": required, **told}
    return {"name": name, "type": "string", "constraints": limited}


def _resource(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "path": f"{name}.csv",
        "schema": schema,
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
    }


def _bad_rows(errors: list[Any]) -> set[int]:
    """Their numbers; of rows with one key it tells the first in words alone."""
    bad: set[int] = set()
    for error in errors:
        bad.add(error.row_number)
        if error.type == "primary-key":
            bad.add(int("".join(filter(str.isdigit, error.note.split("position")[-1]))))
    return bad


PROGRAMS: dict[str, Callable[[], Check]] = {
    "pandera": with_pandera,
    "dataframely": with_dataframely,
    "pydantic": with_pydantic,
    "frictionless": with_frictionless,
}


def main() -> None:
    """Check one folder by one of them."""
    name, folder = sys.argv[1:]
    check = PROGRAMS[name]()
    began = time.perf_counter()
    count, bad = check(Path(folder))
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "count": count, "facts": {"bad": bad}}))


if __name__ == "__main__":
    main()
