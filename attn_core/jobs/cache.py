"""What was computed and may be asked for again: bounded by its bytes, and made once.

One learner's answer is the next one's: forty who open the same example share one run. Where several
ask for the same thing at the same time, one makes it and the others wait for it.
"""

import functools
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
import torch

P = ParamSpec("P")
T = TypeVar("T")
_NUMBERS = (int, float, bool)


def size_of(value: Any) -> int:
    """Bytes that a value holds: arrays exactly, the rest as the interpreter counts it.

    Of a view it is what the view keeps alive, each memory once.

    Parameters
    ----------
    value : Any
        Arrays, tensors, texts, and containers, data classes and results that hold such.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> size_of(np.zeros(1000)) >= 8000
    True
    """
    return _size(value, set())


def _size(value: Any, seen: set[int]) -> int:
    if isinstance(value, torch.Tensor):
        try:
            storage = value.untyped_storage()
            return 64 + _once(storage.data_ptr(), storage.nbytes(), seen)
        except RuntimeError:  # a tensor of another kind, whose memory is not to be seen
            return 64 + _once(id(value), value.numel() * value.element_size(), seen)
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        return 64 + _once(id(value), int(value.nbytes), seen)
    if isinstance(value, str | bytes):
        return sys.getsizeof(value)
    if isinstance(value, Mapping):
        return 64 + sum(_size(k, seen) + _size(v, seen) for k, v in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        if all(type(each) in _NUMBERS for each in value):
            return 56 + 40 * len(value)  # a reference and a number each
        return 56 + sum(_size(each, seen) for each in value)
    held = getattr(value, "__dict__", None)
    if held is None and hasattr(type(value), "__slots__"):
        held = {name: getattr(value, name, None) for name in type(value).__slots__}
    return sys.getsizeof(value) + (_size(held, seen) if held else 0)


def _once(memory: int, size: int, seen: set[int]) -> int:
    if memory in seen:
        return 0
    seen.add(memory)
    return size


class Keep:
    """The last values by key; thread-safe.

    Parameters
    ----------
    name : str
        Of what is kept.
    max_bytes : int
        Above it the values that were not asked for longest go.
    """

    def __init__(self, name: str, max_bytes: int) -> None:
        self.name, self.max_bytes = name, max_bytes
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Event] = {}
        self._total = 0
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes that are kept now."""
        return self._total

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable) -> Any:
        """What is kept under a key, or ``None``."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under a key; it is made by one caller while the others wait.

        Parameters
        ----------
        key : hashable
            Everything that the value depends on.
        make : callable
            Answers the value, never ``None``. What it raises is raised here, and nothing is kept.

        Returns
        -------
        Any
            The value; shared, so never change it.
        """
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return cast(T, self._kept[key][0])
                waited = self._making.get(key)
                if waited is None:
                    self._making[key] = threading.Event()
                    break
            waited.wait()
        try:
            value = make()
            self._put(key, value)
        finally:
            with self._lock:
                self._making.pop(key).set()
        return value

    def _put(self, key: Hashable, value: Any) -> None:
        size = size_of(value)
        with self._lock:
            self._kept[key] = value, size
            self._total += size
            while self._total > self.max_bytes and len(self._kept) > 1:
                self._total -= self._kept.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            self._kept.clear()
            self._total = 0


def kept(max_bytes: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function answers by its arguments.

    Parameters
    ----------
    max_bytes : int
        Bound of all that is kept of this function.

    Returns
    -------
    callable
        A decorator; the function's arguments must be hashable, and its answers are shared.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        keep = Keep(f"{function.__module__}.{function.__name__}", max_bytes)

        @functools.wraps(function)
        def found(*args: P.args, **kwargs: P.kwargs) -> T:
            key = (args, tuple(sorted(kwargs.items())))
            return keep.get(key, lambda: function(*args, **kwargs))

        return found

    return decorate
