"""A molecule as a picture: RDKit's drawing, its atoms coloured by a share, as SVG."""

from collections.abc import Sequence
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from attn_core.charts.common import CHANGED, KEY

WIDTH, HEIGHT = 520, 340
PAPER = (1.0, 1.0, 1.0)
"""White in either theme: RDKit's colours for elements are made for it."""


def _rgb(colour: str) -> tuple[float, float, float]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


def _mixed(share: float) -> tuple[float, float, float]:
    """From paper to the keys' orange."""
    return tuple(p + (c - p) * share for p, c in zip(PAPER, _rgb(KEY), strict=True))  # type: ignore[return-value]


def draw(smiles: str, shares: Sequence[float], picked: int | None = None) -> str:
    """Draw a molecule.

    Examples
    --------
    >>> draw("CCO", [0.1, 0.2, 0.7]).count("<svg")
    1
    """
    molecule = Chem.MolFromSmiles(smiles)
    if molecule.GetNumAtoms() != len(shares):
        raise ValueError(f"{len(shares)} shares for {molecule.GetNumAtoms()} atoms; one each")
    rdDepictor.Compute2DCoords(molecule)
    drawer = rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT)
    options: Any = drawer.drawOptions()  # its stub calls every option an object
    options.setBackgroundColour(PAPER)
    options.atomLabelDeuteriumTritium = False
    options.annotationFontScale = 0.55
    options.fillHighlights = True
    options.padding = 0.06
    most = max(shares, default=0.0) or 1.0
    colours = {i: [_mixed(share / most)] for i, share in enumerate(shares) if share > 0.02 * most}
    radii = {i: 0.32 + 0.18 * shares[i] / most for i in colours}
    if picked is not None and 0 <= picked < len(shares):
        colours.setdefault(picked, []).append(_rgb(CHANGED))
        radii[picked] = 0.5
    for atom in molecule.GetAtoms():
        atom.SetProp("atomNote", str(atom.GetIdx() + 1))
    drawer.DrawMoleculeWithHighlights(molecule, "", colours, {}, radii, {})
    drawer.FinishDrawing()
    text = str(drawer.GetDrawingText())
    return text[text.index("<svg") :]
