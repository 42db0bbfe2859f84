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

    An interrupted run loses no more than the batches under way. `work` must be picklable.
    """
    batches = [list(items[start : start + batch]) for start in range(0, len(items), batch)]
    done = 0
    for number, entries in enumerate(in_parallel(work, batches)):
        cache.put_packed(entries)
        done += len(batches[number])
        said(done, len(items))


def in_parallel(work: Callable[[list[T]], R], batches: list[list[T]]) -> Iterator[R]:
    """Yield what `work` makes of each batch, in order; little work is done in this process, so `work` is picklable."""
    if sum(map(len, batches)) <= ALONE:
        yield from map(work, batches)
        return
    with ProcessPoolExecutor(cpu_count(), get_context("fork"), die_with, (getpid(),)) as pool:
        try:
            yield from pool.map(work, batches)
        except BrokenProcessPool as problem:
            raise OutputError(
                "a helper process was killed, perhaps for want of memory: build again, it goes on"
            ) from problem
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@cache
def highlighter() -> Highlighter:
    """Return this process's highlighter: lines recur all over a history, so it is one for all batches."""
    return Highlighter()
