"""Write docs/contracts.md from the contract declarations: `make docs`."""

from pathlib import Path

from moonshine_assets.sessions.contracts_page import page

if __name__ == "__main__":
    Path(__file__).with_name("contracts.md").write_text(page(), "utf-8")
