"""What the pages promise is there: links, commands and targets exist, tables are described as declared."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from moonshine_assets.cli.moonshine import main
from moonshine_assets.mash.schema import MASH_TABLES
from moonshine_assets.tables.derived import DERIVED_TABLES
from moonshine_resources.home import PROJECT_ROOT

PAGES = sorted([PROJECT_ROOT / "README.md", *(PROJECT_ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
COMMAND = re.compile(r"`(?:\.venv/bin/)?moonshine ([a-z]+)")
TARGET = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)


def named(pattern: re.Pattern[str]) -> set[str]:
    return {name for page in PAGES for name in pattern.findall(page.read_text("utf-8"))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    missing = [target for target in LINK.findall(page.read_text("utf-8")) if not (page.parent / target).exists()]
    assert missing == []


def test_commands_on_the_pages_exist() -> None:
    assert isinstance(main, click.Group)
    assert named(COMMAND) >= {"run", "status", "ledger", "receipts", "query", "ui"}
    assert named(COMMAND) <= set(main.commands)


def test_make_targets_on_the_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named(TARGET) >= {"run", "test"}
    assert named(TARGET) <= targets


def test_the_table_page_is_what_the_tables_declare() -> None:
    tables = (*MASH_TABLES, *DERIVED_TABLES)
    page = (PROJECT_ROOT / "docs" / "tables.md").read_text("utf-8")
    stale = [table.name for table in tables if table.markdown() not in page]
    assert stale == [], "run `make docs`"


def test_no_page_names_a_path_of_somebodys_machine() -> None:
    homes = re.compile(r"(?<![\w.<])/(?:home|Users|root|work)/\w")
    assert [page.name for page in PAGES if homes.search(page.read_text("utf-8"))] == []
