"""Runs a command in a network of its own that has only the loopback, where the system allows it; else as it is.

`python -m e2e.moon.alone COMMAND...`: what works there works without any network.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

_INSIDE = "MOONSHINE_E2E_ALONE"
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1


def main(words: list[str]) -> None:
    if os.environ.get(_INSIDE):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
        os.execvp(words[0], words)
    # of those who are not root, one of a namespace of their own
    way = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    if shutil.which("unshare") and subprocess.run([*way, "true"], check=False, capture_output=True).returncode == 0:
        os.environ[_INSIDE] = "1"
        os.execvp(way[0], [*way, sys.executable, "-m", "e2e.moon.alone", *words])
    print("no network namespace can be made here: the agents run with the network there is", file=sys.stderr)
    os.execvp(words[0], words)


if __name__ == "__main__":
    main(sys.argv[1:])
