"""A configuration and where its files come -> what cron or systemd is to be told.

Comes in: a ``Job``, all of whose paths are absolute. Goes out: texts by the name of
the file that they are: a crontab, and two services, each with its timer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from sync.setup.words import for_cron, for_systemd, path_for_systemd

_LIBRARY = Path("/var/lib")
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
_SHORT_LIVED = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - not written to
_ALARM = time(7, 0)
"""Before the school day, when somebody can still act."""
_MAX_AGE = "26h"
"""A day, and two hours for a night that took longer than the one before."""


@dataclass(frozen=True, slots=True)
class Job:
    """One nightly run. All paths are absolute."""

    program: tuple[str, ...]
    """The command, in its words."""
    config: Path
    drop: Path
    targets: tuple[str, ...]
    state: Path
    user: str
    at: time
    deadline: str
    zone: str
    """Of ``at``, for timers; cron knows that of the machine alone."""
    variables: tuple[str, ...] = ()
    """Those in which the configuration looks for secrets."""

    @property
    def name(self) -> str:
        """Of its units, without what stands behind the dot."""
        one = self.targets[1:] == ()
        return f"roster-sync-{self.targets[0]}" if one else "roster-sync"

    @property
    def secrets(self) -> Path:
        """The file with the variables."""
        return self.config.with_suffix(".env")

    @property
    def _chosen(self) -> list[str]:
        return [word for name in self.targets for word in ("--target", name)]

    @property
    def run(self) -> list[str]:
        """The nightly command."""
        where = ("--config", str(self.config), "--quiet")
        limit = ("--deadline", self.deadline)
        return [*self.program, "run", str(self.drop), *self._chosen, *limit, *where]

    @property
    def status(self) -> list[str]:
        """The command that says whether the nightly one does its work."""
        where = ("--config", str(self.config), "--quiet")
        age = ("--max-age", _MAX_AGE)
        return [*self.program, "status", *self._chosen, *age, *where]


def files(job: Job) -> Mapping[str, str]:
    """Everything, by file name."""
    watch = f"{job.name}-status"
    return {
        f"{job.name}.crontab": _text(_crontab(job)),
        f"{job.name}.service": _text(_service(job)),
        f"{job.name}.timer": _text(_timer(job, job.name, job.at)),
        f"{watch}.service": _text(_status(job)),
        f"{watch}.timer": _text(_timer(job, watch, _ALARM)),
    }


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _crontab(job: Job) -> Iterator[str]:
    yield f"# For crontab -e of the user {job.user}, by the clock of this machine."
    yield "# Cron mails what a job says: the one line of a night that needs somebody."
    yield from _about_secrets(job)
    yield _at(job, job.at, job.run)
    yield _at(job, _ALARM, job.status, secrets=False)


def _at(job: Job, when: time, words: Sequence[str], *, secrets: bool = True) -> str:
    command = for_cron(words)
    if secrets and job.variables:
        command = f"set -a; . {for_cron([str(job.secrets)])}; {command}"
    return f"{when.minute} {when.hour} * * *  {command} >/dev/null"


def _about_secrets(job: Job) -> Iterator[str]:
    if job.variables:
        yield f"# {job.secrets} (mode 0600) has a line NAME='...' for each of"
        yield from (f"#   {name}" for name in job.variables)


def _service(job: Job) -> Iterator[str]:
    yield "[Unit]"
    yield f"Description=roster-sync: the nightly run of {', '.join(job.targets)}"
    yield "Wants=network-online.target"
    yield "After=network-online.target"
    yield "# Three attempts in a night, see Restart."
    yield "StartLimitIntervalSec=12h"
    yield "StartLimitBurst=3"
    yield ""
    yield from _start(job, job.run)
    if job.variables:
        yield from _about_secrets(job)
        yield f"EnvironmentFile={path_for_systemd(str(job.secrets))}"
    yield "# 6: another run has the target, and does its work."
    yield "SuccessExitStatus=6"
    yield "# Again after 5, the target failed; every other end needs a person first."
    yield "Restart=on-failure"
    yield "RestartPreventExitStatus=1 2 3 4 7 8"
    yield "RestartSec=10min"
    yield from _hardening(job)
    yield "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"


def _status(job: Job) -> Iterator[str]:
    yield "[Unit]"
    yield f"Description=roster-sync: is the last good run of {', '.join(job.targets)}"
    yield ""
    yield from _start(job, job.status)
    yield from _hardening(job)
    yield "PrivateNetwork=true"


def _start(job: Job, words: Sequence[str]) -> Iterator[str]:
    yield "[Service]"
    yield "Type=oneshot"
    yield f"User={job.user}"
    yield f"ExecStart={for_systemd(words, command=True)}"


def _timer(job: Job, name: str, when: time) -> Iterator[str]:
    yield "[Unit]"
    yield f"Description=starts {name}.service every night"
    yield ""
    yield "[Timer]"
    yield f"OnCalendar=*-*-* {when:%H:%M}:00 {job.zone}"
    yield "# A night that the machine slept through is made up for."
    yield "Persistent=true"
    yield ""
    yield "[Install]"
    yield "WantedBy=timers.target"


_HARD = (
    *("NoNewPrivileges=true", "CapabilityBoundingSet=", "AmbientCapabilities="),
    *("ProtectSystem=strict", "PrivateDevices=true", "ProtectProc=invisible"),
    *("ProtectClock=true", "ProtectHostname=true", "ProtectControlGroups=true"),
    *("ProtectKernelLogs=true", "ProtectKernelModules=true"),
    *("ProtectKernelTunables=true", "RestrictNamespaces=true"),
    *("RestrictRealtime=true", "RestrictSUIDSGID=true", "LockPersonality=true"),
    *("RemoveIPC=true", "SystemCallArchitectures=native"),
    *("SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM"),
    "UMask=0077",
)
"""What neither Python nor polars nor SQLite needs (systemd.exec, Sandboxing). Not
``MemoryDenyWriteExecute``: polars looks at the processor with a page of code that it
makes."""


def _hardening(job: Job) -> Iterator[str]:
    """The whole machine is read only for it, but for the state folder."""
    yield from _HARD
    yield f"ProtectHome={'read-only' if _any_below(job, _HOMES) else 'true'}"
    if not _any_below(job, _SHORT_LIVED):
        yield "PrivateTmp=true"
    if job.state != _LIBRARY and job.state.is_relative_to(_LIBRARY):
        yield f"StateDirectory={for_systemd([str(job.state.relative_to(_LIBRARY))])}"
        yield "StateDirectoryMode=0700"
    else:
        yield "# It must be there: mkdir it for the user, with mode 0700."
        yield f"ReadWritePaths={for_systemd([str(job.state)])}"


def _any_below(job: Job, folders: Sequence[Path]) -> bool:
    """Whether something of the job lies in one of them."""
    program = (Path(word) for word in job.program if word.startswith("/"))
    paths = (*program, job.config, job.drop, job.state)
    return any(path.is_relative_to(folder) for path in paths for folder in folders)
