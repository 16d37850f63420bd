from __future__ import annotations

import hashlib
import hmac
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from sync.config.notify import Mail, Webhook
from sync.notify import Ended
from sync.notify.sending import UndeliveredError, begin
from sync.notify.text import body
from tests.support.listener import Listener
from tests.support.post_office import PASSWORD, USER, PostOffice

Make = Callable[..., Ended]
HERE = "127.0.0.1"
SHORT = 0.3
"""Seconds that a server gets which has no end of its own."""


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(HERE).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca_file(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="module")
def office(tls: ssl.SSLContext) -> Iterator[PostOffice]:
    with PostOffice(tls) as office:
        yield office


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SU", USER), ("SP", PASSWORD), ("HS", "hook-key")):
        monkeypatch.setenv(name, value)


def mail(port: int, **parts: Any) -> Mail:
    table = {
        "kind": "mail",
        "host": HERE,
        "port": port,
        "from": "roster@district.example",
        "to": ["office@district.example", "kim@district.example"],
    }
    return Mail.model_validate({**table, **parts})


def webhook(url: object, **parts: Any) -> Webhook:
    table = {"kind": "webhook", "url": url, "secret": {"env": "HS"}}
    return Webhook.model_validate({**table, **parts})


LOGIN = {"username": {"env": "SU"}, "password": {"env": "SP"}}


def test_a_letter_goes_encrypted_to_all_with_credentials(
    office: PostOffice, ca_file: Path, held: Ended
) -> None:
    office.letters.clear()
    begin(mail(office.port, ca_file=ca_file, **LOGIN), held)()
    (letter,) = office.letters
    assert letter.encrypted
    assert letter.user == USER
    assert letter.sender == "roster@district.example"
    assert letter.to == ("office@district.example", "kim@district.example")
    assert letter.text == body(held)
    head = letter.message
    assert head["Subject"] == "roster-sync: district: held, 7 changes wait for approval"
    assert head["To"] == "office@district.example, kim@district.example"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["Message-ID"].endswith("@district.example>")
    assert head["Date"] == "Sat, 21 Nov 2026 02:03:41 -0600"


def test_a_letter_goes_by_a_server_that_speaks_tls_from_the_first_byte(
    tls: ssl.SSLContext, ca_file: Path, held: Ended
) -> None:
    with PostOffice(tls, implicit=True) as office:
        begin(mail(office.port, security="tls", ca_file=ca_file, **LOGIN), held)()
    assert [letter.encrypted for letter in office.letters] == [True]


def test_on_this_machine_a_letter_may_go_as_it_is(held: Ended) -> None:
    with PostOffice() as office:
        begin(mail(office.port, security="none"), held)()
    assert [letter.encrypted for letter in office.letters] == [False]


def undelivered(channel: Mail | Webhook, ended: Ended) -> str:
    finish = begin(channel, ended)
    with pytest.raises(UndeliveredError) as caught:
        finish()
    return str(caught.value)


def test_a_server_without_encryption_gets_neither_letter_nor_credentials(
    held: Ended,
) -> None:
    with PostOffice() as office:
        told = undelivered(mail(office.port, **LOGIN), held)
    assert "does not offer what is needed, such as STARTTLS" in told
    assert office.letters == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_cannot_show_who_it_is_gets_nothing(
    tls: ssl.SSLContext, held: Ended, security: str
) -> None:
    with PostOffice(tls, implicit=security == "tls") as office:
        told = undelivered(mail(office.port, security=security, **LOGIN), held)
    assert told.endswith("shows a certificate that is not to be trusted")
    assert office.letters == []


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("MAIL", "refused the sender"),
        ("RCPT", "refused every address"),
        ("DATA", "answered 550"),
        ("AUTH", "refused the credentials"),
    ],
)
def test_a_refusal_is_told_without_the_words_of_the_server(
    held: Ended, mood: str, said: str
) -> None:
    with PostOffice(mood=mood) as office:
        told = undelivered(mail(office.port, security="none", **LOGIN), held)
    assert told == f"{HERE}:{office.port} {said}"


@pytest.mark.parametrize("mood", ["silent", "endless"])
def test_no_server_keeps_a_run_waiting(held: Ended, mood: str) -> None:
    with PostOffice(mood=mood) as office:
        channel = mail(office.port, security="none", timeout=SHORT)
        told = undelivered(channel, held)
    assert re.search("did not (take it within 0.3 s|answer in time)$", told)


def test_a_secret_that_is_not_there_is_named(
    office: PostOffice, ca_file: Path, held: Ended
) -> None:
    login = {**LOGIN, "password": {"env": "NOT_SET"}}
    told = undelivered(mail(office.port, ca_file=ca_file, **login), held)
    assert told.startswith("the environment variable NOT_SET, which holds a secret, is")


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file or directory"), ("nothing", "it holds no certificate")],
)
def test_a_file_of_certificates_that_is_none_is_named(
    office: PostOffice, held: Ended, tmp_path: Path, content: str | None, why: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, "ascii")
    told = undelivered(mail(office.port, ca_file=path), held)
    assert told == f"its ca_file {path} cannot be used: {why}"


def test_a_post_carries_the_document_and_its_signature(held: Ended) -> None:
    before = int(time.time())
    with Listener() as listener:
        begin(webhook(listener.url), held)()
    (posted,) = listener.posted
    assert posted.path == "/hooks/roster?key=k"
    assert posted.headers["Content-Type"] == "application/json"
    assert json.loads(posted.body)["outcome"] == "held"
    timestamp = posted.headers["Roster-Sync-Timestamp"]
    assert before <= int(timestamp) <= int(time.time())
    signed = timestamp.encode() + b"." + posted.body
    right = hmac.new(b"hook-key", signed, hashlib.sha256).hexdigest()
    assert posted.headers["Roster-Sync-Signature"] == f"sha256={right}"


def test_a_post_goes_by_https_to_whom_is_trusted_alone(
    tls: ssl.SSLContext, ca_file: Path, held: Ended
) -> None:
    with Listener(tls) as listener:
        begin(webhook(listener.url, ca_file=ca_file), held)()
        told = undelivered(webhook(listener.url), held)
    assert len(listener.posted) == 1
    assert told.endswith("shows a certificate that is not to be trusted")


@pytest.mark.parametrize("status", [302, 307, 400, 500])
def test_any_answer_but_yes_is_told(held: Ended, status: int) -> None:
    with Listener(status=status) as listener:
        told = undelivered(webhook(listener.url), held)
    assert told.endswith(f" answered {status}")
    assert "key=k" not in told
    assert len(listener.posted) == 1


def test_a_web_server_that_says_nothing_keeps_no_run_waiting(held: Ended) -> None:
    with Listener(status=None) as listener:
        told = undelivered(webhook(listener.url, timeout=SHORT), held)
    assert re.search("did not (take it within 0.3 s|answer in time)$", told)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example/", "must be https; http is for this machine alone"),
        ("ftp://hooks.example/", "must be an address such as https://host/path"),
    ],
)
def test_a_secret_address_is_judged_when_it_is_read(
    held: Ended, monkeypatch: pytest.MonkeyPatch, url: str, why: str
) -> None:
    monkeypatch.setenv("HOOK", url)
    channel = webhook({"env": "HOOK"})
    assert undelivered(channel, held) == f"what its url refers to {why}"


def test_nobody_there_is_told_at_once(held: Ended) -> None:
    with Listener() as listener:
        url = listener.url
    channel = webhook(url, timeout=timedelta(seconds=5))
    assert undelivered(channel, held).endswith("was not reached: connection refused")
