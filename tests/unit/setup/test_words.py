from __future__ import annotations

import shlex

import pytest

from sync.errors import UsageError
from sync.setup.words import for_cron, for_systemd, path_for_systemd

ODD = ["/srv/a b/50%/$x's", 'say "hi"', "back\\slash", "plain-1.csv", ""]


def test_the_shell_of_cron_gets_the_words_back() -> None:
    line = for_cron(ODD)
    assert "%" not in line.replace(r"\%", "")
    assert shlex.split(line.replace(r"\%", "%")) == ODD


@pytest.mark.parametrize(
    ("word", "written", "in_a_command"),
    [
        ("/opt/roster-sync", "/opt/roster-sync", "/opt/roster-sync"),
        ("/srv/a b", '"/srv/a b"', '"/srv/a b"'),
        ("50%", "50%%", "50%%"),
        ("$HOME", '"$HOME"', "$$HOME"),
        ('a"b', r'"a\"b"', r'"a\"b"'),
        ("a\\b", r'"a\\b"', r'"a\\b"'),
        ("", '""', '""'),
    ],
)
def test_systemd_reads_a_word_as_it_is_meant(
    word: str, written: str, in_a_command: str
) -> None:
    assert for_systemd([word]) == written
    assert for_systemd([word], command=True) == in_a_command


def test_the_path_of_a_whole_line_is_not_quoted() -> None:
    assert path_for_systemd("/srv/a b/50%.env") == "/srv/a b/50%%.env"


@pytest.mark.parametrize("word", ["a\nExecStart=/bin/sh", "a\x1b[0m", "\udcff"])
def test_what_would_begin_another_line_is_refused(word: str) -> None:
    for write in (for_cron, for_systemd):
        with pytest.raises(UsageError):
            write([word])
    with pytest.raises(UsageError):
        path_for_systemd(word)
