"""The arguments and options of the commands: what each takes, and what help says."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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


# Of every command.
ConfigFile = Annotated[
    Path | None, typer.Option(help="The configuration [roster-sync.toml].")
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on standard output.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No messages and no progress.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say more, and log more.")
]
NoColor = Annotated[
    bool, typer.Option("--no-color", help="No colours (also: NO_COLOR).")
]
Yes = Annotated[bool, typer.Option("--yes", help="Ask no questions.")]

# Of several commands.
DropPath = Annotated[
    Path, typer.Argument(metavar="DROP", help="A folder, a zip or a CSV file.")
]
PlanPath = Annotated[Path, typer.Argument(help="A plan file (.rsplan).")]
RunName = Annotated[str, typer.Argument(help="The run, as runs names it.")]
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
PlanOut = Annotated[Path | None, typer.Option(help="Where to write the plan.")]
FolderOut = Annotated[Path, typer.Option(help="The folder to write to.")]

# check, plan and run.
FindingLimit = Annotated[
    int, typer.Option(min=1, help="Findings of one code that are printed.")
]
ChangesCode = Annotated[
    bool, typer.Option("--exit-code", help="End with 10 when there are changes.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Plan and report, but send nothing.")
]

# watch.
Watched = Annotated[
    Path,
    typer.Argument(metavar="FOLDER", help="The folder into which drops arrive."),
]
Settle = Annotated[
    str,
    typer.Option(
        "--settle",
        "--stable-for",
        help="A drop is complete when nothing in it changed for so long.",
    ),
]
Retry = Annotated[
    str,
    typer.Option(help="After a failure of the target: then, later twice as long."),
]
Once = Annotated[
    bool, typer.Option("--once", help="Handle what is there, then end: for cron.")
]

# show, apply and resume.
OneEntity = Annotated[
    str | None, typer.Option(help="Only this entity: students, users, ...")
]
Requests = Annotated[
    bool, typer.Option("--requests", help="The requests, in order of sending.")
]
Approval = Annotated[
    str | None,
    typer.Option(help="At least 8 characters of the digest of a held plan."),
]
OpenRun = Annotated[
    str | None, typer.Argument(help="The run; default: the last open one.")
]

# runs, status and report.
OneTarget = Annotated[str | None, typer.Option(help="Only this target.")]
RunLimit = Annotated[int, typer.Option(min=1, help="So many at the most.")]
OnlyTargets = Annotated[
    list[str] | None,
    typer.Option("--target", help="Only this target; may be repeated."),
]
MaxAge = Annotated[
    str | None,
    typer.Option(help='End with 5 when the last good run is older: "26h".'),
]
Until = Annotated[
    str,
    typer.Option(help="The last day on which they are known: 2026-12-31."),
]
Form = Annotated[
    ReportFormat | None, typer.Option("--format", help="Default: a summary.")
]
ReportOut = Annotated[
    Path | None, typer.Option(help="A file, or for csv a folder, to write to.")
]

# fetch and convert.
TargetName = Annotated[str, typer.Option(help="A target of the configuration.")]
ToLayout = Annotated[Layout, typer.Option(help="The layout to write.")]
NewFolder = Annotated[Path, typer.Option(help="The folder to make; new or empty.")]
LastChange = Annotated[
    str | None,
    typer.Option(
        help="What a OneRoster delta names as the last change of its rows. "
        "[the newest that the drop states, or the time of its files]"
    ),
]
Zipped = Annotated[bool, typer.Option("--zip", help="Write one zip into the folder.")]

# compare.
DropBefore = Annotated[
    Path,
    typer.Argument(metavar="BEFORE", help="The earlier drop: folder, zip or CSV file."),
]
DropAfter = Annotated[Path, typer.Argument(metavar="AFTER", help="The later drop.")]
ChangesOut = Annotated[
    Path | None, typer.Option(help="A CSV file to write all changes to.")
]
RowLimit = Annotated[
    int, typer.Option(min=1, help="Rows of each kind and file that are printed.")
]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Print names and addresses as they are.")
]

# sandbox, demo and samples.
Port = Annotated[int, typer.Option(help="The port; 0 for any free one.")]
Host = Annotated[str, typer.Option(help="The address to listen on.")]
DataFolder = Annotated[Path | None, typer.Option(help="A folder to keep the data in.")]
District = Annotated[
    Path | None,
    typer.Option(help="Four files whose schools, courses, classes to hold."),
]
Latency = Annotated[str, typer.Option(help="Before each answer.")]
RateLimit = Annotated[float | None, typer.Option(help="Requests per second, then 429.")]
Faults = Annotated[str, typer.Option(help='Trouble by chance: "429=0.05,drop=0.01".')]
FaultSeed = Annotated[int, typer.Option(help="Of the faults.")]
People = Annotated[
    bool, typer.Option("--people", help="Hold the district's people as well.")
]
DemoOut = Annotated[
    Path, typer.Option(help="The folder for configuration, state and reports.")
]
Students = Annotated[int, typer.Option(min=1, help="How many students.")]
SampleSeed = Annotated[int, typer.Option(help="Same seed, same bytes.")]
Nights = Annotated[int, typer.Option(min=1, help="How many nights.")]
Messy = Annotated[bool, typer.Option(help="A last night with one of each mistake.")]

# explain, schema and mappings.
FindingCode = Annotated[
    str | None, typer.Argument(help="A finding's code, such as RS101.")
]
SchemaOf = Annotated[SchemaName, typer.Argument(help="What to print the schema of.")]
ShippedName = Annotated[str, typer.Argument(help="The name of a shipped mapping.")]
MappingPath = Annotated[str, typer.Argument(help="A mapping file, or a shipped name.")]
TriedDrop = Annotated[
    Path | None, typer.Option(help="Try it on this folder, zip or CSV file.")
]
UnknownFiles = Annotated[
    list[Path], typer.Argument(metavar="FILES", help="CSV files, folders or zips.")
]
MappingOut = Annotated[
    Path | None, typer.Option(help="The file to write instead of printing.")
]
MappingName = Annotated[str | None, typer.Option(help="The mapping's name.")]

# init and install-cron.
FirstDrop = Annotated[
    Path | None,
    typer.Argument(metavar="DROP", help="The folder into which the files are put."),
]
Kind = Annotated[
    str | None,
    typer.Option(help="timeback, oneroster, edubridge, schoology or openedx."),
]
Address = Annotated[
    str | None,
    typer.Option(help="Its URL; for TimeBack and EduBridge also staging, production."),
]
ApiAddress = Annotated[
    str | None,
    typer.Option(help="Of TimeBack with a URL: the URL of its api. [the same]"),
]
TokenAddress = Annotated[
    str | None, typer.Option(help="Where tokens are fetched, if it is asked for.")
]
OneRosterVersion = Annotated[
    str | None, typer.Option(help="1.2 or 1.1. [as the URL says]")
]
SignIn = Annotated[
    str | None, typer.Option(help="Of OneRoster 1.1: token or consumer. [token]")
]
Writes = Annotated[
    str | None, typer.Option(help="Of OneRoster: none, put or post-put. [none]")
]
NewTarget = Annotated[
    str | None, typer.Option("--target", help="The target's name. [district]")
]
TimeZone = Annotated[
    str | None, typer.Option(help="Such as America/Chicago. [the machine's]")
]
StateDir = Annotated[
    str | None,
    typer.Option(help="Where it keeps its state, from the configuration on. [state]"),
]
StartTime = Annotated[str, typer.Option("--at", help="When it starts each night.")]
NightDeadline = Annotated[
    str,
    typer.Option("--deadline", help="How long a run may send, from its start."),
]
RunAs = Annotated[
    str | None, typer.Option(help="Who runs it. [the owner of the configuration]")
]
Printed = Annotated[bool, typer.Option("--print", help="Print all of it.")]
UnitsOut = Annotated[
    Path | None, typer.Option(help="A folder to write it to, a file for each.")
]
