"""What people judged stands in the lane's manifest and card, and keeps rows out when the policy says so."""

from __future__ import annotations

from pathlib import Path

import msgspec

from lanes.audit.test_labels import label
from lanes.build import DISTILLATION, POLICY
from lanes.everyday import everyday_corpus
from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.audit.labels import Label, Verdict, row_key
from moonshine_assets.lanes.audit.precision import withholding
from moonshine_assets.lanes.build import build_lane
from moonshine_assets.lanes.published import PublishedLane, files, rows_of
from moonshine_assets.lanes.write import write_lane
from moonshine_resources.home import Home


def policy(below_bound: str, bound: float) -> Policy:
    bounds = msgspec.structs.replace(POLICY.audit.lower_bounds, dpo=bound)
    audit = msgspec.structs.replace(POLICY.audit, below_bound=below_bound, lower_bounds=bounds)
    return msgspec.structs.replace(POLICY, audit=audit)


def said_of_all(home: Home, rules: Policy, verdict: Verdict) -> list[Label]:
    written = write_lane(home, "dpo", DISTILLATION, rules, build_lane(mash(), "dpo", rules, DISTILLATION))
    rows = rows_of(files(PublishedLane("dpo", DISTILLATION, written.folder, written.manifest), "all"))
    return [label(row_key(row, "dpo"), verdict, signal_version=row["signal_version"]) for row in rows]


def mash():  # type: ignore[no-untyped-def]
    return everyday_corpus().mash()


def test_an_audited_lane_says_so(tmp_path: Path) -> None:
    """One row of one judged right: 0.207 to 1."""
    rules = policy("mark", 0.2)
    before = write_lane(Home.at(tmp_path), "dpo", DISTILLATION, rules, build_lane(mash(), "dpo", rules, DISTILLATION))
    assert (before.manifest["unaudited"], before.manifest["label_precision"]) == (True, None)
    assert "not audited" in (before.folder / "README.md").read_text()
    labels = said_of_all(Home.at(tmp_path / "a"), rules, "right")
    assert len(labels) == before.manifest["rows"] > 0
    result = build_lane(mash(), "dpo", rules, DISTILLATION, withhold=withholding(labels, rules.audit))
    after = write_lane(Home.at(tmp_path), "dpo", DISTILLATION, rules, result, labels)
    assert after.changed
    (signal,) = after.manifest["audit"]
    assert (signal["right"], signal["status"], after.manifest["unaudited"]) == (len(labels), "audited", False)
    assert "- audited: people judged" in (after.folder / "README.md").read_text()
    assert (after.folder / "jsonl" / "train.jsonl").read_bytes() == (
        before.folder / "jsonl" / "train.jsonl"
    ).read_bytes()


def test_below_the_bound_rows_are_marked_or_withheld(tmp_path: Path) -> None:
    mark, withhold = policy("mark", 0.9), policy("withhold", 0.9)
    labels = said_of_all(Home.at(tmp_path / "a"), mark, "wrong")
    marked = build_lane(mash(), "dpo", mark, DISTILLATION, withhold=withholding(labels, mark.audit))
    written = write_lane(Home.at(tmp_path), "dpo", DISTILLATION, mark, marked, labels)
    assert written.manifest["audit"][0]["status"] == "below_bound"
    assert "below the policy's bound of precision" in (written.folder / "README.md").read_text()
    kept_out = build_lane(mash(), "dpo", withhold, DISTILLATION, withhold=withholding(labels, withhold.audit))
    assert (len(marked.rows), len(kept_out.rows)) == (len(labels), 0)
    assert kept_out.dropped["precision_below_bound"] == len(labels)
    assert kept_out.candidates == marked.candidates
    assert kept_out.candidates == sum(kept_out.dropped.values())
