"""Run the document's listings as printed: ``python -m attn_core.listings.run DOCUMENT``.

Options: ``--out assets/listings/recorded.json --claims assets/claims``. This executes the code of
the file it is given: give it only one that you have read. Each listing runs in a fresh process, in
an empty folder, without network where the system lets us take it away, and for a bounded time. What
is kept are numbers, exception types, the interpreter's last line and our own keys: no text and no
code of the document.
"""

import argparse
import ast
import hashlib
import json
import re
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from attn_core.evidence.files import provenance
from attn_core.listings.execute import Outcome, exception_of, execute, run_listing, without_network

PROBES = Path(__file__).with_name("probes.py")
EARLIER = {"L5": "L4", "L9": "L8"}


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
        status, out, err, _ = execute(arguments, timeout, folder)
    if status:
        return {"failed": exception_of(status, err)[0]}
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
