"""The explanations that a data clerk reads."""

from __future__ import annotations

import re
from pathlib import Path

import sync.validate
from sync.model.finding import Severity
from sync.validate import CODES

SOURCE = Path(sync.validate.__file__).parent


def test_codes_are_given_once_and_in_order() -> None:
    codes = [code.code for code in CODES]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"RS[12]\d\d", code) for code in codes)


def test_every_code_is_used_and_every_used_code_is_explained() -> None:
    used = {
        code
        for file in SOURCE.glob("*.py")
        if file.name != "codes.py"
        for code in re.findall(r'"(RS\d\d\d)"', file.read_text(encoding="utf-8"))
    }
    assert used == {code.code for code in CODES}


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    for code in CODES:
        assert code.severity in Severity
        assert code.title[0].islower()
        assert not code.title.endswith(".")
        assert code.explanation.endswith(".")
        assert code.remedy.endswith(".")


def test_the_codes_that_the_contract_names_are_there() -> None:
    titles = {code.code: code.title for code in CODES}
    assert titles["RS101"] == "a required value is missing"
    assert titles["RS112"] == "not a grade"
