"""Packed exports: smaller, verified, read like plain ones, and never the only copy before they were read back."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from mash.runs import FIRST, STAMP, account, archive, publish_run

from moonshine_assets.archive import pack
from moonshine_assets.archive.pack import pack_exports
from moonshine_assets.archive.run_archive import archive_faults, archive_run
from moonshine_assets.archive.snapshot import archived_first
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.providers.source import raw_path, read_lock, secure, secured_path
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.home import Home, RunPaths
from moonshine_resources.zstd import pack_file, packed_name, unpack_file, verify_packed


@pytest.fixture
def run(home: Home, monkeypatch: pytest.MonkeyPatch) -> RunPaths:
    """An archived run whose export is loose JSON, large enough."""
    monkeypatch.setattr(pack, "LEAST_BYTES", 100)
    archive(home, publish_run(home, account(30), FIRST))
    return home.run(FIRST)


@pytest.fixture
def plain(run: RunPaths) -> Path:
    return raw_path(run, {**read_lock(run), "source_path": "conversations.json"})


def test_a_packed_export_takes_the_place_of_the_plain_one(home: Home, run: RunPaths, plain: Path) -> None:
    before = plain.read_bytes()
    assert pack_exports(home, STAMP) == [FIRST]
    assert not plain.exists()
    assert packed_name(plain).stat().st_size < len(before)
    assert archive_faults(run) == []
    assert archived_first(home, FIRST).passed
    facts = read_json(run.archive_manifest)["files"][f"raw/{plain.name}.zst"]
    assert facts["content_sha256"] == plain.stem
    assert pack_exports(home, STAMP) == []


def test_it_is_read_as_before_and_the_copy_goes_the_next_night(home: Home, run: RunPaths, plain: Path) -> None:
    before = plain.read_bytes()
    pack_exports(home, STAMP)
    manifest = run.archive_manifest.read_bytes()
    assert secured_path(run, read_lock(run)).read_bytes() == before
    assert archive_run(run, STAMP)
    assert run.archive_manifest.read_bytes() == manifest, "the plain copy is no part of the archive"
    assert pack_exports(home, STAMP) == [FIRST]
    assert not plain.exists()
    assert secure(run).sha256 == plain.stem


@pytest.mark.parametrize("damage", [b"", b"not zstd at all", None])
def test_a_damaged_packed_export_is_refused(home: Home, run: RunPaths, plain: Path, damage: bytes | None) -> None:
    pack_exports(home, STAMP)
    packed = packed_name(plain)
    packed.chmod(0o644)
    packed.write_bytes(packed.read_bytes()[:-7] if damage is None else damage)
    assert {fault["file"] for fault in archive_faults(run)} == {f"raw/{packed.name}"}
    lock = read_lock(run)
    with pytest.raises(Corruption):
        secured_path(run, lock)
    write_json(run.lock, {**lock, "location": str(plain.parent / "gone.json")})
    with pytest.raises(Corruption):
        secure(run)
    assert not plain.exists()


def test_a_damaged_packed_export_is_given_up_for_the_original(home: Home, run: RunPaths, plain: Path) -> None:
    original = home.inbox / "conversations.json"
    original.parent.mkdir(parents=True)
    original.write_bytes(plain.read_bytes())
    pack_exports(home, STAMP)
    packed_name(plain).chmod(0o644)
    packed_name(plain).write_bytes(b"damaged")
    write_json(run.lock, {**read_lock(run), "location": str(original)})
    assert secure(run).sha256 == plain.stem
    archive_run(run, STAMP)
    assert archive_faults(run) == []


def test_a_packed_export_that_does_not_read_back_never_replaces_the_plain_one(
    home: Home, run: RunPaths, plain: Path
) -> None:
    other = home.root / "other.json"
    other.write_bytes(b"[]" * 100)
    pack_file(other, packed_name(plain))
    assert pack_exports(home, STAMP) == []
    assert plain.exists()
    assert pack_exports(home, STAMP) == [FIRST]


def test_another_run_can_read_the_same_export_from_its_packed_copy(home: Home, run: RunPaths, plain: Path) -> None:
    before = plain.read_bytes()
    pack_exports(home, STAMP)
    again = home.run("chatgpt_20260501_120000")
    write_json(again.lock, {**read_lock(run), "run_id": again.run_id, "location": str(plain)})
    assert secure(again).path.read_bytes() == before


def test_small_exports_and_other_files_stay_plain(home: Home) -> None:
    archive(home, publish_run(home, account(2), FIRST))
    assert pack_exports(home, STAMP) == []


def test_a_run_whose_report_is_gone_keeps_its_plain_export(home: Home, run: RunPaths, plain: Path) -> None:
    run.database.unlink()
    assert pack_exports(home, STAMP) == []
    assert plain.exists()


def test_nothing_archived_is_no_export(home: Home) -> None:
    with pytest.raises(BadInput, match="not archived yet"):
        secured_path(home.run(FIRST), {"source_sha256": "0" * 64, "source_path": "x.json", "kind": "file"})


@pytest.mark.parametrize("size", [0, 1, 1 << 22, (1 << 22) + 1])
def test_files_of_every_size_come_back(tmp_path: Path, size: int) -> None:
    source, packed, back = tmp_path / "a", tmp_path / "a.zst", tmp_path / "b"
    source.write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    expected = sha256(source.read_bytes()).hexdigest()
    pack_file(source, packed)
    verify_packed(packed, expected)
    unpack_file(packed, back, expected)
    assert back.read_bytes() == source.read_bytes()
    with pytest.raises(Corruption, match="unpacks to SHA-256"):
        unpack_file(packed, tmp_path / "c", "0" * 64)
    assert not (tmp_path / "c").exists()
