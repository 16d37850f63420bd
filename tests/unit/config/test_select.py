from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sync.config import Select, TargetConfig, fingerprint
from sync.config.values import Table


def target(**keys: Any) -> TargetConfig:
    return TargetConfig(kind="x", name="district", settings=Table(), **keys)


def test_everything_is_selected_unless_told_otherwise() -> None:
    assert Select().everything
    assert Select(orgs=("a", "*")).everything
    assert not Select(grades=("KG",)).everything
    assert not Select(classes=("c*",)).everything


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("9", "09"),
        ("09", "09"),
        ("k", "KG"),
        ("kg", "KG"),
        ("13", "13"),
        ("other", "Other"),
        ("1*", "1*"),
        ("*", "*"),
    ],
)
def test_a_grade_is_written_as_in_a_drop(written: str, meant: str) -> None:
    assert Select(grades=(written,)).grades == (meant,)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("student", "student"),
        ("TEACHER", "teacher"),
        ("siteadministrator", "siteAdministrator"),
        ("district*", "district*"),
        ("ext:coach", "ext:coach"),
    ],
)
def test_a_role_is_written_in_any_case(written: str, meant: str) -> None:
    assert Select(roles=(written,)).roles == (meant,)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("grades", ["14"], "no grade"),
        ("grades", ["ninth"], "no grade"),
        ("roles", ["teachers"], 'did you mean "teacher"'),
        ("orgs", ["a*b"], "at the end"),
        ("orgs", ["*a"], "at the end"),
        ("orgs", [""], "at least 1"),
        ("orgs", [], "at least 1"),
        ("orgs", "a", "tuple"),
        ("schools", ["a"], "not permitted"),
    ],
)
def test_a_selection_that_cannot_be_meant_so_is_a_mistake(
    key: str, value: Any, why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        Select.model_validate({key: value})


@pytest.mark.parametrize("name", ["up/load.done", "..\\done"])
def test_a_sentinel_is_a_name_without_folders(name: str) -> None:
    with pytest.raises(ValidationError, match="without folders"):
        target(complete=name)


def test_a_selection_changes_what_is_planned_and_a_sentinel_does_not() -> None:
    plain = fingerprint(target())
    assert fingerprint(target(complete="*.done")) == plain
    assert fingerprint(target(select=Select(orgs=("a",)))) != plain


@pytest.mark.parametrize("name", ["roles", "demographics"])
def test_what_is_no_table_of_its_own_cannot_be_required(name: str) -> None:
    with pytest.raises(ValidationError, match="no such entity"):
        target(require=(name,))
