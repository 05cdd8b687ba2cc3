"""Where long work runs: one worker outside the script thread, with progress and stop.

A job is a function of ``report(fraction, key)`` and ``should_stop()``; it polls the second and
answers early when told to. Jobs of all learners wait in one line.
"""

import queue
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Report = Callable[[float, str], None]
Work = Callable[[Report, Callable[[], bool]], Any]

WAITING, RUNNING, DONE, STOPPED, FAILED = "waiting", "running", "done", "stopped", "failed"
MAX_WAITING = 64


class Full(RuntimeError):
    """The line is full; try again later."""


@dataclass(eq=False)
class Job:
    """One piece of work and how far it is. Read it; only the worker writes.

    Parameters
    ----------
    work : callable
        What runs.
    owner : str
        Who asked; each has one job at a time.
    """

    work: Work
    owner: str
    state: str = WAITING
    fraction: float = 0.0
    message: str = ""
    result: Any = None
    error: str = ""
    asked: float = field(default_factory=time.monotonic)
    began: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Ask the job to end; what it has so far becomes its result."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end.

        Parameters
        ----------
        seconds : float, optional
            At most so long.

        Returns
        -------
        bool
            Whether it has ended.
        """
        return self._ended.wait(seconds)

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in (WAITING, RUNNING)

    def seconds_left(self) -> float | None:
        """An estimate from the progress so far; ``None`` while there is too little of it."""
        if self.state != RUNNING or self.fraction < 0.05:
            return None
        spent = time.monotonic() - self.began
        return spent * (1 - self.fraction) / self.fraction

    def _run(self) -> None:
        if self._stop.is_set():
            self.state = STOPPED
            self._ended.set()
            return
        self.state, self.began = RUNNING, time.monotonic()

        def report(fraction: float, message: str) -> None:
            self.fraction, self.message = min(1.0, max(0.0, fraction)), message

        try:
            self.result = self.work(report, self._stop.is_set)
            self.fraction = 1.0
            self.state = STOPPED if self._stop.is_set() else DONE
        except Exception:  # the worker must outlive any job
            self.error, self.state = traceback.format_exc(), FAILED
        finally:
            self._ended.set()


class Jobs:
    """A line of jobs and the one thread that works through it."""

    def __init__(self) -> None:
        self._line: queue.Queue[Job] = queue.Queue()
        self._lock = threading.Lock()
        self._order: list[Job] = []
        self._thread: threading.Thread | None = None

    def submit(self, work: Work, owner: str) -> Job:
        """Put work into the line; the owner's earlier job is told to stop.

        Parameters
        ----------
        work : callable
            ``work(report, should_stop)``.
        owner : str
            Who asks.

        Returns
        -------
        Job
            To be polled.

        Raises
        ------
        Full
            If ``MAX_WAITING`` jobs wait already.
        """
        job = Job(work, owner)
        with self._lock:
            self._order = [j for j in self._order if j.active]
            if len(self._order) >= MAX_WAITING:
                raise Full(f"{len(self._order)} jobs wait; at most {MAX_WAITING} may")
            for other in self._order:
                if other.owner == owner:
                    other.stop()
            self._order.append(job)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, daemon=True, name="jobs")
                self._thread.start()
        self._line.put(job)
        return job

    def place(self, job: Job) -> int:
        """How many jobs are before this one.

        Parameters
        ----------
        job : Job
            From ``submit``.

        Returns
        -------
        int
            0 when it runs or has ended.
        """
        with self._lock:
            active = [j for j in self._order if j.active]
        return active.index(job) if job in active else 0

    def _work(self) -> None:
        while True:
            self._line.get()._run()


JOBS = Jobs()
