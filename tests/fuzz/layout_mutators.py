"""Mutations of how the files of an export are handed in: as a zip, a damaged or hostile one, or among strangers.

Each takes a source of chance, the files by name and an empty folder, writes the export there and returns its path.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

Files = dict[str, bytes]

_STRANGERS: Files = {
    "notes.txt": b"nothing of anybody's",
    "empty.json": b"",
    "picture.png": b"\x89PNG\r\n\x1a\n\x00\x00",
    ".DS_Store": b"\x00\x00\x00\x01Bud1",
    "__MACOSX/._a": b"\x00\x05\x16\x07",
    "settings.json": b'{"theme": "dark"}',
    "list.json": b"[]",
    "broken.json": b'{"a": [',
    "table.csv": b"a,b\n1,2\n",
    "page.html": b"<html><body>hello</body></html>",
    "log.jsonl": b'{"event": 1}\nnot json\n',
    "noending": b"x",
    "very " + "long " * 40 + "name.txt": b"x",
    "caf\u00e9/\u65e5\u672c\u8a9e.md": b"x",
}

_SECRET = re.compile(r"(^|/)(credentials/.*|auth(-profiles)?\.json|oauth_creds\.json|openclaw\.json)$")


def write_plain(files: Files, folder: Path) -> Path:
    """One file by itself, several as a folder."""
    whole = folder / "export"
    for name, data in files.items():
        (whole / name).parent.mkdir(parents=True, exist_ok=True)
        (whole / name).write_bytes(data)
    return whole if len(files) > 1 else whole / next(iter(files))


def zipped(rng: Random, files: Files, folder: Path) -> Path:
    """A zip as it should be, with or without a folder around the files."""
    return _written(folder, _packed(files, rng.choice((0, 8)), rng.choice(("", "export of march/"))))


def damaged_zip(rng: Random, files: Files, folder: Path) -> Path:
    """A zip that is cut off or has other bytes somewhere."""
    data = bytearray(_packed(files, 8, ""))
    if rng.random() < 0.5:
        del data[rng.randrange(len(data)) :]
    else:
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return _written(folder, bytes(data))


def hostile_zip(rng: Random, files: Files, folder: Path) -> Path:
    """Names that lead outside, links, a zip in the zip."""
    name = rng.choice(("../up.json", "/etc/x.json", "C:\\x.json", "a/../../b.json", "link", "inner.zip"))
    made = io.BytesIO(_packed(files, 8, ""))
    with zipfile.ZipFile(made, "a") as archive:
        info = zipfile.ZipInfo(name)
        if name == "link":
            info.external_attr = 0o120777 << 16
        archive.writestr(info, _packed(files, 8, "") if name == "inner.zip" else next(iter(files.values())))
    return _written(folder, made.getvalue())


def among_strangers(rng: Random, files: Files, folder: Path) -> Path:
    """Files of other programs beside those of the export."""
    strangers = {name: _STRANGERS[name] for name in rng.sample(list(_STRANGERS), rng.randint(1, 4))}
    together = {**strangers, **files}
    if rng.random() < 0.5:
        return _written(folder, _packed(together, 8, ""))
    return write_plain(together, folder)


def renamed(rng: Random, files: Files, folder: Path) -> Path:
    """Other file names than the provider gives; what is inside stays."""
    ending = rng.choice((".json", ".jsonl", ".txt", "", ".JSON", ".json.part", ".dat"))
    stem = rng.choice(("conversations", "export (1)", "\u00e4\u65e5", "x" * 200, ".hidden", "chat-export-17"))
    return write_plain({f"{stem}{rank or ''}{ending}": data for rank, data in enumerate(files.values())}, folder)


def unpacked_size(path: Path) -> int:
    """Bytes of the files of an export, unpacked; keys and tokens in an agent's folder are not taken."""
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.is_file()]
        return sum(file.stat().st_size for file in files if not _SECRET.search(file.relative_to(path).as_posix()))
    if zipfile.is_zipfile(path) and path.read_bytes()[:2] == b"PK":
        with zipfile.ZipFile(path) as archive:
            return sum(info.file_size for info in archive.infolist())
    return path.stat().st_size


def _packed(files: Files, method: int, prefix: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(prefix + name), data, method)
    return made.getvalue()


def _written(folder: Path, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "export.zip"
    path.write_bytes(data)
    return path


LAYOUT_MUTATORS: dict[str, Callable[[Random, Files, Path], Path]] = {
    mutate.__name__: mutate for mutate in (zipped, damaged_zip, hostile_zip, among_strangers, renamed)
}
