"""Lesson 6.3: three models on one page: splice sites, protein structure, drug and target."""

from dataclasses import dataclass, replace
from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.fasta import Record
from attn_core.inputs.limits import MAX_BASES, MAX_TEXT_CHARACTERS
from attn_core.lessons.s6_3_bioinformatics import drug, genome, protein
from attn_core.lessons.s6_3_bioinformatics.samples import text
from attn_core.models.drug_target import CROSS

MODELS = ("genome", "protein", "drug")
CHECKPOINTS = {m.CHECKPOINT: m for m in (genome, protein, drug)}
SAMPLES = {
    "genome": ("hbb", "random"),
    "protein": ("first", "second", "ubiquitin"),
    "target": ("p38", "cdk2"),
    "drug": ("sb203580", "alvocidib", "imatinib", "gefitinib", "aspirin", "caffeine"),
}


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    model : str
        One of ``MODELS``.
    dna, protein, smiles, target : str
        What each model reads; "" is its first sample.
    edits : str
        Mutations of the DNA, as ``genome.edits_of`` reads them.
    at : int
        Start of the open window of the DNA, from 0; −1 for the surest site.
    threshold : float
        Probability from which on a window is called a site; one of the genome's ``THRESHOLDS``.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    model: str = "genome"
    dna: str = ""
    edits: str = ""
    at: int = -1
    threshold: float = 0.9
    protein: str = ""
    smiles: str = ""
    target: str = ""

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"model is {self.model!r}; it must be one of {MODELS}")
        for name in ("dna", "protein", "smiles", "target"):
            if len(getattr(self, name)) > MAX_TEXT_CHARACTERS:
                raise ValueError(f"{name} is longer than {MAX_TEXT_CHARACTERS} characters")
        if not -1 <= self.at < MAX_BASES:
            raise ValueError(f"at is {self.at}; it must be in [-1, {MAX_BASES})")
        if self.threshold not in genome.THRESHOLDS:
            raise ValueError(f"threshold is {self.threshold}; it must be in {genome.THRESHOLDS}")
        genome.edits_of(self.edits)


def given(config: Config, kind: str) -> str:
    """What a model reads: what was typed, or its first sample."""
    typed = {
        "genome": config.dna,
        "protein": config.protein,
        "drug": config.smiles,
        "target": config.target,
    }
    return typed[kind] or text(kind, SAMPLES[kind][0])


def record(config: Config) -> Record:
    """The sequence that the open model reads."""
    if config.model == "genome":
        return genome.record_of(given(config, "genome"))
    if config.model == "protein":
        return protein.record_of(given(config, "protein"))
    return drug.target_of(given(config, "target"))


def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Run the model that is open.

    As the model's own module says.
    """
    if config.model == "genome":
        dna = given(config, "genome")
        return genome.run(dna, config.edits, config.at, config.threshold, intervention, device)
    if config.model == "protein":
        return protein.run(given(config, "protein"), intervention, device)
    return drug.run(given(config, "drug"), given(config, "target"), intervention, device)


def before(config: Config) -> Config:
    """What "before" means: the same window without mutations."""
    return replace(config, edits="")


def default_row(result: LessonResult) -> int:
    """The row that is open at first."""
    model = result.details["model"]
    if model == "protein":
        return protein.default_row(result)
    if model == "drug":
        atoms = result.details["atoms"]
        return atoms.index(max(atoms))
    return 0


def _head(result: LessonResult) -> Selection:
    """The attention that is open at first."""
    model = result.details["model"]
    if model == "genome":
        return Selection(genome.POOL, 0)
    if model == "drug":
        return Selection(CROSS, 0)
    site = f"encoder.{protein.LAYERS - 1}"
    return Selection(site, int(protein.reach(result.traces[site].weights[0].float()).argmax()))


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))


def reading(result: LessonResult, site: str, head: int, query: int) -> dict[str, Any]:
    """What stands out in one row, as the values that the page's sentences name.

    As the model's own ``reading``.
    """
    module = {"genome": genome, "protein": protein, "drug": drug}[result.details["model"]]
    return dict(module.reading(result, site, head, query))
