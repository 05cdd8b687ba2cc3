"""Every claim's verdict, as text: ``python -m attn_core.evidence.ledger``."""

import sys

from attn_core.evidence import files, verdicts


def table() -> str:
    """All claims on file with their verdicts, as text for a terminal.

    Returns
    -------
    str
        A heading and one line for each condition; effects and intervals as the rule computed them.
    """
    rows: list[tuple[str, ...]] = [
        ("claim", "verdict", "condition", "of it", "effect", "95 % interval", "counts from")
    ]
    for claim in files.load_all():
        found = verdicts.verdict(claim)
        rows.append((claim.id, found.name, *[""] * 5))
        parts = ((claim.measure, found.conditions, ""), (claim.right, found.right, "right: "))
        for measure, results, label in parts:
            if measure is None:
                continue
            for r in results:
                span = f"[{r.low:.4g}, {r.high:.4g}]"
                bound, effect = f"{measure.smallest_effect:g}", f"{r.effect:.4g}"
                if r.n_seeds == 0:
                    span = effect = ""
                rows.append(("", "", label + r.key, r.verdict, effect, span, bound))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
