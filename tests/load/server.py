"""A real server for load tests and benchmarks: ``streamlit run`` in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Server:
    """A running server: its port, process id, and seconds from start to its first answer."""

    port: int
    pid: int
    started_s: float

    @property
    def url(self) -> str:
        """Where browsers go."""
        return f"http://127.0.0.1:{self.port}"

    def rss_mb(self) -> float:
        """Memory that the process holds now, in MB (10⁶ bytes)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        (line,) = [x for x in status.splitlines() if x.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024 / 1e6

    def cpu_ms(self) -> float:
        """Processor time that the process has used so far, in ms, ended threads' with it."""
        clock = (~self.pid << 3) | 2  # what clock_getcpuclockid answers on Linux
        return 1000 * time.clock_gettime(clock)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def serving(script: str = "app.py", timeout: float = 90) -> Iterator[Server]:
    """A fresh server of a script, stopped at the end whatever happens.

    Every script runs from the project's root, so all share ``.streamlit/config.toml``.
    """
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        script,
        "--server.port",
        str(port),
        "--server.address",
        "127.0.0.1",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            while not _answers(port):
                if process.poll() is not None or time.perf_counter() - began > timeout:
                    log.seek(0)
                    raise RuntimeError(f"{script} does not serve:\n{log.read().decode()[-4000:]}")
                time.sleep(0.05)
            yield Server(port, process.pid, time.perf_counter() - began)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(8)
