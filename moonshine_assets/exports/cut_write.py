"""An export written anew without what was cut: a file, zip or folder of the same form."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import IO

from moonshine_assets.exports.container import Container
from moonshine_assets.exports.cut import Cut, MemberCut
from moonshine_assets.exports.cut_json import kept_ranges
from moonshine_assets.exports.split import mapped
from moonshine_resources import storage
from moonshine_resources.atomic import atomic_file, sync_directory, sync_file

_CHUNK = 1 << 20


def write_cut(container: Container, cut: Cut, target: Path) -> None:
    """Write the rest of an export to `target`, which must not exist, read-only.

    Raises:
        StorageFull: there is no space for it.
    """
    with storage.writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if container.zip is not None:
            with atomic_file(target, mode=0o444) as stream:
                _zip(container.zip, cut, stream)
        elif container.is_plain:
            (member,) = cut.members.values()
            with atomic_file(target, mode=0o444) as stream:
                _copy_kept(member, stream)
        else:
            _folder(container, cut, target)


def _zip(source: zipfile.ZipFile, cut: Cut, stream: IO[bytes]) -> None:
    """Members keep their order, times and attributes; equal cuts give equal bytes."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            member = cut.members.get(info.filename)
            if member is not None and member.removed:
                continue
            entry = zipfile.ZipInfo(info.filename, info.date_time)
            entry.external_attr = info.external_attr
            entry.compress_type = zipfile.ZIP_STORED if info.is_dir() else zipfile.ZIP_DEFLATED
            with target.open(entry, "w", force_zip64=info.file_size >= 1 << 31) as writer:
                if member is not None:
                    _copy_kept(member, writer)
                else:
                    with source.open(info) as reader:
                        shutil.copyfileobj(reader, writer, _CHUNK)


def _folder(container: Container, cut: Cut, target: Path) -> None:
    target.mkdir()
    for name in (*container.sizes, *container.clutter):
        member = cut.members.get(name)
        if member is not None and member.removed:
            continue
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if member is None:
            shutil.copyfile(container.path / name, copy)
        else:
            with copy.open("wb") as stream:
                _copy_kept(member, stream)
        copy.chmod(0o444)
        sync_file(copy)
        sync_directory(copy.parent)


def _copy_kept(member: MemberCut, stream: IO[bytes]) -> None:
    with mapped(member.path) as view:
        for start, end in kept_ranges(len(view), member.dropped):
            for position in range(start, end, _CHUNK):
                stream.write(view[position : min(end, position + _CHUNK)])
