"""Work in batches, over all processors, each batch kept as soon as it is done."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from os import cpu_count, getpid
from typing import TypeVar

from generator.errors import OutputError
from generator.output.cache import Cache
from generator.output.lock import die_with
from generator.render.code import Highlighter

T = TypeVar("T")
R = TypeVar("R")
Entries = list[tuple[str, bytes]]  # cache keys and packed bytes
Said = Callable[[int, int], None]  # (done, all)
ALONE = 16  # so little work is done sooner without helper processes


def run_batches(
    work: Callable[[list[T]], Entries], items: Sequence[T], cache: Cache, said: Said, *, batch: int
) -> None:
    """Run `work` over batches of items and keep the entries it returns; `said(done, all)` is called as it goes.

    An interrupted run loses no more than the batches under way.
    """
    batches = [list(items[start : start + batch]) for start in range(0, len(items), batch)]
    done = 0
    for number, entries in enumerate(in_parallel(work, batches, alone=len(items) <= ALONE)):
        cache.put_packed(entries)
        done += len(batches[number])
        said(done, len(items))


def in_parallel(work: Callable[[T], R], items: Sequence[T], *, alone: bool = False) -> Iterator[R]:
    """Yield what `work` makes of each item, in order, over all processors; `alone` in this process.

    The helpers are copies of this process as it is now: `work` may use all that is in memory.
    """
    if alone:
        yield from map(work, items)
        return
    global _forked
    _forked = work
    with ProcessPoolExecutor(cpu_count(), get_context("fork"), die_with, (getpid(),)) as pool:
        try:
            yield from pool.map(_call, items)
        except BrokenProcessPool as problem:
            raise OutputError(
                "a helper process was killed, perhaps for want of memory: build again, it goes on"
            ) from problem
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_forked: Callable[..., object]


def _call(item: T) -> object:
    return _forked(item)


@cache
def highlighter() -> Highlighter:
    """Return this process's highlighter: lines recur all over a history, so it is one for all batches."""
    return Highlighter()
