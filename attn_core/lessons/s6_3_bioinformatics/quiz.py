"""Lesson 6.3's guess, questions about the run on screen, and the challenge."""

from dataclasses import replace
from typing import Any

import numpy as np

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.lessons.s6_3_bioinformatics import drug, experiment, genome, protein, views
from attn_core.lessons.s6_3_bioinformatics.samples import text
from attn_core.models.drug_target import CROSS

GUESSES = ("attended", "other", "both", "neither")
ACT: dict[str, Any] = {"molecule": "genome"}
CLOSE = 4
"""Residues: a neighbour that is nearer than a turn of a helix is close."""
FAR = (5, 20)


def _of_genome(config: experiment.Config) -> experiment.Config:
    """The same, with the first model open."""
    return replace(config, model="genome", edits="")


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Mutate the letters that attention weighs most, and those that matter most one by one."""
    result = experiment.run(_of_genome(config), None, device)
    window, kind = result.details["window"], result.details["kind"]
    sets = {name: views.top(result, name) for name in views.ORDERS[:2]}
    windows = [views.swapped(window, places) for places in sets.values()]
    after = views.probability(windows, kind, device)
    others = {k: views.probability(windows, k, device) for k in genome.NAMES if k != kind}
    changed = [any(o[i] > after[i] for o in others.values()) for i in range(2)]
    names = [" ".join(result.keys[p] for p in sorted(places)) for places in sets.values()]
    return {
        "kind": f"s6_3.kind.{genome.NAMES[kind]}",
        "before": result.numbers[genome.NAMES[kind]],
        "attended": after[0],
        "mattered": after[1],
        "letters": names[0],
        "others": names[1],
        "n": len(sets["attention"]),
        "attended_changed": changed[0],
        "mattered_changed": changed[1],
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the mutations bear out."""
    attended, mattered = found["attended_changed"], found["mattered_changed"]
    if attended and mattered:
        return "both"
    return "attended" if attended else "other" if mattered else "neither"


def _where(result: LessonResult, opened: Selection) -> Question | None:
    """Which key gets the most weight in the open row."""
    weights = result.traces[opened.site].weights[0].float()
    head = min(opened.head, weights.shape[0] - 1)
    query = experiment.default_row(result) if opened.query is None else opened.query
    query = min(query, weights.shape[1] - 1)
    row = weights[head, query].numpy()
    queries, keys = result.names(opened.site)
    if not row.any() or len(row) < 8:
        return None
    best = int(row.argmax())
    far = [(best + step) % len(row) for step in (len(row) // 3, len(row) // 2, 3)]
    order = sorted(dict.fromkeys((best, *far)))
    names = tuple(f"{keys[i]} ({i + 1})" for i in order)
    row_name = queries[query]
    if row_name in genome.NAMES.values():
        row_name = f"s6_3.kind.{row_name}"
    values = {"row": row_name, "head": head + 1}
    return Question("s6_3.quiz.where", values, names, order.index(best))


def _matters(result: LessonResult) -> Question | None:
    """Which letter's mutation costs the most."""
    lost = np.array(result.details["lost"])
    best = int(lost.argmax())
    order = sorted({best, *views.top(result, "attention", 2), int(lost.argmin())})
    if len(order) < 3:
        return None
    names = tuple(result.keys[i] for i in order)
    kind = f"s6_3.kind.{genome.NAMES[result.details['kind']]}"
    values = {
        "kind": kind,
        "nats": f"{lost[best]:.1f}",
        "weight": f"{100 * result.details['weights'][best]:.1f}",
    }
    return Question("s6_3.quiz.matters", values, names, order.index(best))


def _rule(result: LessonResult) -> Question:
    """What the rule of two letters says of the open window."""
    kinds = tuple(genome.NAMES)
    window = result.details["window"]
    values = {"before": window[28:30], "after": window[30:32]}
    options = tuple(f"s6_3.kind.{genome.NAMES[k]}" for k in kinds)
    answer = kinds.index(result.details["rule"])
    return Question("s6_3.quiz.rule", values, options, answer, option_keys=True)


def _masked(config: experiment.Config, result: LessonResult, query: int, device: str) -> Question:
    """Whether the residue that matters most to one is itself, close or far."""
    found = views.protein_masked(config, query, device)
    place = found["places"][int(np.argmax(found["lost"]))]
    away = abs(place - query)
    answer = 0 if away == 0 else 1 if away <= CLOSE else 2
    values = {"residue": result.queries[query], "best": result.queries[place], "close": CLOSE}
    options = tuple(f"s6_3.quiz.masked.{name}" for name in ("itself", "close", "far"))
    return Question("s6_3.quiz.masked", values, options, answer, option_keys=True)


def _reach(result: LessonResult, opened: Selection) -> Question:
    """How far a head looks on the average."""
    weights = result.traces[opened.site].weights[0].float()
    head = min(opened.head, weights.shape[0] - 1)
    far = float(protein.reach(weights)[head])
    answer = sum(far >= bound for bound in FAR)
    values = {"head": head + 1, "far": f"{far:.1f}"}
    options = (f"< {FAR[0]}", f"{FAR[0]} – {FAR[1]}", f"> {FAR[1]}")
    return Question("s6_3.quiz.reach", values, options, answer)


def _motif(result: LessonResult) -> Question | None:
    """Whether the motifs get more weight than their share of the chain."""
    if not result.details["motifs"]:
        return None
    share, chance = result.numbers["motif_weight"], result.numbers["chance"]
    values = {"share": f"{100 * share:.1f}", "chance": f"{100 * chance:.1f}"}
    options = ("s6_3.quiz.motif.more", "s6_3.quiz.motif.less")
    return Question("s6_3.quiz.motif", values, options, int(share <= chance), option_keys=True)


def _strongest(config: experiment.Config, device: str) -> Question:
    """Which sample drug is estimated to bind this chain best."""
    names = experiment.SAMPLES["drug"][:4]
    drugs = {name: text("drug", name) for name in names}
    rows = drug.compared(drugs, experiment.given(config, "target"), device)
    values = {"pkd": f"{rows[0]['pkd']:.2f}"}
    options = tuple(f"s6_3.sample.{name}" for name in names)
    answer = names.index(rows[0]["name"])
    return Question("s6_3.quiz.strongest", values, options, answer, option_keys=True)


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    opened = selection or experiment.opened(result)
    made: list[Question | None] = [_where(result, opened)]
    if config.model == "genome":
        made += [_matters(result), _rule(result)]
    elif config.model == "protein":
        query = experiment.default_row(result) if opened.query is None else opened.query
        query = min(query, len(result.queries) - 1)
        made += [_masked(config, result, query, device), _reach(result, opened)]
    else:
        made += [_motif(result), _strongest(config, device)]
    return tuple(question for question in made if question is not None)


AWAY, HEAVY, HARDLY = 8, 2.0, 0.02
"""Places between two residues that are far from each other, equal shares of a segment that weighs
much, and pK_d by which an estimate hardly moves."""


def _one_key(changes: Intervention, site: str = "") -> int | None:
    """The key that was cut, where nothing else was changed."""
    if len(changes.tokens) != 1 or replace(changes, tokens=()):
        return None
    ((found, key),) = changes.tokens
    return key if site in ("", found) else None


def _far_key(changes: Intervention, result: LessonResult, before: LessonResult) -> Challenge:
    key = _one_key(changes)
    was, now = before.details["states"], result.details["states"]
    moved = [i for i, (a, b) in enumerate(zip(was, now, strict=True)) if a != b]
    far = [] if key is None else [i for i in moved if abs(i - key) > AWAY]
    values: dict[str, Any] = {"far": AWAY, "n": len(moved)}
    if far and key is not None:
        values |= {"key": result.keys[key], "residue": result.queries[far[0]]}
    return Challenge(
        "s6_3.challenge.protein", values, bool(far), 1.0 if far else 0.3 * (key is not None)
    )


def _heavy_segment(changes: Intervention, result: LessonResult, before: LessonResult) -> Challenge:
    weights = before.traces[CROSS].weights[0].float().mean((0, 1))
    key, share = _one_key(changes, CROSS), HEAVY / len(weights)
    moved = abs(result.numbers["pkd"] - before.numbers["pkd"])
    values = {
        "share": f"{100 * share:.1f}",
        "hardly": HARDLY,
        "weight": "–",
        "moved": f"{moved:.3f}",
    }
    if key is None:
        return Challenge("s6_3.challenge.drug", values | {"weight": "–"})
    values["weight"] = f"{100 * float(weights[key]):.1f}"
    heavy = float(weights[key]) >= share
    reached = heavy and moved < HARDLY
    progress = 1.0 if reached else 0.5 if heavy else 0.2
    return Challenge("s6_3.challenge.drug", values, reached, progress)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """What attention hardly weighs and yet decides, or weighs much and yet does not."""
    if config.model != "genome":
        before = experiment.run(experiment.before(config), None, device)
        return (_far_key if config.model == "protein" else _heavy_segment)(changes, result, before)
    edits = genome.edits_of(config.edits)
    share = 1 / genome.WINDOW
    values = {"share": f"{100 * share:.1f}", "used": len(edits), "weight": "–"}
    if len(edits) != 1 or changes:
        return Challenge("s6_3.challenge", values, False, 0.2 if len(edits) == 1 else 0.0)
    before = experiment.run(experiment.before(config), None, device)
    place = edits[0][0] - 1 - before.details["at"]
    inside = 0 <= place < genome.WINDOW
    weight = before.details["weights"][place] if inside else 1.0
    was, now = before.details["kind"], result.details["kind"]
    moved = inside and was != "N" and now != was
    values |= {"weight": f"{100 * weight:.1f}" if inside else "–"}
    reached = moved and weight < share
    return Challenge("s6_3.challenge", values, reached, 1.0 if reached else 0.6 if moved else 0.4)
