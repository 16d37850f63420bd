"""The commands and their options; the one place that turns errors into exit codes.

Each command loads the module that does its work when it is called, so that ``--help``
does not wait for the data engine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sync.cli.console import Console
from sync.cli.session import Session, hoisted
from sync.errors import ExitCode, LocalError, RosterSyncError

app = typer.Typer(
    name="roster-sync",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Sync CSV rosters into a remote learning platform: read and validate, "
    "preview, apply, account for every row.",
    epilog="The options above stand before or behind the command, as you like. Exit "
    "codes: 0 done, 1 done in part, 2 usage, 3 drop refused, 4 held by a guard, "
    "5 target failed, 6 locked, 7 interrupted, 8 this machine or program failed.",
)

session = Session()

mappings_app = typer.Typer(
    rich_markup_mode=None,
    help="Which layouts are known, and how a new one is read.",
)
app.add_typer(mappings_app, name="mappings")


class ReportFormat(StrEnum):
    """The forms of a report."""

    HTML = "html"
    JSON = "json"
    CSV = "csv"


class Layout(StrEnum):
    """What a drop can be converted to."""

    FOUR_FILES = "four-files"
    ONEROSTER_1_1 = "oneroster-1.1"
    ONEROSTER_1_2 = "oneroster-1.2"


class SchemaName(StrEnum):
    """What there is a JSON Schema of."""

    CONFIG = "config"
    MAPPING = "mapping"
    REPORT = "report"
    PLAN = "plan"


DropPath = Annotated[
    Path, typer.Argument(metavar="DROP", help="A folder, a zip or a CSV file.")
]
TargetNames = Annotated[
    list[str],
    typer.Option("--target", help="A target of the configuration; may be repeated."),
]
Mapping = Annotated[
    str | None, typer.Option(help="The name of a shipped mapping, or a TOML file.")
]
Delta = Annotated[
    bool, typer.Option("--delta", help="Only what is in the files is looked at.")
]
Source = Annotated[
    str | None, typer.Option(help="Who delivers this drop, where there are several.")
]
Again = Annotated[
    bool,
    typer.Option("--again", help="Let a drop older than the last good one through."),
]
Wait = Annotated[
    str | None,
    typer.Option(help='How long to wait for another run of the target: "30m".'),
]
Renames = Annotated[
    Path | None,
    typer.Option(
        help="The renames.csv of a run, with the rows left in that are confirmed."
    ),
]
DeadlineText = Annotated[
    str | None,
    typer.Option(help='When to stop sending: a duration ("2h") or a time ("04:30").'),
]


def _version() -> None:
    from sync.version import PROGRAM

    Console().text(PROGRAM)
    raise typer.Exit


@app.callback()
def options(
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration [roster-sync.toml]."),
    ] = None,
    *,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No messages and no progress.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more, and log more.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours (also: NO_COLOR).")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask no questions.")] = False,
    version: Annotated[  # noqa: ARG001 - eager, so its callback has done it
        bool,
        typer.Option(
            "--version",
            help="Print the version and end.",
            is_eager=True,
            callback=lambda asked: _version() if asked else None,
        ),
    ] = False,
) -> None:
    """Take the options of every command."""
    from sync.log import configure

    configure("debug" if verbose else "warning")
    session.config_path = config
    session.yes = yes
    session.console = Console(
        json=json, quiet=quiet, verbose=verbose, color=not no_color
    )


@app.command()
def check(
    drop: DropPath,
    mapping: Mapping = None,
    *,
    delta: Delta = False,
    limit: Annotated[
        int, typer.Option(min=1, help="Findings of one code that are printed.")
    ] = 10,
) -> None:
    """Read and validate a drop; no network, no configuration."""
    from sync.cli.check import check as run

    _end(run(session, drop, mapping, delta=delta, limit=limit))


@app.command()
def plan(
    drop: DropPath,
    target: TargetNames,
    out: Annotated[Path | None, typer.Option(help="Where to write the plan.")] = None,
    mapping: Mapping = None,
    source: Source = None,
    wait: Wait = None,
    accept_renames: Renames = None,
    *,
    delta: Delta = False,
    again: Again = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 10 when there are changes.")
    ] = False,
) -> None:
    """Preview: fetch, compare, judge the guards; writes nothing remote."""
    from sync.cli.night import Night, night

    asked = Night(
        *(drop, target, mapping, source, wait),
        delta=delta,
        dry=True,
        again=again,
        accept_renames=accept_renames,
    )
    _end(night(session, asked, out=out, changes_code=exit_code))


@app.command()
def run(
    drop: DropPath,
    target: TargetNames,
    mapping: Mapping = None,
    source: Source = None,
    wait: Wait = None,
    deadline: DeadlineText = None,
    accept_renames: Renames = None,
    *,
    delta: Delta = False,
    again: Again = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Plan and report, but send nothing.")
    ] = False,
) -> None:
    """Check, plan, apply and report: the nightly job."""
    from sync.cli.night import Night, night

    asked = Night(
        *(drop, target, mapping, source, wait, deadline),
        delta=delta,
        dry=dry_run,
        again=again,
        accept_renames=accept_renames,
    )
    _end(night(session, asked))


@app.command()
def show(
    plan: Annotated[Path, typer.Argument(help="A plan file (.rsplan).")],
    entity: Annotated[
        str | None, typer.Option(help="Only this entity: students, users, ...")
    ] = None,
    *,
    requests: Annotated[
        bool, typer.Option("--requests", help="The requests, in order of sending.")
    ] = False,
) -> None:
    """Look into a plan."""
    from sync.cli.show import show as run

    _end(run(session, plan, entity, requests=requests))


@app.command()
def apply(
    plan: Annotated[Path, typer.Argument(help="A plan file (.rsplan).")],
    approve: Annotated[
        str | None,
        typer.Option(help="At least 8 characters of the digest of a held plan."),
    ] = None,
    wait: Wait = None,
    deadline: DeadlineText = None,
) -> None:
    """Carry a plan out, once."""
    from sync.cli.apply import apply as run

    _end(run(session, plan, approve, wait, deadline))


@app.command()
def resume(
    run: Annotated[
        str | None, typer.Argument(help="The run; default: the last open one.")
    ] = None,
    wait: Wait = None,
    deadline: DeadlineText = None,
) -> None:
    """Finish an interrupted run."""
    from sync.cli.apply import resume as go_on

    _end(go_on(session, run, wait, deadline))


@app.command()
def undo(
    run: Annotated[str, typer.Argument(help="The run, as runs names it.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the plan.")] = None,
    wait: Wait = None,
) -> None:
    """Make the plan that takes a run back; apply carries it out."""
    from sync.cli.undo import undo as take_back

    _end(take_back(session, run, out, wait))


@app.command()
def runs(
    target: Annotated[str | None, typer.Option(help="Only this target.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many at the most.")] = 20,
) -> None:
    """Past runs, newest first."""
    from sync.cli.runs import runs as run

    _end(run(session, target, limit))


@app.command()
def status(
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Only this target; may be repeated."),
    ] = None,
    max_age: Annotated[
        str | None,
        typer.Option(help='End with 5 when the last good run is older: "26h".'),
    ] = None,
) -> None:
    """When the last good run of each target ended: the alarm for a silent cron."""
    from sync.cli.status import status as run

    _end(run(session, target or [], max_age))


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="The run, as runs names it.")],
    form: Annotated[
        ReportFormat | None, typer.Option("--format", help="Default: a summary.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file, or for csv a folder, to write to.")
    ] = None,
) -> None:
    """The report of one run."""
    from sync.cli.runs import report as run_

    _end(run_(session, run, form.value if form else None, out))


@app.command()
def fetch(
    target: Annotated[str, typer.Option(help="A target of the configuration.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
    wait: Wait = None,
) -> None:
    """The remote roster as canonical CSV files."""
    from sync.cli.fetch import fetch as run

    _end(run(session, target, out, wait))


@app.command()
def ping(target: TargetNames) -> None:
    """Token, one page of each list, permissions missing, clocks, size."""
    from sync.cli.ping import ping as run

    _end(run(session, target))


@app.command()
def convert(
    drop: DropPath,
    to: Annotated[Layout, typer.Option(help="The layout to write.")],
    out: Annotated[Path, typer.Option(help="The folder to make; new or empty.")],
    mapping: Mapping = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="What a OneRoster delta names as the last change of its rows. "
            "[the newest that the drop states, or the time of its files]"
        ),
    ] = None,
    *,
    delta: Delta = False,
    zipped: Annotated[
        bool, typer.Option("--zip", help="Write one zip into the folder.")
    ] = False,
) -> None:
    """One layout into another; rejected rows are left out."""
    from sync.cli.convert import Asked
    from sync.cli.convert import convert as run

    asked = Asked(drop, to.value, out, mapping, at, delta=delta, zipped=zipped)
    _end(run(session, asked))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="The port; 0 for any free one.")] = 8765,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    data: Annotated[
        Path | None, typer.Option(help="A folder to keep the data in.")
    ] = None,
    district: Annotated[
        Path | None,
        typer.Option(help="Four files whose schools, courses, classes to hold."),
    ] = None,
    latency: Annotated[str, typer.Option(help="Before each answer.")] = "0s",
    rate_limit: Annotated[
        float | None, typer.Option(help="Requests per second, then 429.")
    ] = None,
    faults: Annotated[
        str, typer.Option(help='Trouble by chance: "429=0.05,drop=0.01".')
    ] = "",
    seed: Annotated[int, typer.Option(help="Of the faults.")] = 1,
    *,
    people: Annotated[
        bool, typer.Option("--people", help="Hold the district's people as well.")
    ] = False,
) -> None:
    """A strict imitation of the remote system, on this machine."""
    from sync.cli.sandbox import Serve
    from sync.cli.sandbox import sandbox as run

    asked = Serve(host, port, data, district, latency, rate_limit, faults, seed, people)
    _end(run(session, asked))


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option(help="The folder for configuration, state and reports.")
    ] = Path("demo"),
) -> None:
    """The whole job against the sandbox with the samples."""
    from sync.cli.demo import demo as run

    _end(run(session, out))


@app.command()
def explain(
    code: Annotated[
        str | None, typer.Argument(help="A finding's code, such as RS101.")
    ] = None,
) -> None:
    """What a finding means, how to mend it; or all of them."""
    from sync.cli.explain import explain as run

    _end(run(session, code))


@app.command()
def schema(
    name: Annotated[SchemaName, typer.Argument(help="What to print the schema of.")],
) -> None:
    """JSON Schemas, for editors and for other programs."""
    from sync.cli.schema import schema as run

    _end(run(session, name.value))


@mappings_app.command("list")
def mappings_list() -> None:
    """The shipped mappings."""
    from sync.cli.mappings import list_mappings

    _end(list_mappings(session))


@mappings_app.command("show")
def mappings_show(
    name: Annotated[str, typer.Argument(help="The name of a shipped mapping.")],
) -> None:
    """One shipped mapping, as TOML to start from."""
    from sync.cli.mappings import show as run

    _end(run(session, name))


@mappings_app.command("check")
def mappings_check(
    file: Annotated[str, typer.Argument(help="A mapping file, or a shipped name.")],
    drop: Annotated[
        Path | None, typer.Option(help="Try it on this folder, zip or CSV file.")
    ] = None,
) -> None:
    """What is wrong with a mapping, or what it reads."""
    from sync.cli.mappings import check as run

    _end(run(session, file, drop))


@mappings_app.command("suggest")
def mappings_suggest(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="CSV files, folders or zips.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="The file to write instead of printing.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The mapping's name.")] = None,
) -> None:
    """Propose a mapping for files never seen."""
    from sync.cli.mappings import suggest as run

    _end(run(session, files, out, name))


@app.command()
def samples(
    students: Annotated[int, typer.Option(min=1, help="How many students.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    nights: Annotated[int, typer.Option(min=1, help="How many nights.")] = 2,
    *,
    messy: Annotated[
        bool, typer.Option(help="A last night with one of each mistake.")
    ] = True,
) -> None:
    """A believable district, its following nights, and a messy one."""
    from sync.cli.samples import Wanted
    from sync.cli.samples import samples as run

    _end(run(session, out, Wanted(students, seed, nights, messy)))


def _end(code: ExitCode) -> None:
    session.console.conclude(int(code))
    raise typer.Exit(int(code))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code of the process."""
    given = hoisted(
        list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    )
    # Until the options are parsed; a mistake in them must be told as asked for.
    session.console = Console(json="--json" in given, color="--no-color" not in given)
    try:
        return _caught(lambda: app(given, standalone_mode=False))
    except OSError:  # not even that can be said: the code is all there is
        return int(ExitCode.LOCAL_FAILED)


def _caught(command: Callable[[], object]) -> int:
    try:
        result = command()
    except RosterSyncError as error:
        session.console.fail(error)
        code: int = error.exit_code
    except typer.Exit as end:
        code = end.exit_code
    except (typer.Abort, KeyboardInterrupt):
        session.console.advice("stopped before anything was sent")
        code = ExitCode.INTERRUPTED
    except typer.TyperException as error:
        message = error.format_message().rstrip(".")
        session.console.advice(f"{message}; see roster-sync --help")
        code = ExitCode.USAGE
    except BrokenPipeError:
        code = ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the one catch-all of the program
        code = _defect(error)
    else:
        code = result if isinstance(result, int) else ExitCode.DONE
    if code:
        session.console.conclude(int(code))
    return int(code)


def _defect(error: Exception) -> int:
    from sync.log import get_logger

    get_logger().exception("defect")
    place = f"{type(error).__module__}.{type(error).__qualname__}"
    message = f"a defect of this program ended the command ({place})"
    session.console.fail(LocalError(message, do="report it with the lines above"))
    return int(ExitCode.LOCAL_FAILED)
