"""The process that does long work: started with ``python -m attn_core.jobs.worker <descriptor>``.

Parent and worker speak over one socket. Down: ``("job", payload)`` and ``("stop",)``. Up:
``("ready",)``, ``("began",)``, ``("report", fraction, message, partial)``, ``("done", result)``,
``("failed", traceback)``. When the parent ends, the socket does, and the worker with it.
"""

import os
import pickle
import queue
import random
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


NICENESS = 10
SECONDS_BETWEEN_REPORTS = 0.1

Message = tuple[Any, ...]


class Worker:
    """The parent's end: a process of its own, at low priority, with one torch thread."""

    def __init__(self) -> None:
        self.ready = False
        self._pipe, theirs = Pipe()
        paths = [str(ROOT), *(p for p in sys.path if p)]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "attn_core.jobs.worker", str(theirs.fileno())],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is the server's; the closing socket is ours
            )

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def send(self, *message: Any) -> None:
        """Tell it something.

        Parameters
        ----------
        *message
            ``"job", payload`` or ``"stop"``.

        Raises
        ------
        OSError
            If it has ended.
        """
        self._pipe.send(message)

    def receive(self, seconds: float) -> Message | None:
        """What it says next.

        Parameters
        ----------
        seconds : float
            Wait at most so long.

        Returns
        -------
        tuple or None
            A message as listed above, or nothing yet.

        Raises
        ------
        EOFError, OSError
            If it has ended.
        """
        return self._pipe.recv() if self._pipe.poll(seconds) else None

    def end(self) -> int:
        """Kill it.

        Returns
        -------
        int
            Its exit status, negative for the signal that ended it.
        """
        self._process.kill()
        status = self._process.wait()
        self._pipe.close()
        return status


def _listen(pipe: Connection, waiting: queue.SimpleQueue[tuple[bytes, threading.Event]]) -> None:
    stop = threading.Event()
    try:
        while True:
            match pipe.recv():
                case ("job", payload):
                    stop = threading.Event()
                    waiting.put((payload, stop))
                case _:
                    stop.set()
    except (EOFError, OSError):
        os._exit(0)  # nobody is left to work for


def _do(payload: bytes, should_stop: Callable[[], bool], send: Callable[[Message], None]) -> None:
    # Only our own parent holds the other end of this unnamed socket, and a learner's words are
    # arguments in it, never the function.
    work, arguments = pickle.loads(payload)
    send(("began",))
    sent, held = 0.0, None

    def report(fraction: float, message: str, partial: Any = None) -> None:
        nonlocal sent, held
        held = ("report", fraction, message, partial)
        if time.monotonic() - sent >= SECONDS_BETWEEN_REPORTS:
            send(held)
            sent, held = time.monotonic(), None

    result = work(report, should_stop, **arguments)
    if held is not None:
        send(held)
    send(("done", result))


def main(descriptor: int) -> None:
    """Work until the parent is gone.

    Parameters
    ----------
    descriptor : int
        Of the worker's end of the socket.
    """
    pipe = Connection(descriptor)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    waiting: queue.SimpleQueue[tuple[bytes, threading.Event]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, waiting), daemon=True).start()
    import torch

    torch.set_num_threads(1)
    pipe.send(("ready",))
    while True:
        payload, stop = waiting.get()
        # The same job gives the same numbers, whatever ran here before.
        random.seed(0)
        torch.manual_seed(0)
        try:
            _do(payload, stop.is_set, pipe.send)
        except Exception:  # the worker outlives any job
            pipe.send(("failed", traceback.format_exc()))


if __name__ == "__main__":
    main(int(sys.argv[1]))
