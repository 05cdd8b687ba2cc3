"""What is kept: bounded by its bytes, counted, made once however many ask."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from attn_core.contract.registry import LESSONS
from attn_core.contract.result import load_default
from attn_core.jobs.cache import Keep, kept, size_of
from pages.frame.lane import Lane


def test_bytes_are_counted_and_bounded():
    keep = Keep("try", 10_000)
    for i in range(20):
        keep.get(i, lambda: np.zeros(250))  # 2 000 bytes
    assert len(keep) == 4
    assert 4 * 2000 <= keep.held <= 10_000
    assert keep.find(19) is not None
    assert keep.find(0) is None
    keep.clear()
    assert (len(keep), keep.held) == (0, 0)


def test_a_view_counts_what_it_keeps_alive_and_each_memory_once():
    whole = torch.zeros(1000)
    assert 4000 <= size_of(whole[:1]) == size_of(whole[0].expand(10**6)) < 4100
    assert size_of([whole, whole[10:], whole.T]) < 4400
    assert size_of((1, whole)) >= 4000
    array = np.zeros(1000)
    assert 8000 <= size_of([array[:1], array[1:]]) < 8300


def test_what_was_asked_for_last_stays():
    keep = Keep("try", 4500)
    for i in (0, 1, 0, 2):
        keep.get(i, lambda: np.zeros(250))
    assert keep.find(0) is not None
    assert keep.find(1) is None


def test_one_value_that_is_too_large_is_kept_until_the_next():
    keep = Keep("try", 10)
    keep.get("large", lambda: np.zeros(99))
    assert keep.find("large") is not None
    keep.get("next", lambda: np.zeros(1))
    assert keep.find("large") is None


def test_a_result_counts_what_its_tensors_hold():
    result = load_default(LESSONS[0].slug)
    assert size_of(result) >= sum(t.weights.nbytes for t in result.traces.values())
    assert size_of({"a": [torch.zeros(100), "b"]}) > 400


def test_eight_who_ask_at_once_make_one_run():
    keep, made = Keep("try", 10_000), []

    def make():
        made.append(threading.get_ident())
        time.sleep(0.05)
        return "found"

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: keep.get("key", make), range(8))) == ["found"] * 8
    assert len(made) == 1


def test_what_fails_is_not_kept_and_the_next_makes_it():
    keep = Keep("try", 10_000)
    with pytest.raises(ZeroDivisionError):
        keep.get("key", lambda: 1 / 0)
    assert keep.get("key", lambda: 7) == 7


def test_a_kept_function_is_called_once_for_each_of_its_arguments():
    calls = []

    @kept(10_000)
    def double(x, times=2):
        calls.append(x)
        return x * times

    assert [double(2), double(2), double(2, times=3), double(3)] == [4, 4, 6, 6]
    assert calls == [2, 2, 3]


def test_a_lane_serves_who_came_first():
    lane, order, waiting = Lane(), [], []

    def turn(i):
        with lane:
            order.append(i)

    with lane:
        for i in range(20):
            waiting.append(threading.Thread(target=turn, args=(i,)))
            waiting[-1].start()
            while len(lane._waiting) <= i:
                time.sleep(0.001)
    for thread in waiting:
        thread.join()
    assert order == list(range(20))
    with lane:
        pass


def test_a_turn_that_fails_leaves_the_lane():
    lane = Lane()
    with pytest.raises(KeyboardInterrupt), lane:
        raise KeyboardInterrupt
    with lane:
        pass
