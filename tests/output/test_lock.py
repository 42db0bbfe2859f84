"""Only one process at a time works with a cache folder."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from generator.output.lock import Lock

HOLD = """
import sys, time
from pathlib import Path
from generator.output.lock import Lock
Lock(Path(sys.argv[1])).take(print)
print("taken", flush=True)
time.sleep(60)
"""


def test_the_second_waits_and_says_so(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "cache"), Lock(tmp_path / "cache")
    said: list[str] = []
    first.take(said.append)
    assert said == []
    waiting = threading.Thread(target=second.take, args=(said.append,))
    waiting.start()
    while not said:
        time.sleep(0.005)
    assert "waiting" in said[0]
    assert waiting.is_alive()
    first.release()
    waiting.join(10)
    assert not waiting.is_alive()
    second.release()


def test_a_lock_is_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"taken\n"
        process.kill()
        process.wait()
    said: list[str] = []
    lock = Lock(tmp_path)
    lock.take(said.append)
    lock.release()
    lock.release()
    assert said == []
