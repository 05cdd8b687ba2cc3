"""One lane for turns: first come, first served.

Forty threads that share one interpreter's lock all end together, late, and starve the event loop
that has to send what the first have done. One after the other, each waits only for those before it.
"""

import threading
from collections import deque
from types import TracebackType


class Lane:
    """Lets turns through one at a time, in the order in which they came.

    A lock would not do: it wakes any of those who wait.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


TURNS = Lane()
