"""Where long work runs: one line for all learners, one worker process that works through it.

A job is a module-level function ``work(report, should_stop, **arguments)`` of plain arguments. It
calls ``report(fraction, message_key, partial=None)`` as it goes, polls ``should_stop()`` and
answers early when told to, and returns plain data. The same job gives the same numbers each time.
"""

import logging
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from attn_core.jobs.worker import Worker

Work = Callable[..., Any]


@runtime_checkable
class Report(Protocol):
    """What a job calls as it goes: how far it is, a message's key, and what it has found so far."""

    def __call__(self, fraction: float, message: str, /, partial: Any = None) -> None:
        """Say so to whoever waits; ``message`` is a key of the locale."""


WAITING, RUNNING, DONE, STOPPED, FAILED = "waiting", "running", "done", "stopped", "failed"
MAX_WAITING = 64
PATIENCE = 3.0
"""Seconds that a job has to obey a stop before its process is killed."""
GRACE = 10.0
"""Seconds that an owner may be gone (a lost network comes back) before the job is stopped."""
IDLE = 120.0
"""Seconds without a job after which the worker gives its memory back; a new one takes 2 s."""
POLL = 0.05

_log = logging.getLogger(__name__)


class Full(RuntimeError):
    """The line is full; try again later."""


@dataclass(eq=False)
class Job:
    """One piece of work and how far it is. Read it; only the line writes.

    Parameters
    ----------
    owner : str
        Who asked; each has one place in the line.
    arguments : dict
        What the work was given.
    """

    owner: str
    arguments: dict[str, Any]
    state: str = WAITING
    fraction: float = 0.0
    message: str = ""
    partial: Any = None
    result: Any = None
    error: str = ""
    began: float = 0.0
    _payload: bytes = field(default=b"", repr=False)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)
    _leave: Callable[..., None] = field(default=lambda job: None, repr=False)

    def stop(self) -> None:
        """End it: a waiting job leaves the line at once, a running one is asked to."""
        self._stop.set()
        self._leave(self)

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
        return not self._ended.is_set()

    def seconds_left(self) -> float | None:
        """An estimate from the progress so far; ``None`` while there is too little of it."""
        if self.state != RUNNING or self.fraction < 0.05:
            return None
        spent = time.monotonic() - self.began
        return spent * (1 - self.fraction) / self.fraction

    def _end(self, state: str, result: Any = None, error: str = "") -> None:
        self.result, self.error, self.state = result, error, state
        self._ended.set()


def _always(owner: str) -> bool:
    return True


class Jobs:
    """The line, the thread that serves it, and the worker process, started on first use.

    Parameters
    ----------
    present : callable, optional
        Whether an owner is still there; jobs of one who is gone for ``GRACE`` seconds are stopped.
    idle : float
        Seconds without a job after which the worker is ended.
    """

    def __init__(self, present: Callable[[str], bool] = _always, idle: float = IDLE) -> None:
        self._present, self._idle = present, idle
        self._seen: dict[str, float] = {}
        self._line: list[Job] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._worker: Worker | None = None

    def submit(self, work: Work, owner: str, **arguments: Any) -> Job:
        """Put work into the line. The owner's waiting job gives its place, a running one stops.

        Parameters
        ----------
        work : callable
            ``work(report, should_stop, **arguments)``, found by its module and name.
        owner : str
            Who asks.
        **arguments
            Plain data.

        Returns
        -------
        Job
            To be polled.

        Raises
        ------
        Full
            If ``MAX_WAITING`` jobs wait or run already.
        """
        payload = pickle.dumps((work, arguments))
        job = Job(owner, arguments, _payload=payload, _leave=self._remove)
        with self._changed:
            mine = [j for j in self._line if j.owner == owner]
            waiting = [j for j in mine if j.state == WAITING]
            if not waiting and len(self._line) >= MAX_WAITING:
                raise Full(f"{len(self._line)} jobs wait or run; at most {MAX_WAITING} may")
            self._line.insert(self._line.index(waiting[0]) if waiting else len(self._line), job)
            for other in mine:
                other.stop()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, daemon=True, name="jobs")
                self._thread.start()
            self._changed.notify()
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
        with self._changed:
            return self._line.index(job) if job in self._line else 0

    def _remove(self, job: Job) -> None:
        with self._changed:
            if job.state == WAITING and job in self._line:
                self._line.remove(job)
                job._end(STOPPED)

    def _serve(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._line, self._idle):
                    self._end_worker()
                    self._changed.wait_for(lambda: self._line)
                job = self._line[0]
                job.state, job.began = RUNNING, time.monotonic()
            try:
                state, result, error = self._run(job)
            except Exception as wrong:  # a worker that died, mostly; the line outlives any job
                status = self._end_worker()
                state, result, error = FAILED, None, f"the worker ended with {status}: {wrong!r}"
            if error:
                _log.error("a job failed\n%s", error)
            with self._changed:
                self._line.remove(job)
                job._end(state, result, error)

    def _run(self, job: Job) -> tuple[str, Any, str]:
        if self._worker is None or not self._worker.alive:
            self._end_worker()
            self._worker = Worker()
        worker, sent = self._worker, False
        asked: float | None = None
        while True:
            if worker.ready and not sent:
                worker.send("job", job._payload)
                sent = True
            if job._stop.is_set():
                if not sent:
                    return STOPPED, None, ""
                if asked is None:
                    asked = time.monotonic()
                    worker.send("stop")
                elif time.monotonic() - asked > PATIENCE:
                    self._end_worker()
                    return STOPPED, None, ""
            self._dismiss_absent()
            match worker.receive(POLL):
                case ("ready",):
                    worker.ready = True
                case ("began",):
                    job.began = time.monotonic()
                case ("report", fraction, message, partial):
                    job.fraction, job.message = min(1.0, max(0.0, fraction)), message
                    job.partial = job.partial if partial is None else partial
                case ("done", result):
                    job.fraction = 1.0
                    return (DONE if asked is None else STOPPED), result, ""
                case ("failed", error):
                    return FAILED, None, error

    def _end_worker(self) -> int | None:
        worker, self._worker = self._worker, None
        return worker.end() if worker else None

    def _dismiss_absent(self) -> None:
        now = time.monotonic()
        with self._changed:
            line = list(self._line)
        self._seen = {
            j.owner: now if self._present(j.owner) else self._seen.get(j.owner, now) for j in line
        }
        for job in line:
            if now - self._seen[job.owner] > GRACE:
                job.stop()
