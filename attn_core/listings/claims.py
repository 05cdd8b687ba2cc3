"""Claims L1 to L10 from what was recorded of the listings: each runs and does what its text says.

``python -m attn_core.listings.claims --recorded assets/listings/recorded.json --out
assets/claims`` makes them again without the document.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import write

COMMAND = (
    "python -m attn_core.listings.run DOCUMENT --out assets/listings/recorded.json "
    "--claims assets/claims"
)
LESSON_OF = {
    "L1": "1", "L2": "2.1", "L3": "2.2", "L4": "2.3", "L5": "3.1",
    "L6": "3.2", "L7": "3.3", "L8": "4.1", "L9": "4.2", "L10": "5.3",
}  # fmt: skip
TOLERANCE = 2e-6
"""Largest |listing − torch| that counts as equal in float32, for values of unit variance."""

Check = tuple[str, str, float, bool]
"""Our key, the probe's key, the least that does what the text says, whether it is required."""

CHECKS: dict[str, tuple[Check, ...]] = {
    "L1": (("attends", "shapes_that_attend", 1, True),),
    "L2": (("attends", "shapes_that_attend", 1, True),),
    "L3": (
        ("shape_kept", "shape_kept", 1, True),
        ("codes_the_sequence", "differs_along_sequence", 1, True),
    ),
    "L4": (
        ("shape_kept", "shape_kept", 1, True),
        ("sees_its_sequence", "share_of_own_sequence_seen", 1, True),
    ),
    "L5": (
        ("shape_kept", "shape_kept", 1, True),
        ("sees_its_sequence", "share_of_own_sequence_seen", 1, True),
        ("incremental", "operations_of_its_own", 1, True),
    ),
    "L6": (
        ("equal_without_mask", "difference_without_mask", TOLERANCE, False),
        ("equal_with_mask", "difference_with_mask", TOLERANCE, False),
        ("finite_on_empty_row", "nan_on_empty_row", 0, False),
    ),
    "L7": (("other_positions", "other_positions_moved", 1, True),),
    "L8": (("other_places", "other_pixels_moved", 1, True),),
    "L9": (
        ("other_places", "other_pixels_moved", 1, True),
        ("boxes", "boxes", 1, True),
    ),
    "L10": (),
}
AT_MOST = ("difference_without_mask", "difference_with_mask", "nan_on_empty_row")


def listing_claim(row: dict[str, Any], recorded: dict[str, str]) -> Claim:
    """One listing's claim.

    Parameters
    ----------
    row : dict
        Its entry in ``recorded.json``.
    recorded : dict
        Versions, machine and date.

    Returns
    -------
    Claim
        Exact. It runs if it came to its end as printed, or once an import that it never uses and
        that is not installed here was taken away: that is this machine's lack, not the listing's.

    Raises
    ------
    KeyError
        If a probe's number is missing.
    """
    repaired = row.get("repaired", {})
    unused = repaired.get("kind") == "removed_unused_import"
    ran = row["as_printed"]["status"] == 0 or (unused and repaired["status"] == 0)

    def condition(key: str, value: float, bound: float, required: bool, better: str) -> Condition:
        one = (("recorded", float(value)),)
        return Condition(key, one, (("recorded", float(bound)),), 1, required, better)

    key = "runs_without_unused_import" if unused else "runs"
    conditions = [condition(key, float(ran), 1, True, "higher")]
    for ours, probe, bound, required in CHECKS[row["id"]]:
        better = "lower" if probe in AT_MOST else "higher"
        conditions.append(condition(ours, row["probes"][probe], bound, required, better))
    measure = Measure("check", "none", "higher", 0.0, tuple(conditions), spread="range")
    return Claim(
        row["id"],
        LESSON_OF[row["id"]],
        "exact",
        COMMAND,
        "recorded",
        measure,
        recorded=tuple(sorted(recorded.items())),
    )


def write_claims(found: dict[str, Any], directory: Path) -> list[Path]:
    """Write all listings' claims.

    Parameters
    ----------
    found : dict
        What ``listings.record`` returned.
    directory : Path
        Where the claims are.

    Returns
    -------
    list of Path
        The files, in the listings' order.

    Raises
    ------
    ValueError
        If there are not ten listings.
    """
    rows = found["listings"]
    if [row["id"] for row in rows] != list(LESSON_OF):
        raise ValueError(f"there are {len(rows)} listings; the document has {len(LESSON_OF)}")
    return [write(listing_claim(row, found["recorded"]), directory) for row in rows]


def main() -> None:
    """Read what was recorded and write the claims."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recorded", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    write_claims(json.loads(args.recorded.read_text(encoding="utf-8")), args.out)


if __name__ == "__main__":
    main()
