"""What learners sent, kept in memory for a while, by digest."""

import threading
from collections import OrderedDict
from typing import Generic, Protocol, TypeVar, runtime_checkable


@runtime_checkable
class Keepable(Protocol):
    """Something with a name and a size."""

    @property
    def name(self) -> str:
        """Its digest."""

    @property
    def n_bytes(self) -> int:
        """What keeping it costs."""


T = TypeVar("T", bound=Keepable)


class Kept(Generic[T]):
    """The last things that were sent; thread-safe; bounded by their bytes.

    Parameters
    ----------
    max_bytes : int
        Of all together; the oldest go first, the last one stays.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._items: OrderedDict[str, T] = OrderedDict()
        self._total = 0
        self._lock = threading.Lock()

    def put(self, item: T) -> None:
        """Keep one, and let old ones go.

        Parameters
        ----------
        item : Keepable
            Never changed from now on.
        """
        with self._lock:
            if item.name in self._items:
                self._items.move_to_end(item.name)
                return
            self._items[item.name] = item
            self._total += item.n_bytes
            while len(self._items) > 1 and self._total > self._max_bytes:
                _, old = self._items.popitem(last=False)
                self._total -= old.n_bytes

    def get(self, name: str) -> T | None:
        """One that is still kept.

        Parameters
        ----------
        name : str
            Its digest.

        Returns
        -------
        Keepable or None
            ``None`` if it is gone.
        """
        with self._lock:
            if name in self._items:
                self._items.move_to_end(name)
            return self._items.get(name)
