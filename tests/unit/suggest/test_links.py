"""Which columns stand in which keys."""

from __future__ import annotations

from pathlib import Path

from sync.model.roster import Wanted
from sync.read import read_drop
from sync.suggest.links import Links, links
from sync.suggest.shapes import profiles


def linked(folder: Path, **files: str) -> Links:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    drop, _ = read_drop(folder, Wanted(("*.csv",)))
    return links(drop.tables, {f: profiles(t) for f, t in drop.tables.items()})


def test_the_share_of_a_column_in_a_key_is_measured(tmp_path: Path) -> None:
    found = linked(tmp_path, a="id,x\n1,p\n2,q\n3,r\n", b="who,y\n1,s\n2,t\n9,u\n8,v\n")
    assert found.share(("b.csv", "who"), ("a.csv", "id")) == 0.5


def test_items_of_a_list_count_one_by_one(tmp_path: Path) -> None:
    found = linked(tmp_path, a="id,x\n1,p\n2,q\n", b='who,y\n"1,2",s\n1,t\n')
    assert found.share(("b.csv", "who"), ("a.csv", "id")) == 1.0


def test_a_column_that_repeats_is_no_key(tmp_path: Path) -> None:
    found = linked(tmp_path, a="id,x\n1,p\n1,q\n1,r\n", b="who,y\n1,s\n2,t\n")
    assert found.share(("b.csv", "who"), ("a.csv", "id")) is None


def test_the_key_that_is_named_by_more_records_is_meant(tmp_path: Path) -> None:
    found = linked(
        tmp_path,
        a="id,row\nk1,1\nk2,2\nk3,3\nk4,4\n",
        b="who,level\nk1,1\nk2,2\nk3,1\nk4,2\n",
    )
    assert found.named_by(("a.csv", "id"), 0.9) == 4
    assert found.named_by(("a.csv", "row"), 0.9) == 2


def test_no_columns_give_no_links(tmp_path: Path) -> None:
    found = linked(tmp_path, a="id,x\n")
    assert found.best(("a.csv", "id"), "a.csv") is None
