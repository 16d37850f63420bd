from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from sync.config import Config, SecretRef, load
from sync.config.notify import USUAL, Mail, Webhook
from sync.errors import ConfigError
from sync.targets.registry import SETTINGS

TARGET = """
[targets.district]
kind = "edubridge"
environment = "staging"
client_id = { env = "A" }
client_secret = { env = "B" }
"""
MAIL = """
[notify.office]
kind = "mail"
host = "smtp.district.example"
from = "roster@district.example"
to = ["office@district.example"]
"""
HOOK = """
[notify.chat]
kind = "webhook"
url = "https://hooks.example/T0"
secret = { env = "HOOK_SECRET" }
"""


def loaded(folder: Path, text: str) -> Config:
    path = folder / "roster-sync.toml"
    path.write_text(text, "utf-8")
    return load(path, SETTINGS)


def mistake(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return caught.value.message


def test_nobody_is_told_by_default(tmp_path: Path) -> None:
    config = loaded(tmp_path, TARGET)
    assert config.notify == {}
    assert config.metrics is None


def test_mail_and_webhook_are_read_with_their_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, TARGET + MAIL + HOOK)
    office, chat = config.notify["office"], config.notify["chat"]
    assert isinstance(office, Mail)
    assert isinstance(chat, Webhook)
    assert (office.security, office.sender) == ("starttls", "roster@district.example")
    assert office.on == chat.on == USUAL
    assert office.timeout == timedelta(seconds=20)
    assert chat.url == "https://hooks.example/T0"


def test_an_address_may_be_a_secret(tmp_path: Path) -> None:
    text = HOOK.replace('"https://hooks.example/T0"', '{ file = "url" }')
    chat = loaded(tmp_path, TARGET + text).notify["chat"]
    assert isinstance(chat, Webhook)
    assert chat.url == SecretRef(file=tmp_path / "url")


def test_files_stand_beside_the_configuration(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, f'metrics = "m/r.prom"\n{TARGET}{MAIL}ca_file = "ca.pem"\n'
    )
    assert config.metrics == tmp_path / "m" / "r.prom"
    assert config.notify["office"].ca_file == tmp_path / "ca.pem"


ENDS = "'interrupted' or 'failed'"
MISTAKES = [
    (MAIL + 'on = ["holding"]\n', rf"notify.office.on\[0\]: must be 'done', .* {ENDS}"),
    (MAIL + "on = []\n", "notify.office.on: is empty: name at least one"),
    (MAIL + 'on_new_only = "yes"\n', "notify.office.on_new_only: must be a valid"),
    (MAIL + 'timeout = "1h"\n', "notify.office.timeout: must be at most 5 minutes"),
    (MAIL + 'targets = ["distict"]\n', 'no such target; did you mean "district"'),
    (MAIL + 'security = "none"\n', 'notify.office: security = "none" is for this'),
    (MAIL + 'username = { env = "U" }\n', "username and password go together"),
    (MAIL + 'password = "pw-canary"\n', "password: must be { env"),
    (MAIL + "port = 0\n", "notify.office.port: must be greater than"),
    (MAIL.replace("smtp.", "smtp ."), "notify.office.host: must be the name of a host"),
    (MAIL.replace("roster@", "Roster <r@"), "notify.office.from: must be one e-mail"),
    (MAIL.replace("office@", "office@x\\n"), "notify.office.to.0.: must be one e-mail"),
    (MAIL.replace("mail", "mial", 1), 'kind: must be "mail" or "webhook"; did you'),
    (MAIL.replace('kind = "mail"', ""), 'notify.office.kind: must be "mail" or'),
    (MAIL.replace("office]", '"of fice"]'), "notify.of fice: its name has up to 64"),
    (MAIL + "sender = 1\n", "notify.office.sender: unknown key"),
    (HOOK.replace("https:", "http:"), "notify.chat.url: must be https"),
    (HOOK.replace("https://hooks", "https://u:p@hooks"), "url: must be an address"),
    (HOOK.replace('"https://hooks.example/T0"', "{ en = 1 }"), "url: must be an addr"),
    (HOOK.replace('{ env = "HOOK_SECRET" }', '"pw-canary"'), "secret: must be { env"),
    ("[notify]\noffice = 3\n", r"notify.office: must be a table such as \[notify.off"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_is_told_at_its_key(tmp_path: Path, text: str, said: str) -> None:
    told = mistake(tmp_path, TARGET + text)
    assert re.search(said.replace("{", r"\{"), told), told
    assert "pw-canary" not in told


def test_what_is_no_table_at_all_is_told(tmp_path: Path) -> None:
    assert "notify: must hold tables" in mistake(tmp_path, f"notify = 1\n{TARGET}")


def test_a_file_that_is_not_collected_is_refused(tmp_path: Path) -> None:
    told = mistake(tmp_path, f'metrics = "roster.txt"\n{TARGET}')
    assert "metrics: must end with .prom" in told
