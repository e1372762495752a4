"""no_placeholder: identifying fields hold real values; offenders are named by document and path alone."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from moonshine_assets.reports.placeholders import MAY_BE_NULL, no_placeholder

REAL = sha256(b"an export").hexdigest()
OF_NOTHING = sha256(b"").hexdigest()


def problem(document: Any) -> str | None:
    verdict = no_placeholder({"a.json": document})
    assert verdict.passed == (not verdict.offenders)
    return verdict.offenders[0]["problem"] if verdict.offenders else None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source_sha256", None),
        ("source_sha256", ""),
        ("source_sha256", "   "),
        ("sha256", "TODO"),
        ("contentHash", "n/a"),
        ("checksum", "changeme"),
        ("manifest_hash", 12),
        ("policy_version", "TBD"),
        ("policy_version", "synthetic-1"),
        ("version", "unknown"),
        ("version", "${VERSION}"),
        ("run_id", "xxx"),
        ("run_id", "dummy_20260131_120000"),
        ("run_id", "<run id>"),
        ("run_id", None),
        ("source", "placeholder"),
        ("source_path", " "),
        ("source_path", None),
        ("run_ids", []),
        ("hashes", {}),
    ],
)
def test_a_stand_in_is_found(field: str, value: Any) -> None:
    assert problem({field: value})


@pytest.mark.parametrize(
    "made_up",
    [
        "0" * 64,
        "0123456789abcdef" * 4,
        "fedcba9876543210" * 4,
        "deadbeef" * 8,
        "0" * 63 + "1",
        bytes(range(32)).hex(),
        bytes(range(0x40, 0x20, -1)).hex(),
    ],
)
def test_a_made_up_checksum_is_found(made_up: str) -> None:
    assert "made up" in str(problem({"sha256": made_up}))


@pytest.mark.parametrize("value", [REAL[:-1], REAL + "0", REAL.upper(), f"sha256:{REAL}"])
def test_a_checksum_has_64_lower_case_hex_digits(value: str) -> None:
    assert "64" in str(problem({"sha256": value}))


@pytest.mark.parametrize(
    "document",
    [
        {"source_sha256": REAL, "version": "0.14.0", "policy_version": "default-0123456789ab"},
        {"schema_version": 1, "run_id": "chatgpt_20260131_120000"},
        {"source_path": "my todo list (dummy).zip"},
        {"source_path": "unknown"},
        {"resource": None, "resources": "", "title": "TODO", "conversion": None},
        {"checksums": 12, "label_precision": None, "tokens": 0},
        {"source": {"note": None, "path": "export.zip"}},
    ],
)
def test_real_values_and_other_fields_are_left_alone(document: Any) -> None:
    assert problem(document) is None


@pytest.mark.parametrize("field", MAY_BE_NULL)
def test_only_the_listed_fields_may_be_null(field: str) -> None:
    assert problem({field: None}) is None
    assert problem({field: "TODO"})


@pytest.mark.parametrize(
    ("document", "passed"),
    [
        ({"sha256": OF_NOTHING, "size_bytes": 12}, False),
        ({"sha256": OF_NOTHING}, False),
        ({"sha256": OF_NOTHING, "bytes": 0}, True),
        ({"mash_state": OF_NOTHING}, True),
    ],
)
def test_the_hash_of_nothing_is_for_empty_files(document: Any, passed: bool) -> None:
    assert no_placeholder({"a.json": document}).passed is passed


def test_checksums_listed_by_name_are_checksums() -> None:
    verdict = no_placeholder({"a.json": {"sha256": {"b.json": REAL, "c d.json": "todo"}}})
    assert [offender["path"] for offender in verdict.offenders] == ["$.sha256['c d.json']"]


def test_offenders_name_document_and_path_and_never_the_value() -> None:
    secret = "dummy " + "long text " * 100
    verdict = no_placeholder(
        {"good.json": {"sha256": REAL}, "lanes/bad.json": {"files": [{"sha256": REAL}, {"version": secret}]}}
    )
    assert not verdict.passed
    assert verdict.offenders == [
        {"document": "lanes/bad.json", "path": "$.files[1].version", "problem": "holds a placeholder word"}
    ]
    assert verdict.figures == {"fields": 3, "documents": 2}
