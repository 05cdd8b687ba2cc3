"""A listing run in a process of its own, without a network."""

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_BOUNDS = (0.1, 600.0)


MAX_LINE = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of one listing.

    Parameters
    ----------
    status : int
        Exit status; −1 where it was stopped after the time allowed.
    exception : str
        Type of the exception that ended it, "" where there was none, "Timeout" where stopped.
    last_line : str
        The interpreter's last line on that exception, at most 200 characters.
    shapes : list of list of int
        Shapes that it printed.
    seconds : float
        Wall time, start of the interpreter and import of torch included.
    """

    status: int
    exception: str
    last_line: str
    shapes: list[list[int]]
    seconds: float

    @property
    def ran(self) -> bool:
        """Whether it came to its end."""
        return self.status == 0


@functools.cache
def without_network() -> tuple[str, ...]:
    """The command that runs another one without network.

    Returns
    -------
    tuple of str
        Empty where the system does not let us.
    """
    tool = shutil.which("unshare")
    if tool is None:
        return ()
    command = (tool, "--map-root-user", "--net")
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if tried.returncode == 0 else ()


def execute(arguments: list[str], timeout: float, folder: str) -> tuple[int, str, str, float]:
    """Exit status (−1 after the time allowed), stdout, stderr, seconds of one fresh interpreter."""
    if not TIMEOUT_BOUNDS[0] <= timeout <= TIMEOUT_BOUNDS[1]:
        raise ValueError(f"timeout is {timeout}; it must be in {list(TIMEOUT_BOUNDS)} seconds")
    environment = {"PATH": os.defpath, "HOME": folder, "OMP_NUM_THREADS": "1"}
    environment["PYTHONIOENCODING"] = "utf-8"
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [*without_network(), sys.executable, "-I", *arguments],
            capture_output=True,
            timeout=timeout,
            cwd=folder,
            env=environment,
            check=False,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return -1, "", "", time.perf_counter() - start
    return done.returncode, done.stdout, done.stderr, time.perf_counter() - start


def exception_of(status: int, err: str) -> tuple[str, str]:
    """Type and last line of the exception that ended an interpreter."""
    last = err.strip().splitlines()[-1] if status and err.strip() else ""
    kind = re.match(r"[A-Za-z_.]+", last)
    name = kind.group().split(".")[-1] if kind else ""
    return "Timeout" if status == -1 else name, last[:MAX_LINE]


def run_listing(code: str, timeout: float = 120.0) -> Outcome:
    """Run one listing in a fresh interpreter (``-I``: no path or setting of ours reaches it).

    Parameters
    ----------
    code : str
        Python source.
    timeout : float
        Seconds allowed, in [0.1, 600].

    Returns
    -------
    Outcome
        How it ended.

    Raises
    ------
    ValueError
        If ``timeout`` is out of its bound.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "listing.py"
        path.write_text(code, encoding="utf-8")
        status, out, err, seconds = execute([str(path)], timeout, folder)
    shapes = [
        [int(n) for n in re.findall(r"\d+", size)]
        for size in re.findall(r"torch\.Size\(\[([\d, ]*)\]\)", out)
    ]
    exception, last = exception_of(status, err)
    return Outcome(status, exception, last, shapes, round(seconds, 2))
