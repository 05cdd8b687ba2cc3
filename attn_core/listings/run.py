"""Run the document's listings as printed: ``python -m attn_core.listings.run DOCUMENT``.

Options: ``--out assets/listings/recorded.json --claims assets/claims``. This executes the code of
the file it is given: give it only one that you have read. Each listing runs in a fresh process, in
an empty folder, without network where the system lets us take it away, and for a bounded time. What
is kept are numbers, exception types, the interpreter's last line and our own keys: no text and no
code of the document.
"""

import argparse
import ast
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from attn_core.evidence.files import provenance

PROBES = Path(__file__).with_name("probes.py")
EARLIER = {"L5": "L4", "L9": "L8"}
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


def extract(text: str) -> list[str]:
    r"""The fenced Python blocks of a Markdown text, in order.

    Parameters
    ----------
    text : str
        Markdown.

    Returns
    -------
    list of str
        Code, each ending in a line feed.

    Examples
    --------
    >>> extract("a\n```python\nx = 1\n```\nb")
    ['x = 1\n']
    """
    return re.findall(r"^```python[ \t]*\n(.*?)^```[ \t]*$", text, flags=re.M | re.S)


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


def _execute(arguments: list[str], timeout: float, folder: str) -> tuple[int, str, str, float]:
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


def _exception(status: int, err: str) -> tuple[str, str]:
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
        status, out, err, seconds = _execute([str(path)], timeout, folder)
    shapes = [
        [int(n) for n in re.findall(r"\d+", size)]
        for size in re.findall(r"torch\.Size\(\[([\d, ]*)\]\)", out)
    ]
    exception, last = _exception(status, err)
    return Outcome(status, exception, last, shapes, round(seconds, 2))


def repair(code: str, outcome: Outcome) -> tuple[str, str, str]:
    r"""The smallest change that says whether an import was all that was wrong.

    Parameters
    ----------
    code : str
        As printed.
    outcome : Outcome
        How it ended.

    Returns
    -------
    code, kind, name : str
        Changed code; "added_import" where a standard module was used without its import,
        "removed_unused_import" where a module that is not installed is imported and never used, ""
        where there was nothing to try; and the module's name.

    Examples
    --------
    >>> repair("math.pi", Outcome(1, "NameError", "NameError: name 'math' is not defined", [], 0))
    ('import math\nmath.pi', 'added_import', 'math')
    """
    undefined = re.match(r"NameError: name '(\w+)' is not defined", outcome.last_line)
    if undefined and undefined.group(1) in sys.stdlib_module_names:
        return f"import {undefined.group(1)}\n{code}", "added_import", undefined.group(1)
    missing = re.match(r"ModuleNotFoundError: No module named '(\w+)", outcome.last_line)
    if not missing:
        return code, "", ""
    tree = ast.parse(code)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    drop = set()
    for node in tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        source = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        bound = {(a.asname or a.name).split(".")[0] for a in node.names}
        if (source or "").split(".")[0] == missing.group(1) and not bound & used:
            drop |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    if not drop:
        return code, "", ""
    kept = [line for i, line in enumerate(code.splitlines(True), 1) if i not in drop]
    return "".join(kept), "removed_unused_import", missing.group(1)


def run_probe(listing: str, codes: dict[str, str], timeout: float = 300.0) -> dict[str, Any]:
    """What a listing computes, in a fresh interpreter.

    Parameters
    ----------
    listing : str
        "L4".
    codes : dict of str
        Code by listing, repaired where that was needed.
    timeout : float
        Seconds allowed.

    Returns
    -------
    dict
        Numbers under our own keys; empty where there is nothing to probe; ``failed`` and the type
        of the exception where the probe itself did.
    """
    wanted = [listing] + [e for e in (EARLIER.get(listing),) if e in codes]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name in wanted:
            paths.append(Path(folder) / f"{name}.py")
            paths[-1].write_text(codes[name], encoding="utf-8")
        arguments = [str(PROBES), str(paths[0]), listing, *map(str, paths[1:])]
        status, out, err, _ = _execute(arguments, timeout, folder)
    if status:
        return {"failed": _exception(status, err)[0]}
    return json.loads(out)


def record(text: str, timeout: float = 120.0) -> dict[str, Any]:
    """Run and probe all listings of a document.

    Parameters
    ----------
    text : str
        Markdown; its Python blocks are L1, L2, … in order.
    timeout : float
        Seconds allowed to each.

    Returns
    -------
    dict
        What goes to ``recorded.json``: no text and no code of the document.
    """
    codes: dict[str, str] = {}
    rows = []
    for number, code in enumerate(extract(text), 1):
        name = f"L{number}"
        outcome = run_listing(code, timeout)
        row: dict[str, Any] = {"id": name, "as_printed": asdict(outcome)}
        changed, kind, module = ("", "", "") if outcome.ran else repair(code, outcome)
        if kind:
            again = run_listing(changed, timeout)
            row["repaired"] = {"kind": kind, "name": module, **asdict(again)}
        codes[name] = changed if kind else code
        row["probes"] = {} if outcome.exception == "Timeout" else run_probe(name, codes)
        rows.append(row)
    return {
        "command": "python -m attn_core.listings.run DOCUMENT",
        "document_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "network": "none" if without_network() else "as the system gives it",
        "timeout_seconds": timeout,
        "recorded": dict(provenance(torch=_torch_version())),
        "listings": rows,
    }


def _torch_version() -> str:
    import torch

    return torch.__version__


def main() -> None:
    """Run, write what was found, and the claims made from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("document", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--claims", type=Path)
    parser.add_argument("--timeout", type=float, default=120.0)
    args = parser.parse_args()
    found = record(args.document.read_text(encoding="utf-8"), args.timeout)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if args.claims:
        from attn_core.listings.claims import write_claims

        write_claims(found, args.claims)


if __name__ == "__main__":
    main()
