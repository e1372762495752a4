"""Which tests one worker runs, where `make test` starts several."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

#: Folders whose files one worker runs, for they share a filled home and a server.
TOGETHER = ("tests/cli/", "tests/e2e/")


class ByFile(LoadFileScheduling):
    """One worker runs a whole file, so that what its tests share is made once; the folders above count as one file."""

    def _split_scope(self, nodeid: str) -> str:
        return "commands" if nodeid.startswith(TOGETHER) else str(super()._split_scope(nodeid))
