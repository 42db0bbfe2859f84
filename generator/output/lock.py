"""One at a time: the cache, the mirrors and the site belong to one build or sync."""

import ctypes
import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Called in a helper process: have Linux end it with its parent (prctl(2)).

    A killed build would leave helpers behind that keep its lock or write into the next build's folder.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class Lock:
    """A lock on a cache folder. The kernel frees it when the process ends, however it ends (flock(2))."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "lock"
        self._descriptor = -1

    def take(self, say: Callable[[str], None]) -> None:
        """Take the lock; when another process has it, say so and wait."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another build or sync uses {self._file.parent}: waiting until it is done")
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        """Give the lock back, if it was taken."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
