"""The commands and their options; the one place that turns errors into exit codes.

Each command loads the module that does its work when it is called, so that ``--help``
does not wait for the data engine.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, TextIO, cast

import typer

from sync.cli import options
from sync.cli.console import Console
from sync.cli.heap import hand_back_soon
from sync.cli.outlet import Outlet
from sync.cli.session import Session, hoisted
from sync.errors import ExitCode, LocalError, RosterSyncError, worst

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


def _version() -> None:
    from sync.cli.versions import lines, versions

    told = versions()
    session.console.document({"format": 1, "versions": dict(told)})
    session.console.text("\n".join(lines(told)))
    raise typer.Exit


@app.callback()
def everywhere(
    config: options.ConfigFile = None,
    *,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
    yes: options.Yes = False,
    version: Annotated[  # noqa: ARG001 - eager, so its callback has done it
        bool,
        typer.Option(
            "--version",
            help="Print the versions of what matters and end.",
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
def init(
    drop: options.FirstDrop = None,
    kind: options.Kind = None,
    address: options.Address = None,
    api_address: options.ApiAddress = None,
    token_address: options.TokenAddress = None,
    oneroster_version: options.OneRosterVersion = None,
    sign_in: options.SignIn = None,
    writes: options.Writes = None,
    target: options.NewTarget = None,
    timezone: options.TimeZone = None,
    state_dir: options.StateDir = None,
    mapping: options.Mapping = None,
) -> None:
    """Look at the files, ask a few questions, write roster-sync.toml, try it."""
    from sync.cli.init import Asked
    from sync.cli.init import init as run

    answers = {
        "kind": kind,
        "address": address,
        "api-address": api_address,
        "token-address": token_address,
        "oneroster-version": oneroster_version,
        "sign-in": sign_in,
        "writes": writes,
        "target": target,
        "timezone": timezone,
        "state-dir": state_dir,
    }
    _end(run(session, Asked(drop, mapping, answers)))


@app.command()
def check(
    drop: options.DropPath,
    mapping: options.Mapping = None,
    *,
    delta: options.Delta = False,
    limit: options.FindingLimit = 10,
) -> None:
    """Read and validate a drop; no network, no configuration."""
    from sync.cli.check import check as run

    _end(run(session, drop, mapping, delta=delta, limit=limit))


@app.command()
def plan(
    drop: options.DropPath,
    target: options.TargetNames,
    out: options.PlanOut = None,
    mapping: options.Mapping = None,
    source: options.Source = None,
    wait: options.Wait = None,
    accept_renames: options.Renames = None,
    *,
    delta: options.Delta = False,
    again: options.Again = False,
    exit_code: options.ChangesCode = False,
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
    drop: options.DropPath,
    target: options.TargetNames,
    mapping: options.Mapping = None,
    source: options.Source = None,
    wait: options.Wait = None,
    deadline: options.DeadlineText = None,
    accept_renames: options.Renames = None,
    *,
    delta: options.Delta = False,
    again: options.Again = False,
    dry_run: options.DryRun = False,
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
def watch(
    folder: options.Watched,
    target: options.TargetNames,
    mapping: options.Mapping = None,
    source: options.Source = None,
    settle: options.Settle = "10s",
    retry: options.Retry = "5m",
    *,
    delta: options.Delta = False,
    once: options.Once = False,
) -> None:
    """Run every drop that arrives in a folder, when it is complete."""
    from sync.cli.watch import Asked
    from sync.cli.watch import watch as run

    asked = Asked(folder, target, settle, retry, mapping, source, delta, once)
    _end(run(session, asked))


@app.command()
def show(
    plan: options.PlanPath,
    entity: options.OneEntity = None,
    *,
    requests: options.Requests = False,
) -> None:
    """Look into a plan."""
    from sync.cli.show import show as run

    _end(run(session, plan, entity, requests=requests))


@app.command()
def apply(
    plan: options.PlanPath,
    approve: options.Approval = None,
    wait: options.Wait = None,
    deadline: options.DeadlineText = None,
) -> None:
    """Carry a plan out, once."""
    from sync.cli.apply import apply as run

    _end(run(session, plan, approve, wait, deadline))


@app.command()
def resume(
    run: options.OpenRun = None,
    wait: options.Wait = None,
    deadline: options.DeadlineText = None,
) -> None:
    """Finish an interrupted run."""
    from sync.cli.apply import resume as go_on

    _end(go_on(session, run, wait, deadline))


@app.command()
def undo(
    run: options.RunName,
    out: options.PlanOut = None,
    wait: options.Wait = None,
) -> None:
    """Make the plan that takes a run back; apply carries it out."""
    from sync.cli.undo import undo as take_back

    _end(take_back(session, run, out, wait))


@app.command()
def runs(
    target: options.OneTarget = None,
    limit: options.RunLimit = 20,
) -> None:
    """Past runs, newest first."""
    from sync.cli.runs import runs as run

    _end(run(session, target, limit))


@app.command()
def status(
    target: options.OnlyTargets = None,
    max_age: options.MaxAge = None,
) -> None:
    """When the last good run of each target ended: the alarm for a silent cron."""
    from sync.cli.status import status as run

    _end(run(session, target or [], max_age))


@app.command("install-cron")
def install_cron(
    drop: options.FirstDrop = None,
    target: options.OnlyTargets = None,
    at: options.StartTime = "02:30",
    deadline: options.NightDeadline = "2h",
    user: options.RunAs = None,
    out: options.UnitsOut = None,
    *,
    printed: options.Printed = False,
) -> None:
    """The lines for cron, or the units for systemd, of the nightly job."""
    from sync.cli.install_cron import Wish
    from sync.cli.install_cron import install_cron as run

    wish = Wish(drop, target or [], at, deadline, user, out, printed)
    _end(run(session, wish))


@app.command()
def report(
    run: options.RunName,
    form: options.Form = None,
    out: options.ReportOut = None,
) -> None:
    """The report of one run."""
    from sync.cli.runs import report as run_

    _end(run_(session, run, form.value if form else None, out))


@app.command("accept-findings")
def accept_findings(run: options.RunName, until: options.Until) -> None:
    """Rows known to be bad: still rejected, but no reason any more to end with 1."""
    from sync.cli.accepting import accept_findings as run_

    _end(run_(session, run, until))


@app.command()
def fetch(
    target: options.TargetName,
    out: options.FolderOut,
    wait: options.Wait = None,
) -> None:
    """The remote roster as canonical CSV files."""
    from sync.cli.fetch import fetch as run

    _end(run(session, target, out, wait))


@app.command()
def ping(target: options.TargetNames) -> None:
    """Token, one page of each list, permissions missing, clocks, size."""
    from sync.cli.ping import ping as run

    _end(run(session, target))


@app.command()
def convert(
    drop: options.DropPath,
    to: options.ToLayout,
    out: options.NewFolder,
    mapping: options.Mapping = None,
    at: options.LastChange = None,
    *,
    delta: options.Delta = False,
    zipped: options.Zipped = False,
) -> None:
    """One layout into another; rejected rows are left out."""
    from sync.cli.convert import Asked
    from sync.cli.convert import convert as run

    asked = Asked(drop, to.value, out, mapping, at, delta=delta, zipped=zipped)
    _end(run(session, asked))


@app.command()
def compare(
    before: options.DropBefore,
    after: options.DropAfter,
    mapping: options.Mapping = None,
    out: options.ChangesOut = None,
    limit: options.RowLimit = 10,
    *,
    reveal: options.Reveal = False,
    exit_code: options.ChangesCode = False,
) -> None:
    """What changed from one drop to the next; no network, no configuration."""
    from sync.cli.compare import Asked
    from sync.cli.compare import run as compare_drops

    asked = Asked(before, after, mapping, out, limit, reveal, exit_code)
    _end(compare_drops(session, asked))


@app.command()
def sandbox(
    port: options.Port = 8765,
    host: options.Host = "127.0.0.1",
    data: options.DataFolder = None,
    district: options.District = None,
    latency: options.Latency = "0s",
    rate_limit: options.RateLimit = None,
    faults: options.Faults = "",
    seed: options.FaultSeed = 1,
    *,
    people: options.People = False,
) -> None:
    """A strict imitation of the remote system, on this machine."""
    from sync.cli.sandbox import Serve
    from sync.cli.sandbox import sandbox as run

    asked = Serve(host, port, data, district, latency, rate_limit, faults, seed, people)
    _end(run(session, asked))


@app.command()
def demo(
    out: options.DemoOut = Path("demo"),
) -> None:
    """The whole job against the sandbox with the samples."""
    from sync.cli.demo import demo as run

    _end(run(session, out))


@app.command()
def explain(
    code: options.FindingCode = None,
) -> None:
    """What a finding means, how to mend it; or all of them."""
    from sync.cli.explain import explain as run

    _end(run(session, code))


@app.command()
def schema(
    name: options.SchemaOf,
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
    name: options.ShippedName,
) -> None:
    """One shipped mapping, as TOML to start from."""
    from sync.cli.mappings import show as run

    _end(run(session, name))


@mappings_app.command("check")
def mappings_check(
    file: options.MappingPath,
    drop: options.TriedDrop = None,
) -> None:
    """What is wrong with a mapping, or what it reads."""
    from sync.cli.mappings import check as run

    _end(run(session, file, drop))


@mappings_app.command("suggest")
def mappings_suggest(
    files: options.UnknownFiles,
    out: options.MappingOut = None,
    name: options.MappingName = None,
) -> None:
    """Propose a mapping for files never seen."""
    from sync.cli.mappings import suggest as run

    _end(run(session, files, out, name))


@app.command()
def samples(
    students: options.Students,
    out: options.FolderOut,
    seed: options.SampleSeed = 1,
    nights: options.Nights = 2,
    *,
    messy: options.Messy = True,
) -> None:
    """A believable district, its following nights, and a messy one."""
    from sync.cli.samples import Wanted
    from sync.cli.samples import samples as run

    _end(run(session, out, Wanted(students, seed, nights, messy)))


def _end(code: ExitCode) -> None:
    session.console.conclude(int(code))
    raise typer.Exit(int(code))


_SELDOM = 100_000
"""New objects before the collector looks for those that hold each other. What a start
loads stays, and to look through all of it, again and again as it grows and once more
at the end, would take a quarter of a short command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code of the process, which is ours where no arguments
    are given."""
    if arguments is not None:
        return _run(list(arguments))
    hand_back_soon()
    session.collector = gc.get_threshold()
    gc.set_threshold(_SELDOM)
    try:
        return _run(sys.argv[1:])
    finally:
        gc.freeze()


def _run(arguments: list[str]) -> int:
    given = hoisted(arguments or ["--help"])
    outlet = Outlet(sys.stdout)
    session.reports.clear()
    try:
        with redirect_stdout(cast("TextIO", outlet)):
            # Until the options are parsed; a mistake in them must be told as asked for.
            session.console = Console(
                json="--json" in given, color="--no-color" not in given
            )
            return _told(outlet, _caught(lambda: app(given, standalone_mode=False)))
    # Not even that can be said: the code is all there is. Rich makes a SystemExit of a
    # pipe without a reader.
    except (OSError, SystemExit):
        return int(ExitCode.LOCAL_FAILED)


def _told(outlet: Outlet, code: int) -> int:
    """The exit code of a command that ended with ``code``, and whose results may not
    have arrived."""
    outlet.flush()
    if outlet.error is None:
        return code
    why = outlet.error.strerror or type(outlet.error).__name__
    message = f"standard output could not be written: {why}"
    session.console.fail(LocalError(message, do=session.instead()))
    return int(worst((ExitCode(code), ExitCode.LOCAL_FAILED)))


def _caught(command: Callable[[], object]) -> int:
    try:
        result = command()
    except RosterSyncError as error:
        session.console.fail(error)
        code: int = error.exit_code
    except typer.Exit as end:
        code = end.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = _stopped()
    except typer.TyperException as error:
        message = error.format_message().rstrip(".")
        session.console.advice(f"{message}; see roster-sync --help")
        code = ExitCode.USAGE
    except SystemExit as end:  # typer after a completion; else a pipe without a reader
        code = ExitCode.LOCAL_FAILED if end.code else ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the one catch-all of the program
        code = _defect(error)
    else:
        code = result if isinstance(result, int) else ExitCode.DONE
        code = _stopped() if code == _CTRL_C else code
    if code:
        session.console.conclude(int(code))
    return int(code)


_CTRL_C = 130
"""What typer makes of a KeyboardInterrupt."""


def _stopped() -> ExitCode:
    session.console.advice("stopped before anything was sent")
    return ExitCode.INTERRUPTED


def _defect(error: Exception) -> int:
    from sync.log import get_logger

    get_logger().exception("defect")
    place = f"{type(error).__module__}.{type(error).__qualname__}"
    message = f"a defect of this program ended the command ({place})"
    session.console.fail(LocalError(message, do="report it with the lines above"))
    return int(ExitCode.LOCAL_FAILED)
