"""The entry: how a run ended is told to people and monitors, as the configuration says.

In: ``Ended`` and the configuration. Out: what went wrong with it, as sentences; nothing
here changes how a command ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from sync.config import Config
from sync.config.notify import Channel
from sync.errors import ExitCode, RosterSyncError
from sync.notify import metrics
from sync.notify.ended import Ended
from sync.notify.memory import alone, remember, told
from sync.notify.sending import UndeliveredError, begin
from sync.state import StateFolder

_QUIETENED = ("done", "partial")
"""Ends that ``on_new_only`` may keep to itself: each of the others wants a person,
however often it comes."""


def tell(config: Config, ended: Ended) -> tuple[str, ...]:
    """Send what is to be sent and write the metrics; what could not be done, as
    sentences. All messages are on their way at once."""
    folder, problems = _folder(config)
    before = {} if folder is None else told(folder, ended.target).get("notify", {})
    waiting = {
        name: begin(channel, ended)
        for name, channel in config.notify.items()
        if wanted(channel, ended, before.get(name))
    }
    undelivered = []
    for name, finish in waiting.items():
        try:
            finish()
        except UndeliveredError as error:
            undelivered.append(name)
            problems.append(f"notify.{name} could not be told: {error}")
    if folder is not None:
        problems += _remembered(config, folder, ended, undelivered)
    return tuple(problems)


def wanted(channel: Channel, ended: Ended, last: str | None) -> bool:
    """Whether a channel is to be told.

    ``last``: how the run before ended, as far as this channel was told or had no need
    to be; null where it was owed a message that did not arrive.
    """
    if channel.targets and ended.target not in channel.targets:
        return False
    if ended.ending not in channel.on:
        return False
    if not channel.on_new_only or ended.ending not in _QUIETENED:
        return True
    return last != ended.ending or ended.news > 0


def _folder(config: Config) -> tuple[StateFolder | None, list[str]]:
    try:
        return StateFolder(config.state_dir), []
    except RosterSyncError as error:  # people are told all the same
        return None, [f"what was told cannot be kept: {error.message}"]


def _remembered(
    config: Config, folder: StateFolder, ended: Ended, undelivered: list[str]
) -> list[str]:
    """Keep what was told and write the metrics; what went wrong."""
    with ExitStack() as stack:
        try:
            stack.enter_context(alone(folder))
            facts = told(folder, ended.target)
            if ended.exit_code is not ExitCode.LOCKED:
                facts["notify"] = _told_now(config, ended, undelivered)
            known = facts.get("metrics", {})
            facts["metrics"] = metrics.following(known, ended, len(undelivered))
            remember(folder, ended.target, facts)
        except (OSError, RosterSyncError) as error:
            return [f"what was told cannot be kept: {error}"]
        return _measured(config, folder)


def _told_now(config: Config, ended: Ended, undelivered: list[str]) -> dict[str, str]:
    return {name: ended.ending for name in config.notify if name not in undelivered}


def _measured(config: Config, folder: StateFolder) -> list[str]:
    path = config.metrics
    if path is None:
        return []
    known: Mapping[str, Mapping[str, Any]] = {
        name: facts
        for name in config.targets
        if (facts := told(folder, name).get("metrics"))
    }
    try:
        metrics.written(path, known)
    except OSError as error:
        return [f"metrics: {path} cannot be written: {error.strerror}"]
    return []
