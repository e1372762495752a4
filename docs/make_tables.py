"""Write docs/tables.md from the table declarations and docs/HANDOFF_SCHEMA.json from its models: `make docs`."""

import json
from pathlib import Path

from moonshine_assets.mash.schema import MASH_TABLES
from moonshine_assets.mash.search.tables import SEARCH_TABLES
from moonshine_assets.mash.views import VIEWS
from moonshine_assets.reports.packets import schema
from moonshine_assets.tables.derived import DERIVED_TABLES

PAGE = Path(__file__).with_name("tables.md")
SCHEMA = PAGE.with_name("HANDOFF_SCHEMA.json")
HEAD = """# Tables

Made from the declarations in `moonshine_assets/tables/` by `make docs`. The stored tables are in schema `store`; the
views of the same names in `main` show the newest version of each record, and `messages` and `blocks` with their `text`.
"""

VIEWS_HEAD = """## Views

What `main` has besides: questions that are asked often, on current versions."""
SEARCH_HEAD = """## The index

Schema `search`: what `moonshine search` looks up. Made from the texts; never counted, hashed or archived."""

if __name__ == "__main__":
    tables = (*MASH_TABLES, *DERIVED_TABLES)
    parts = [HEAD, *(table.markdown() for table in tables)]
    parts += [VIEWS_HEAD, *(view.markdown() for view in VIEWS)]
    parts += [SEARCH_HEAD, *(table.markdown() for table in SEARCH_TABLES)]
    PAGE.write_text("\n\n".join(parts) + "\n", "utf-8")
    SCHEMA.write_text(json.dumps(schema(), indent=2) + "\n", "utf-8")
