"""Zips, folders and plain files as one list of members; hostile ones are refused before anything is written."""

from __future__ import annotations

import io
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from exporting import chatgpt, write, write_zip

from moonshine_assets.errors import BadInput, StorageFull
from moonshine_assets.exports import container as container_module
from moonshine_assets.exports import zipped
from moonshine_assets.exports.container import opened


def unpack(path: Path, work: Path) -> dict[str, bytes]:
    """Every member, through the scratch folder."""
    with opened(path) as container:
        return {name: container.on_disk(name, work).read_bytes() for name in container.sizes}


def patched(path: Path, change: Callable[[bytearray, int], None]) -> Path:
    """Change the central directory's entry of the first member (its offset is given)."""
    data = bytearray(path.read_bytes())
    change(data, data.index(b"PK\x01\x02"))
    path.write_bytes(data)
    return path


def set_declared_size(size: int) -> Callable[[bytearray, int], None]:
    def change(data: bytearray, entry: int) -> None:
        struct.pack_into("<L", data, entry + 24, size)

    return change


def test_members_come_out_as_they_went_in(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", {"a/conversations.json": [chatgpt("c")], "user.json": b"{}"})
    found = unpack(path, tmp_path / "work")
    with zipfile.ZipFile(path) as archive:
        assert found == {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    "name",
    [
        "../conversations.json",
        "a/../../conversations.json",
        "..\\conversations.json",
        "/etc/conversations.json",
        "\\\\server\\share\\conversations.json",
        "C:\\conversations.json",
        "c:conversations.json",
        ".",
    ],
)
def test_a_member_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "export.zip", {name: b"[]"})
    with pytest.raises(BadInput, match=r"^export\.zip: member .* outside the archive's folder; ") as refusal:
        unpack(path, tmp_path / "work")
    assert len(str(refusal.value).splitlines()) == 1
    assert not (tmp_path / "work").exists()


def test_a_colon_in_a_file_name_is_no_drive(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", {"Plan: part 2.json": b"[]"})
    assert unpack(path, tmp_path / "work") == {"Plan: part 2.json": b"[]"}


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("conversations.json")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(BadInput, match="is a link"):
        unpack(path, tmp_path / "work")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", {"conversations.json": b"[]"})

    def encrypt(data: bytearray, entry: int) -> None:
        data[entry + 8] |= 1

    with pytest.raises(BadInput, match="is encrypted; unpack it and give the folder"):
        unpack(patched(path, encrypt), tmp_path / "work")


def test_a_damaged_member_is_refused_by_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("conversations.json", b'[{"title": "moon"}]')
    path.write_bytes(path.read_bytes().replace(b"moon", b"mood"))
    with pytest.raises(BadInput, match=r"export\.zip: member 'conversations\.json' cannot be unpacked \(Bad CRC-32"):
        unpack(path, tmp_path / "work")


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = write_zip(tmp_path / "export.zip", [("conversations.json", []), ("conversations.json", [1])])
    with pytest.raises(BadInput, match=r"two members are named 'conversations\.json'"):
        unpack(path, tmp_path / "work")


def test_a_zip_that_unpacks_to_far_more_than_it_weighs_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", {"conversations.json": bytes(zipped.RATIO_FREE_BYTES + 1)})
    with pytest.raises(BadInput, match="refused as a zip bomb"):
        unpack(path, tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_members_that_add_up_to_too_much_are_refused_by_what_they_declare(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", {f"conversations-{n:03}.json": b"[]" for n in range(20)})
    data = bytearray(path.read_bytes())
    entry = data.find(b"PK\x01\x02")
    while entry >= 0:
        struct.pack_into("<L", data, entry + 24, 0xFFFFFFF0)
        entry = data.find(b"PK\x01\x02", entry + 1)
    path.write_bytes(data)
    with pytest.raises(BadInput, match="refused as a zip bomb"):
        unpack(path, tmp_path / "work")


@pytest.mark.parametrize("declared", [0, 1, 99, 101, 100_000])
def test_a_member_whose_declared_size_lies_is_refused(tmp_path: Path, declared: int) -> None:
    path = write_zip(tmp_path / "export.zip", {"conversations.json": b"x" * 100})
    with pytest.raises(BadInput, match=r"conversations\.json"):
        unpack(patched(path, set_declared_size(declared)), tmp_path / "work")
    assert sum(file.stat().st_size for file in (tmp_path / "work").iterdir()) <= max(100, declared)


def test_no_member_is_unpacked_where_it_cannot_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MAX_RATIO", 10**9)
    path = write_zip(tmp_path / "export.zip", {"conversations.json": b"[]"})
    free = container_module.shutil.disk_usage(tmp_path).free
    huge = min(free + 1, 0xFFFFFFF0)
    if huge > free:
        with pytest.raises(StorageFull):
            unpack(patched(path, set_declared_size(huge)), tmp_path / "work")
    else:
        with pytest.raises(BadInput):
            unpack(patched(path, set_declared_size(huge)), tmp_path / "work")
    assert sum(file.stat().st_size for file in (tmp_path / "work").iterdir()) <= 2


def test_additions_of_macos_are_told_apart(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "export.zip", {"conversations.json": b"[]", "__MACOSX/._conversations.json": b"\x00\x05\x16\x07"}
    )
    with opened(path) as container:
        assert (container.sizes, container.clutter) == (
            {"conversations.json": 2},
            {"__MACOSX/._conversations.json": 4},
        )


def test_a_folder_tells_the_same_additions_apart(tmp_path: Path) -> None:
    write(tmp_path / "export" / "conversations.json", b"[]")
    write(tmp_path / "export" / "__MACOSX" / "._conversations.json", b"1234")
    with opened(tmp_path / "export") as container:
        assert list(container.sizes) == ["conversations.json"]
        assert list(container.clutter) == ["__MACOSX/._conversations.json"]


@pytest.mark.parametrize("kind", ["file", "folder", "broken"])
def test_a_link_in_a_folder_is_refused_and_not_passed_over(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "export" / "conversations-000.json", b"[]")
    elsewhere = write(tmp_path / "elsewhere" / "conversations.json", b"[]")
    target = {"file": elsewhere, "folder": elsewhere.parent, "broken": tmp_path / "nowhere"}[kind]
    (tmp_path / "export" / "conversations-001.json").symlink_to(target)
    with (
        pytest.raises(BadInput, match=r"export: 'conversations-001\.json' is a link; put the file itself there"),
        opened(tmp_path / "export"),
    ):
        pass


def test_a_file_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "export" / "conversations.json", b"[]")
    (tmp_path / "export" / "caf\udce9.png").write_bytes(b"1")
    with pytest.raises(BadInput, match=r"'caf\\\\xe9\.png' is not UTF-8"), opened(tmp_path / "export"):
        pass


def test_what_the_reader_of_a_container_fails_with_stays_what_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", b"[]")
    with pytest.raises(FileNotFoundError), opened(path):
        (tmp_path / "nothing").read_bytes()


def test_a_file_that_cannot_be_read_is_one_clear_error() -> None:
    with pytest.raises(BadInput, match=r"mem: cannot be read \(.*\); check the path"), opened(Path("/proc/self/mem")):
        pass


def test_json_in_a_json_string_is_written_out_as_what_it_holds(tmp_path: Path) -> None:
    path = write(tmp_path / "export.json", b'\xef\xbb\xbf "[{\\"title\\": \\"m\\u00f6\\r\\n\\u0000\\ud83d\\"}]"')
    with opened(path) as container:
        inner = container.on_disk("export.json", tmp_path / "work").read_bytes()
    assert inner == '[{"title": "mö\r\n\x00'.encode() + b'\xed\xa0\xbd"}]'


def test_a_json_string_that_does_not_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "export.json", b'"[1, 2')
    with opened(path) as container, pytest.raises(BadInput, match=r"export\.json: a JSON string that does not end"):
        container.on_disk("export.json", tmp_path / "work")


def test_flipped_bytes_end_in_a_refusal_or_in_the_right_bytes(tmp_path: Path) -> None:
    members = {"conversations.json": [chatgpt("c")], "user.json": {"id": 1}}
    whole = write_zip(tmp_path / "whole.zip", members)
    right = unpack(whole, tmp_path / "whole-work")
    data = whole.read_bytes()
    rng = random.Random(20)
    refused = 0
    for attempt in range(600):
        damaged = bytearray(data)
        for _ in range(rng.choice([1, 1, 2, 5])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path = write(tmp_path / "damaged.zip", bytes(damaged))
        try:
            found = unpack(path, tmp_path / f"work-{attempt}")
        except BadInput as refusal:
            refused += 1
            assert "damaged.zip" in str(refusal) and "\n" not in str(refusal)
        else:
            # Names and headers that nobody reads may differ; no content may.
            assert all(content in (*right.values(), bytes(damaged)) for content in found.values())
    assert refused > 300


def test_a_zip_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("conversations.json", b"[]" * 40)
    data = buffer.getvalue()
    for end in range(4, len(data), 3):
        path = write(tmp_path / "export.zip", data[:end])
        with pytest.raises(BadInput, match=r"export\.zip: a damaged zip"):
            unpack(path, tmp_path / "work")
