from __future__ import annotations

import shutil
import subprocess
import sys
from configparser import ConfigParser
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from sync.setup.cron import Job, files

JOB = Job(
    program=("/opt/roster-sync/bin/roster-sync",),
    config=Path("/etc/roster-sync/roster-sync.toml"),
    drop=Path("/srv/drops/tonight"),
    targets=("district",),
    state=Path("/var/lib/roster-sync"),
    user="roster-sync",
    at=time(2, 30),
    deadline="2h",
    zone="America/Chicago",
    variables=("TIMEBACK_CLIENT_ID", "TIMEBACK_CLIENT_SECRET"),
)
RUN = (
    "/opt/roster-sync/bin/roster-sync run /srv/drops/tonight --target district "
    "--deadline 2h --config /etc/roster-sync/roster-sync.toml --quiet"
)
HARDENED = {
    "NoNewPrivileges": "true",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "true",
    "PrivateTmp": "true",
    "PrivateDevices": "true",
    "ProtectKernelTunables": "true",
    "ProtectKernelModules": "true",
    "ProtectControlGroups": "true",
    "RestrictNamespaces": "true",
    "SystemCallFilter": "@system-service",
    "UMask": "0077",
    "StateDirectory": "roster-sync",
    "StateDirectoryMode": "0700",
}


def unit(job: Job, name: str) -> ConfigParser:
    """A unit as systemd takes it: keys in their case, no interpolation."""
    found = ConfigParser(interpolation=None, strict=True)
    found.optionxform = str  # type: ignore[method-assign,assignment]
    found.read_string(files(job)[name])
    return found


def lines(job: Job, name: str) -> list[str]:
    return [one for one in files(job)[name].splitlines() if not one.startswith("#")]


def test_there_is_a_crontab_and_two_services_each_with_its_timer() -> None:
    assert list(files(JOB)) == [
        "roster-sync-district.crontab",
        "roster-sync-district.service",
        "roster-sync-district.timer",
        "roster-sync-district-status.service",
        "roster-sync-district-status.timer",
    ]
    several = replace(JOB, targets=("north", "south"))
    assert "roster-sync.service" in files(several)
    assert "--target north --target south" in unit(several, "roster-sync.service").get(
        "Service", "ExecStart"
    )


def test_cron_runs_the_night_and_looks_after_it_before_school() -> None:
    assert lines(JOB, "roster-sync-district.crontab") == [
        f"30 2 * * *  set -a; . /etc/roster-sync/roster-sync.env; {RUN} >/dev/null",
        "0 7 * * *  /opt/roster-sync/bin/roster-sync status --target district "
        "--max-age 26h --config /etc/roster-sync/roster-sync.toml --quiet >/dev/null",
    ]


def test_where_secrets_are_in_files_no_file_of_variables_is_asked_for() -> None:
    for name, text in files(replace(JOB, variables=())).items():
        assert ".env" not in text, name


def test_the_service_runs_the_night_and_tries_again_after_5_alone() -> None:
    service = unit(JOB, "roster-sync-district.service")
    assert service["Service"]["ExecStart"] == RUN
    assert service["Service"]["User"] == "roster-sync"
    assert service["Service"]["EnvironmentFile"] == "/etc/roster-sync/roster-sync.env"
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["Restart"] == "on-failure"
    again = {1, 2, 3, 4, 5, 6, 7, 8}
    again -= {
        int(one) for one in service["Service"]["RestartPreventExitStatus"].split()
    }
    again -= {int(one) for one in service["Service"]["SuccessExitStatus"].split()}
    assert again == {5}
    assert service["Unit"]["StartLimitBurst"] == "3"


@pytest.mark.parametrize("name", ["", "-status"])
def test_a_service_may_touch_nothing_but_its_state(name: str) -> None:
    service = unit(JOB, f"roster-sync-district{name}.service")["Service"]
    assert {key: service[key] for key in HARDENED} == HARDENED
    assert ("PrivateNetwork" in service) is bool(name)


@pytest.mark.parametrize(
    ("state", "drop", "expected"),
    [
        ("/srv/state", "/srv/in", {"ReadWritePaths": "/srv/state"}),
        ("/srv/my state", "/srv/in", {"ReadWritePaths": '"/srv/my state"'}),
        ("/var/lib/sync/a", "/srv/in", {"StateDirectory": "sync/a"}),
        ("/srv/state", "/home/ada/in", {"ProtectHome": "read-only"}),
        ("/srv/state", "/var/tmp/in", {"PrivateTmp": None}),  # noqa: S108 - a name
    ],
)
def test_what_is_closed_depends_on_where_things_are(
    state: str, drop: str, expected: dict[str, str | None]
) -> None:
    job = replace(JOB, state=Path(state), drop=Path(drop))
    service = unit(job, "roster-sync-district.service")["Service"]
    assert {key: service.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "when"), [("", "*-*-* 02:30:00"), ("-status", "*-*-* 07:00:00")]
)
def test_a_timer_starts_its_service_by_the_clock_of_the_configuration(
    name: str, when: str
) -> None:
    timer = unit(JOB, f"roster-sync-district{name}.timer")
    assert timer["Timer"]["OnCalendar"] == f"{when} America/Chicago"
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    job = replace(
        JOB,
        program=(sys.executable, "-m", "sync"),
        drop=Path("/srv/50% of $all/in it"),
        state=Path("/srv/my state"),
        user="root",
    )
    for name, text in files(job).items():
        (tmp_path / name).write_text(text, "utf-8")
    done = subprocess.run(  # noqa: S603 - the units of this test
        ["systemd-analyze", "verify", *tmp_path.glob("*.service")],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
