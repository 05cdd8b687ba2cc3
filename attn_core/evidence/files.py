"""Reading, checking and writing the files of ``assets/claims``."""

import json
import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import fields as fields_of
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attn_core.evidence.claims import Claim, Condition, Measure, Numbers
from attn_core.places import ASSETS

SAMPLES = ASSETS / "samples"
"""Examples, and what was recorded of them."""
DIRECTORY = ASSETS / "claims"
MANIFESTS = ASSETS / "checkpoints"
MAX_BYTES = 100_000


def _numbers(value: Any, where: str) -> Numbers:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {value!r}; it must be an object of seed: number")
    for number in value.values():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"{where} has {number!r}; it must be a number")
    return tuple(sorted((seed, float(number)) for seed, number in value.items()))


def _fields(value: Any, cls: type[Claim | Measure | Condition], where: str) -> dict[str, Any]:
    """An object's fields, none of them unknown to the dataclass and none that it needs missing."""
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {value!r}; it must be an object")
    known = [field.name for field in fields_of(cls)]
    if unknown := set(value) - set(known):
        raise ValueError(f"{where} has {sorted(unknown)}; it may have {sorted(known)}")
    return dict(value)


def _condition(value: Any, where: str) -> Condition:
    fields = _fields(value, Condition, where)
    where = f"{where} {fields.get('key')!r}"
    for name in ("values", "baseline"):
        fields[name] = _numbers(fields.get(name, {}), f"{where}: {name}")
    fields["lessons"] = tuple(fields.get("lessons", ()))
    fields.setdefault("n", 0)
    return Condition(**fields)


def _measure(value: Any, where: str) -> Measure | None:
    if value is None:
        return None
    fields = _fields(value, Measure, where)
    fields["conditions"] = tuple(_condition(c, where) for c in fields.get("conditions", ()))
    return Measure(**fields)


def parse(text: str) -> Claim:
    """A claim from its file's text, fully checked.

    Parameters
    ----------
    text : str
        JSON object with the fields of ``Claim``; values by seed: ``{seed: number}``.

    Returns
    -------
    Claim
        The claim.

    Raises
    ------
    ValueError
        If the text is no such object, has a field too many or too few, or a value out of bounds.

    Examples
    --------
    >>> parse('{"id": "1.d", "lesson": "1", "kind": "not_tested"}').measure is None
    True
    """
    if len(text.encode()) > MAX_BYTES:
        raise ValueError(f"the claim has {len(text.encode())} bytes; at most {MAX_BYTES} are read")

    def refuse(name: str) -> None:
        raise ValueError(f"the claim has a number {name}; it must be finite")

    fields = _fields(json.loads(text, parse_constant=refuse), Claim, "claim")
    for name in ("measure", "right"):
        fields[name] = _measure(fields.get(name), name)
    fields["recorded"] = tuple(sorted(fields.get("recorded", {}).items()))
    fields = {"command": "", "source": "recorded"} | fields
    try:
        return Claim(**fields)
    except TypeError as error:  # a field that Claim needs is missing
        raise ValueError(f"the claim lacks a field: {error}") from error


def dump(claim: Claim) -> str:
    """The inverse of ``parse``.

    Parameters
    ----------
    claim : Claim
        The claim.

    Returns
    -------
    str
        JSON with a final newline; fields at their default are left out.

    Examples
    --------
    >>> parse(dump(parse('{"id": "1.d", "lesson": "1", "kind": "not_tested"}'))).id
    '1.d'
    """

    def plain(value: Any) -> Any:
        out: dict[str, Any] = {}
        for name, field in ((f.name, f) for f in fields_of(value)):
            item = getattr(value, name)
            if item is None or item == field.default or item == ():
                continue
            if name in ("values", "baseline", "recorded"):
                item = dict(item)
            elif name == "conditions":
                item = [plain(c) for c in item]
            elif isinstance(item, Measure):
                item = plain(item)
            out[name] = item
        return out

    return json.dumps(plain(claim), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write(claim: Claim, directory: Path = DIRECTORY) -> Path:
    """Write a claim to its file.

    Parameters
    ----------
    claim : Claim
        The claim.
    directory : Path
        Where; made if it is not there.

    Returns
    -------
    Path
        ``<directory>/<id>.json``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{claim.id}.json"
    path.write_text(dump(claim), encoding="utf-8")
    return path


def provenance(**more: str) -> tuple[tuple[str, str], ...]:
    """What a recorded run says of itself: date, Python, machine, and what the caller adds.

    Parameters
    ----------
    **more : str
        Further entries, such as ``torch``.

    Returns
    -------
    tuple of (name, value)
        Sorted by name; the date is UTC.
    """
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    return tuple(sorted((found | more).items()))


def read_manifests(directory: Path = MANIFESTS) -> list[dict[str, Any]]:
    """All checkpoint manifests.

    Parameters
    ----------
    directory : Path
        Where they are.

    Returns
    -------
    list of dict
        As in their files, sorted by file name.
    """
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted(directory.glob("*.json"))]


def covered(condition: Condition, manifests: Iterable[Mapping[str, Any]]) -> Condition:
    """A condition of kind "coverage" with the values that the manifests have for it.

    Parameters
    ----------
    condition : Condition
        Names the metric and the lessons that would show it.
    manifests : iterable of mapping
        Checkpoint manifests.

    Returns
    -------
    Condition
        With one value for each checkpoint of one of the lessons that has the metric and a baseline.
    """
    values, baseline, n = [], [], 0
    for manifest in manifests:
        of = manifest.get("lesson", [])
        of = [of] if isinstance(of, str) else of
        metric = manifest.get("metrics", {}).get(condition.metric)
        if metric is None or metric.get("baseline") is None:
            continue
        if set(of) & set(condition.lessons):
            values.append((manifest["id"], float(metric["value"])))
            baseline.append((manifest["id"], float(metric["baseline"])))
            n = max(n, int(metric.get("n", 0)))
    return replace(condition, values=tuple(values), baseline=tuple(baseline), n=n)


def load(
    claim_id: str, directory: Path = DIRECTORY, manifests: Iterable[Mapping[str, Any]] | None = None
) -> Claim:
    """One claim from its file; kind "coverage" is filled from the manifests.

    Parameters
    ----------
    claim_id : str
        "3.2.a".
    directory : Path
        Where the files are.
    manifests : iterable of mapping, optional
        Checkpoint manifests; ``None`` reads those of ``assets/checkpoints`` where they are needed.

    Returns
    -------
    Claim
        Checked.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file's id is not its name, or as in ``parse``.
    """
    claim = parse((directory / f"{claim_id}.json").read_text(encoding="utf-8"))
    if claim.id != claim_id:
        raise ValueError(f"id is {claim.id!r}; the file's name says {claim_id!r}")
    if claim.kind != "coverage" or claim.measure is None:
        return claim
    manifests = read_manifests() if manifests is None else list(manifests)
    filled = tuple(covered(c, manifests) for c in claim.measure.conditions)
    return replace(claim, measure=replace(claim.measure, conditions=filled))


def load_all(directory: Path = DIRECTORY) -> list[Claim]:
    """All claims on file, in the document's order, listings last.

    Parameters
    ----------
    directory : Path
        Where the files are.

    Returns
    -------
    list of Claim
        Sorted.
    """

    def order(claim: Claim) -> tuple[bool, float, str]:
        listing = claim.id.startswith("L")
        return (listing, math.inf if not listing else int(claim.id[1:]), claim.id)

    return sorted((load(p.stem, directory) for p in directory.glob("*.json")), key=order)
