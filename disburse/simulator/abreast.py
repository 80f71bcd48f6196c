"""Several lives at once: each process has a server and a town of its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.queues import Queue
from queue import Empty
from typing import Any

from disburse.simulator.founding import town
from disburse.simulator.lives import Lived, live

Part = tuple[int, int]  # a seed and its steps


class JobBroke(Exception):  # noqa: N818  (a process of ours ended without a word)
    """A process ended before its lives did: killed, or out of memory."""


def live_all(
    parts: Sequence[Part], *, jobs: int = 1, tell: Callable[[int], None] = lambda _: None
) -> Iterator[Lived]:
    """Live every part, up to and including the first find; `tell` hears of steps as they pass."""
    if jobs == 1:
        yield from _one_by_one(parts, tell)
    else:
        yield from _at_once(parts, jobs, tell)


def _one_by_one(parts: Sequence[Part], tell: Callable[[int], None]) -> Iterator[Lived]:
    with town() as here:
        for seed, steps in parts:
            lived = live(here, seed=seed, steps=steps, tell=tell)
            yield lived
            if lived.found:
                return


def _at_once(parts: Sequence[Part], jobs: int, tell: Callable[[int], None]) -> Iterator[Lived]:
    context = get_context("spawn")
    said: Queue[Any] = context.Queue()
    processes = [context.Process(target=_job, args=(parts[at::jobs], said)) for at in range(jobs)]
    for one in processes:
        one.start()
    try:
        for _ in parts:
            word = _next_word(said, processes)
            while isinstance(word, int):
                tell(word)
                word = _next_word(said, processes)
            yield word
            if word.found:
                return
    finally:
        for one in processes:
            one.terminate()
        for one in processes:
            one.join()


def _next_word(said: Queue[Any], processes: Sequence[Any]) -> Any:  # noqa: ANN401
    while True:
        try:
            return said.get(timeout=1)
        except Empty:
            if any(one.exitcode not in {None, 0} for one in processes):
                raise JobBroke("a process ended before its lives did") from None


def _job(parts: Sequence[Part], said: Queue[Any]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the server ends with us
    for lived in _one_by_one(parts, said.put):
        said.put(lived)
