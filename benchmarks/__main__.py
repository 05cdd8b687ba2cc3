"""``python -m benchmarks [name …]``: run benchmarks, print a line each, merge into results.json."""

import argparse
import datetime
import importlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")
AIMS = Path(__file__).with_name("aims.json")
"""The most that each result may be."""
NAMES = (
    "turns",
    "load_all",
    "load",
    "slider",
    "first_paint",
    "viewer_bytes",
    "viewer_4096",
    "memory",
    "minilm",
    "transformer",
    "incremental",
    "photographs",
    "speech",
    "recommendation",
    "video",
    "bioinformatics",
    "messages",
)
BY_NAME = ("soak", "two_processes")
"""Only when asked for: an hour, and more learners than a small machine has room for."""


def machine() -> str:
    """Processor, cores, memory and versions, in one line."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, "
        f"{gigabytes:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def write(results: dict[str, float], load: dict[str, list[float]]) -> None:
    """Merge into results.json; what was not run keeps its last value."""
    kept: dict[str, Any] = {}
    if RESULTS.exists():
        kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    whole = {
        "machine": machine(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "results": dict(sorted({**kept.get("results", {}), **results}.items())),
        "load_average": dict(sorted({**kept.get("load_average", {}), **load}.items())),
    }
    RESULTS.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def missed(results: dict[str, float]) -> list[str]:
    """One line for each aim that is missed, and one for those that nothing measured yet."""
    aims: dict[str, float] = json.loads(AIMS.read_text(encoding="utf-8"))
    lines = [
        f"missed: {name} {results[name]:g}, aim {aim:g}"
        for name, aim in aims.items()
        if name in results and results[name] > aim
    ]
    unmeasured = [name for name in aims if name not in results]
    if unmeasured:
        lines.append(f"not measured: {', '.join(unmeasured)}")
    return lines or ["every aim is met"]


def main() -> int:
    """Run what was asked for; a benchmark that fails does not stop the rest."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        help=f"of {', '.join(NAMES)}; all of these if none is given; or {', '.join(BY_NAME)}",
    )
    names = parser.parse_args().names or list(NAMES)
    unknown = sorted(set(names) - {*NAMES, *BY_NAME})
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}")
    failed = []
    for name in names:
        before = round(os.getloadavg()[0], 2)
        print(f"# {name}, load {before:g}", flush=True)
        results = {}
        try:
            for key, value, unit in importlib.import_module(f"benchmarks.{name}").measure():
                results[key] = float(f"{value:.4g}")
                print(f"{key} {results[key]:g} {unit}", flush=True)
        except Exception as error:  # noqa: BLE001 (the others are still worth their time)
            failed.append(name)
            print(f"{name} failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        write(results, {name: [before, round(os.getloadavg()[0], 2)]} if results else {})
    whole = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for line in missed(whole.get("results", {})):
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
