from __future__ import annotations

import json
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.config import (
    Config,
    DateRange,
    KindKeys,
    SecretRef,
    Table,
    TargetConfig,
    fingerprint,
    load,
)
from sync.config.load import LARGEST
from sync.config.problems import known_keys
from sync.errors import ConfigError, ExitCode, UsageError
from sync.model.entities import REFERENCE, SYNCED, Entity

CANARY = "CANARY-5ecret-value"


class Service(Table):
    url: str | None = None
    client_id: SecretRef | None = None
    client_secret: SecretRef | None = None
    scopes: tuple[str, ...] = ()


class Learning(Table):
    environment: Literal["staging", "production"] = "staging"
    people_from: str = "api"
    platform: Service | None = None


class Bare(Table):
    url: str


PACE: dict[str, float | int | str] = {
    "requests_per_second": 1.5,
    "concurrency": 2,
    "timeout": "120s",
}
KINDS = {
    "learning": KindKeys(Learning),
    "bare": KindKeys(Bare, PACE, (*REFERENCE, *SYNCED)),
    "narrow": KindKeys(Learning, entities=(Entity.USERS, Entity.ENROLLMENTS)),
}
HEAD = '[targets.district]\nkind = "learning"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "roster-sync.toml"
    path.write_text(text, "utf-8")
    return path


def loaded(folder: Path, text: str) -> Config:
    return load(written(folder, text), KINDS)


def target(folder: Path, text: str) -> TargetConfig:
    return loaded(folder, HEAD + text).targets["district"]


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value.line()


def test_the_defaults_are_those_of_the_manual(tmp_path: Path) -> None:
    config = loaded(tmp_path, HEAD)
    district = config.target("district")
    assert config.state_dir == tmp_path / "state"
    assert config.plan_valid == timedelta(hours=24)
    assert district.entities == ("students", "users", "agents", "enrollments")
    assert (district.mapping, district.source, district.require) == (None, None, ())
    assert district.settle == timedelta(seconds=30)
    assert district.full_read_every == timedelta(days=7)
    assert district.same_username == "reject"
    assert district.limits.model_dump() == {
        "requests_per_second": 20,
        "burst": 1,
        "concurrency": 16,
        "timeout": timedelta(seconds=30),
        "retries": 5,
    }
    assert district.removal.model_dump() == {
        "students": "inactive",
        "users": "keep",
        "agents": "delete",
        "enrollments": "inactive",
        "academicSessions": "keep",
        "courses": "keep",
        "classes": "keep",
        "scope": "ledger",
        "orgs": (),
        "grace": 1,
        "additions_only": (),
    }
    assert district.fields.model_dump() == {"blank": "clear", "protect": ()}
    shares = {"removals": 5, "creates": 50, "updates": 50, "cleared": 2}
    shares |= {"rejected": 5, "shrink": 20}
    for name, percent in shares.items():
        threshold = getattr(district.guards, name)
        assert (threshold.percent, threshold.count) == (percent, None)
    assert district.guards.by == ("school", "role")
    assert district.guards.by_percent == 25
    assert district.guards.floor == 20
    assert district.guards.first_run == "hold"
    assert district.settings == Learning()


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        ('entities = ["enrollments", "users"]', "entities", ("users", "enrollments")),
        ('mapping = "powerschool"', "mapping", "powerschool"),
        ('source = "sis"', "source", "sis"),
        ('require = ["orgs"]', "require", (Entity.ORGS,)),
        ('settle = "1.5m"', "settle", timedelta(seconds=90)),
        ("settle = 0", "settle", timedelta()),
        ('full_read_every = "12h"', "full_read_every", timedelta(hours=12)),
        ('same_username = "warn"', "same_username", "warn"),
        ("limits.requests_per_second = 2.5", "limits.requests_per_second", 2.5),
        ("limits.burst = 3", "limits.burst", 3),
        ("limits.concurrency = 1", "limits.concurrency", 1),
        ('limits.timeout = "250ms"', "limits.timeout", timedelta(milliseconds=250)),
        ("limits.retries = 0", "limits.retries", 0),
        ('removal.students = "tobedeleted"', "removal.students", "tobedeleted"),
        ('removal.users = "delete"', "removal.users", "delete"),
        ('removal.agents = "keep"', "removal.agents", "keep"),
        ('removal.enrollments = "keep"', "removal.enrollments", "keep"),
        ('removal = {scope = "orgs", orgs = ["o"]}', "removal.orgs", ("o",)),
        ("removal.grace = 3", "removal.grace", 3),
        (
            'removal.additions_only = ["2026-06-15/2026-08-20"]',
            "removal.additions_only",
            (DateRange(date(2026, 6, 15), date(2026, 8, 20)),),
        ),
        ('fields.blank = "keep"', "fields.blank", "keep"),
        ('fields.protect = ["users.email"]', "fields.protect", ("users.email",)),
        (
            'fields.protect = ["students.metadata.x"]',
            "fields.protect",
            ("students.metadata.x",),
        ),
        (
            'fields.protect = ["users.role", "users.roleType"]',
            "fields.protect",
            ("users.roles",),
        ),
        ("guards.removals = {percent = 1}", "guards.removals.percent", 1),
        ("guards.creates = {percent = 0.5}", "guards.creates.percent", 0.5),
        ("guards.updates = {percent = 10, count = 7}", "guards.updates.count", 7),
        ("guards.cleared = {count = 7}", "guards.cleared.percent", 2),
        ("guards.rejected = {percent = 0}", "guards.rejected.percent", 0),
        ("guards.shrink = {percent = 100}", "guards.shrink.percent", 100),
        ("guards.by = []", "guards.by", ()),
        ("guards.by_percent = 10", "guards.by_percent", 10),
        ("guards.floor = 0", "guards.floor", 0),
        ('guards.first_run = "pass"', "guards.first_run", "pass"),
        ('environment = "production"', "settings.environment", "production"),
    ],
)
def test_each_key_is_accepted_and_arrives(
    tmp_path: Path, text: str, place: str, value: object
) -> None:
    found: Any = target(tmp_path, text)
    for part in place.split("."):
        found = getattr(found, part)
    assert found == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "targets: no target is configured; add a table [targets.NAME]"),
        ("targets = 3", "targets: no target is configured"),
        ("targets.a = 3", "targets.a: must be a table"),
        (
            '[targets."a/b"]\nkind = "bare"',
            "targets.a/b: a target's name has up to 64 letters",
        ),
        ("[targets.a]\n", "targets.a.kind: is missing"),
        (
            '[targets.a]\nkind = "lerning"',
            'targets.a.kind: no such kind of target; did you mean "learning"?',
        ),
        (
            '[targets.a]\nkind = "zzz"',
            "targets.a.kind: no such kind of target; known are bare, learning, narrow",
        ),
        ('[targets.a]\nkind = "bare"', "targets.a.url: is missing"),
        ("sate_dir = 'x'\n" + HEAD, 'sate_dir: unknown key; did you mean "state_dir"?'),
        ("target = 'x'\n" + HEAD, 'target: unknown key; did you mean "targets"?'),
        ("storage = 'low'\n" + HEAD, "storage: unknown key"),
        ("memory = 'lower'\n" + HEAD, "memory: must be 'normal' or 'low'"),
        ("plan_valid = 0\n" + HEAD, "plan_valid: must be longer than nothing"),
        ("plan_valid = '1d12h'\n" + HEAD, "plan_valid: must be a duration such as"),
        ("plan_valid = true\n" + HEAD, "plan_valid: must be a duration such as"),
        ("plan_valid = nan\n" + HEAD, "plan_valid: must be a duration from 0 to"),
        ("state_dir = ''\n" + HEAD, "state_dir: must have at least 1 character"),
        (
            "timezone = 'America/Chicgo'\n" + HEAD,
            'timezone: no such time zone; did you mean "America/Chicago"?',
        ),
        ("timezone = '../x'\n" + HEAD, "timezone: no such time zone"),
        (HEAD + "full_read_every = '7'", "full_read_every: must be a duration"),
        (
            HEAD + "enviroment = 'x'",
            'enviroment: unknown key; did you mean "environment"?',
        ),
        (HEAD + "sorce = 'x'", 'sorce: unknown key; did you mean "source"?'),
        (HEAD + "environment = 'x'", "environment: must be 'staging' or 'production'"),
        (
            HEAD + "platform.clientid = 'x'",
            'district.platform.clientid: unknown key; did you mean "client_id"?',
        ),
        (HEAD + "entities = []", "entities: is empty; known are students, users"),
        (
            HEAD + "entities = ['users', 'classes', 'orgs']",
            "district.entities: orgs, classes cannot be synced with kind learning; "
            "it writes students, users, agents, enrollments",
        ),
        (
            HEAD + "removal.classes = 'delete'",
            "district.removal.classes: kind learning does not write classes; it writes",
        ),
        (
            HEAD + "fields.protect = ['orgs.name']",
            "district.fields.protect: kind learning does not write orgs; it writes",
        ),
        (HEAD + "limits = 3", "limits: must be a valid dictionary"),
        ('[targets.a]\nkind = "bare"\nurl = "x"\nlimits = 3', "a.limits: must be"),
        (
            '[targets.a]\nkind = "bare"\nurl = "x"\nlimits.brust = 3',
            'a.limits.brust: unknown key; did you mean "burst"?',
        ),
        (
            '[targets.a]\nkind = "narrow"\nentities = ["students", "users"]',
            "a.entities: students cannot be synced with kind narrow; "
            "it writes users, enrollments",
        ),
        (
            '[targets.a]\nkind = "narrow"\nremoval.students = "inactive"',
            "a.removal.students: kind narrow does not write students",
        ),
        (
            HEAD + "entities = ['student']",
            'entities[0]: no such entity; did you mean "students"?',
        ),
        (HEAD + "entities = 'students'", "entities: must be a valid tuple"),
        (
            HEAD + "require = ['users', 'clases']",
            'require[1]: no such entity; did you mean "classes"?',
        ),
        (HEAD + "settle = '30'", "settle: must be a duration such as"),
        (HEAD + "settle = -1", "settle: must be a duration from 0 to 3650 days"),
        (HEAD + "same_username = 'no'", "same_username: must be 'reject' or 'warn'"),
        (HEAD + "limits.burst = 0", "limits.burst: must be greater than or equal to 1"),
        (HEAD + "limits.burst = 1.5", "limits.burst: must be a valid integer"),
        (HEAD + "limits.burst = '1'", "limits.burst: must be a valid integer"),
        (
            HEAD + "limits.requests_per_second = 0",
            "limits.requests_per_second: must be greater than 0",
        ),
        (
            HEAD + "limits.requests_per_second = inf",
            "limits.requests_per_second: must be a finite number",
        ),
        (HEAD + "limits.timeout = 0", "limits.timeout: must be longer than nothing"),
        (HEAD + "limits.retries = -1", "limits.retries: must be greater than or equal"),
        (
            HEAD + "removal.students = 'purge'",
            "removal.students: must be 'keep', 'inactive', 'tobedeleted' or 'delete'",
        ),
        (HEAD + "removal.calendar = 'hold'", "removal.calendar: unknown key"),
        (HEAD + "removal.grace = 0", "removal.grace: must be greater than or equal"),
        (HEAD + "removal.scope = 'orgs'", 'removal: scope = "orgs" needs orgs'),
        (
            HEAD + "removal.orgs = ['o']",
            'removal: orgs has an effect with scope = "orgs" only',
        ),
        (
            HEAD + "removal.additions_only = ['2026-06-15']",
            "removal.additions_only[0]: must be a date range such as",
        ),
        (
            HEAD + "removal.additions_only = ['2026-08-20/2026-06-15']",
            "removal.additions_only[0]: must be a date range such as "
            '"2026-06-15/2026-08-20", the earlier day first',
        ),
        (HEAD + "removal.additions_only = [3]", "removal.additions_only[0]: must be"),
        (
            HEAD + "fields.protect = ['users.emial']",
            'fields.protect: "users.emial" names no column; did you mean "email"?',
        ),
        (
            HEAD + "fields.protect = ['user.email']",
            'fields.protect: "user.email" names no table; did you mean "users"?',
        ),
        (
            HEAD + "fields.protect = ['users.sourcedId']",
            'fields.protect: "users.sourcedId" is the key of its table',
        ),
        (HEAD + "guards.removals = 5", "guards.removals: must be { percent = 5 }"),
        (HEAD + "guards.shrink = {}", "guards.shrink: must be { percent = 20 }"),
        (
            HEAD + "guards.removals = {percent = 101}",
            "guards.removals.percent: must be less than or equal to 100",
        ),
        (
            HEAD + "guards.removals = {percnt = 1}",
            'guards.removals.percnt: unknown key; did you mean "percent"?',
        ),
        (HEAD + "guards.by = ['grade']", "guards.by[0]: must be 'school' or 'role'"),
        (
            HEAD + "guards.removal = {percent = 1}",
            'guards.removal: unknown key; did you mean "removals"?',
        ),
        (
            HEAD + "guards.first_run = true",
            "guards.first_run: must be 'hold' or 'pass'",
        ),
    ],
)
def test_each_mistake_names_its_key_and_what_is_wrong(
    tmp_path: Path, text: str, says: str
) -> None:
    line = refusal(tmp_path, text)
    assert line.startswith(str(tmp_path / "roster-sync.toml"))
    assert says in line


def test_all_mistakes_come_at_once_each_on_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "x = 1\n" + HEAD + "settle = ''\n[targets.b]\nkind = 1\n")
    with pytest.raises(ConfigError) as caught:
        load(path, KINDS)
    head, *lines = caught.value.message.splitlines()
    assert head == f"{path}: 3 mistakes"
    assert [line.split(":")[0].strip() for line in lines] == [
        "x",
        "targets.district.settle",
        "targets.b.kind",
    ]


def test_a_syntax_error_names_the_line(tmp_path: Path) -> None:
    assert "this is not TOML" in refusal(tmp_path, "a = 1\nb = \n")
    assert "at line 2" in refusal(tmp_path, "a = 1\nb = \n")


def test_values_nested_without_end_are_a_mistake(tmp_path: Path) -> None:
    assert "nested too deep" in refusal(tmp_path, "a = " + "[" * 100_000)


def test_text_that_is_not_utf_8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "roster-sync.toml"
    path.write_bytes(b"a = 1\n# caf\xe9\n")
    with pytest.raises(ConfigError, match="line 2 is not UTF-8"):
        load(path, KINDS)


def test_a_byte_order_mark_of_an_editor_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "roster-sync.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert list(load(path, KINDS).targets) == ["district"]


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.toml", KINDS)
    line = caught.value.line()
    assert "none.toml: there is no such configuration" in line
    assert "[targets.NAME]" in line
    assert "ROSTER_SYNC_CONFIG" in line


def test_a_folder_in_its_place_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path, KINDS)


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ConfigError, match="not a regular file"):
            load(path, KINDS)


def test_a_file_that_is_larger_than_any_configuration_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "roster-sync.toml"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(ConfigError, match="more than 16,777,216 bytes"):
        load(path, KINDS)


def test_the_variable_and_then_the_working_folder_name_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, HEAD)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = written(elsewhere, HEAD.replace("district", "other"))
    monkeypatch.delenv("ROSTER_SYNC_CONFIG", raising=False)
    assert list(load(None, KINDS).targets) == ["district"]
    assert load(None, KINDS).state_dir == tmp_path / "state"
    monkeypatch.setenv("ROSTER_SYNC_CONFIG", str(other))
    assert list(load(None, KINDS).targets) == ["other"]
    assert list(load(tmp_path / "roster-sync.toml", KINDS).targets) == ["district"]


def test_paths_are_relative_to_the_file_and_not_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'state_dir = "a/b"\n' + HEAD + 'mapping = "maps/ours.toml"\n'
    text += 'platform.client_id = { file = "secrets/id" }\n'
    path = written(tmp_path, text)
    monkeypatch.chdir("/")
    config = load(path, KINDS)
    settings = config.targets["district"].settings
    assert config.state_dir == tmp_path / "a" / "b"
    assert config.targets["district"].mapping == str(tmp_path / "maps/ours.toml")
    assert isinstance(settings, Learning)
    assert settings.platform is not None
    assert settings.platform.client_id is not None
    assert settings.platform.client_id.file == tmp_path / "secrets/id"


def test_an_absolute_state_folder_stays_where_it_is(tmp_path: Path) -> None:
    assert loaded(tmp_path, 'state_dir = "/var/x"\n' + HEAD).state_dir == Path("/var/x")


def test_an_unknown_target_names_the_nearest(tmp_path: Path) -> None:
    config = loaded(tmp_path, HEAD)
    with pytest.raises(
        UsageError, match='no target "distrct"; did you mean "district"'
    ):
        config.target("distrct")


def test_a_kind_of_known_limits_lowers_what_the_table_does_not_say(
    tmp_path: Path,
) -> None:
    bare = '[targets.a]\nkind = "bare"\nurl = "x"\n'
    limits = loaded(tmp_path, bare).targets["a"].limits
    assert limits.model_dump() == {
        "requests_per_second": 1.5,
        "burst": 1,
        "concurrency": 2,
        "timeout": timedelta(seconds=120),
        "retries": 5,
    }
    said = loaded(tmp_path, bare + "limits = {concurrency = 9, retries = 0}\n")
    limits = said.targets["a"].limits
    assert (limits.requests_per_second, limits.concurrency, limits.retries) == (
        1.5,
        9,
        0,
    )


def test_entities_come_in_the_order_of_the_files_reference_tables_first(
    tmp_path: Path,
) -> None:
    bare = '[targets.a]\nkind = "bare"\nurl = "x"\n'
    text = bare + 'entities = ["enrollments", "users", "classes", "orgs"]\n'
    text += 'removal.classes = "tobedeleted"\nfields.protect = ["orgs.name"]\n'
    table = loaded(tmp_path, text).targets["a"]
    assert table.entities == ("orgs", "classes", "users", "enrollments")
    assert table.removal.policy(Entity.CLASSES) == "tobedeleted"
    assert table.fields.protected(Entity.ORGS) == {"name"}
    assert loaded(tmp_path, bare).targets["a"].entities == SYNCED


def test_a_kind_that_writes_less_takes_the_usual_table_and_its_removals_of_keep(
    tmp_path: Path,
) -> None:
    narrow = '[targets.a]\nkind = "narrow"\nremoval.students = "keep"\n'
    assert loaded(tmp_path, narrow).targets["a"].entities == SYNCED


def test_orgs_are_kept_whatever_is_said_of_the_scope(tmp_path: Path) -> None:
    removal = target(tmp_path, 'removal = {scope = "orgs", orgs = ["o"]}').removal
    assert removal.policy(Entity.ORGS) == "keep"


def test_removal_of_reference_tables_is_keep(tmp_path: Path) -> None:
    removal = target(tmp_path, "").removal
    tables = (*SYNCED, *REFERENCE)
    assert {entity.value: removal.policy(entity) for entity in tables} == {
        "orgs": "keep",
        "academicSessions": "keep",
        "courses": "keep",
        "classes": "keep",
        "students": "inactive",
        "users": "keep",
        "agents": "delete",
        "enrollments": "inactive",
    }


def test_protected_columns_are_told_by_entity(tmp_path: Path) -> None:
    fields = target(
        tmp_path, 'fields.protect = ["users.email", "students.metadata.a.b"]'
    ).fields
    assert fields.protected(Entity.USERS) == {"email"}
    assert fields.protected(Entity.STUDENTS) == {"metadata.a.b"}
    assert fields.protected(Entity.AGENTS) == frozenset()


def test_the_configuration_cannot_be_changed(tmp_path: Path) -> None:
    district = target(tmp_path, "")
    with pytest.raises(ValueError, match="frozen"):
        district.limits.burst = 9


def test_a_literal_secret_is_refused_with_the_fix_and_without_the_secret(
    tmp_path: Path,
) -> None:
    for text in (
        f"platform.client_secret = '{CANARY}'",
        f"platform.client_secret = {{ env = 'A', value = '{CANARY}' }}",
        f"platform.client_secret = ['{CANARY}']",
        f"client_secret = '{CANARY}'",
        f"settle = '{CANARY}'",
        f"kind2 = '{CANARY}'\nsource = 3",
    ):
        line = refusal(tmp_path, HEAD + text)
        assert CANARY not in line
    line = refusal(tmp_path, HEAD + f"platform.client_secret = '{CANARY}'")
    assert (
        'platform.client_secret: must be { env = "NAME" } or { file = "path" }' in line
    )


def test_no_secret_is_in_any_form_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_ID", CANARY)
    (tmp_path / "key").write_text(CANARY)
    (tmp_path / "key").chmod(0o600)
    text = "platform.client_id = { env = 'SECRET_ID' }\n"
    text += "platform.client_secret = { file = 'key' }\n"
    district = target(tmp_path, text)
    settings = district.settings
    assert isinstance(settings, Learning)
    assert settings.platform is not None
    for reference in (settings.platform.client_id, settings.platform.client_secret):
        assert reference is not None
        assert reference.reveal() == CANARY
    forms = (repr(district), str(district), district.model_dump_json())
    assert CANARY not in "".join((*forms, fingerprint(district)))
    assert (
        json.loads(forms[2])["settings"]["platform"]["client_id"]["env"] == "SECRET_ID"
    )


def test_loading_needs_no_environment_and_no_secret_file(tmp_path: Path) -> None:
    text = "platform.client_id = { env = 'SURELY_NOT_SET_ANYWHERE' }\n"
    text += "platform.client_secret = { file = 'nowhere' }\n"
    assert target(tmp_path, text).name == "district"


def test_the_machine_s_time_zone_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Vienna")
    assert loaded(tmp_path, HEAD).timezone == ZoneInfo("Europe/Vienna")
    text = 'timezone = "America/Chicago"\n' + HEAD
    assert loaded(tmp_path, text).timezone == ZoneInfo("America/Chicago")


def test_known_keys_are_none_where_the_place_is_unknown() -> None:
    assert known_keys(Learning, ["platform"]) == tuple(Service.model_fields)
    assert known_keys(Learning, ["nowhere", "at", "all"]) == ()


@given(st.text())
def test_any_text_is_a_configuration_or_a_mistake_told(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(ConfigError):
            load(path, KINDS)
