"""Jobs for tests of jobs; the worker process imports this module."""

import os
import sys
import time
from pathlib import Path

import torch


def answer(report, should_stop, value=42):
    report(0.5, "half")
    return value


def until_stopped(report, should_stop):
    report(0.1, "going", ["so far"])
    while not should_stop():
        time.sleep(0.005)
    return "so far"


def deaf(report, should_stop):
    report(0.1, "going", ["partial"])
    time.sleep(600)


def until_file(report, should_stop, path):
    while not Path(path).exists() and not should_stop():
        time.sleep(0.005)
    return "released"


def bad(report, should_stop):
    return 1 / 0


def crash(report, should_stop):
    os._exit(3)


def unreturnable(report, should_stop):
    return lambda: None


def curve(report, should_stop, seed):
    """A net trained for a moment; its first weights come from torch's global generator."""
    net = torch.nn.Linear(8, 1)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    losses = []
    for step in range(20):
        x = torch.randn(32, 8, generator=generator)
        loss = ((net(x)[:, 0] - x[:, 0]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        report((step + 1) / 20, "training", list(losses))
    return losses


def surroundings(report, should_stop):
    print("a job may print")  # noqa: T201 (that it may is what is tested)
    return {
        "pid": os.getpid(),
        "nice": os.nice(0),
        "threads": torch.get_num_threads(),
        "streamlit": "streamlit" in sys.modules,
        "main": sys.modules["__main__"].__spec__.name,
    }
