"""SMILES from strangers, held against RDKit's own reading; refusals point at the character."""

import pytest
from rdkit import Chem
from rdkit.Chem import Descriptors

from attn_core.inputs.refused import Refused
from attn_core.inputs.smiles import read_smiles, tokens_of
from attn_core.lessons.s6_3_bioinformatics.molecule import draw
from attn_core.lessons.s6_3_bioinformatics.samples import samples

DRUGS = samples()["drug"]


@pytest.mark.parametrize("text", DRUGS.values(), ids=DRUGS)
def test_one_molecule_is_read_alike_however_it_is_written(text):
    molecule = Chem.MolFromSmiles(text)
    found = read_smiles(text)
    ways = set(Chem.MolToRandomSmilesVect(molecule, 20, randomSeed=1))
    assert len(ways) > 3
    assert {read_smiles(way).smiles for way in ways} == {found.smiles}
    again = Chem.MolFromSmiles(found.smiles)
    assert Descriptors.MolWt(again) == pytest.approx(Descriptors.MolWt(molecule))
    assert Chem.MolToSmiles(again, isomericSmiles=False) == Chem.MolToSmiles(
        molecule, isomericSmiles=False
    )


@pytest.mark.parametrize("text", [*DRUGS.values(), "C[N+](C)(C)CC(=O)[O-]", "BrC(Cl)I"])
def test_tokens_are_the_atoms_in_rdkit_s_order(text):
    found = read_smiles(text)
    assert "".join(found.tokens) == found.smiles
    molecule = Chem.MolFromSmiles(found.smiles)
    atoms = [(t, a) for t, a in zip(found.tokens, found.atoms, strict=True) if a >= 0]
    assert [a for _, a in atoms] == list(range(molecule.GetNumAtoms()))
    for token, atom in atoms:
        assert molecule.GetAtomWithIdx(atom).GetSymbol() in token


def test_the_largest_part_is_read():
    salt = read_smiles("Cl.Cl.CCO")
    assert (salt.smiles, salt.n_left) == ("CCO", 2)
    assert read_smiles("[Na+].[O-]C(=O)c1ccccc1").n_left == 1


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("", "refused.smiles_empty", {}),
        ("   ", "refused.smiles_empty", {}),
        ("c1ccccc", "refused.smiles_ring", {"ring": "1", "place": 2}),
        ("C1CC%12CC1", "refused.smiles_ring", {"ring": "12", "place": 5}),
        ("CC(C", "refused.smiles_open", {"character": "(", "place": 3}),
        ("CC)C", "refused.smiles_close", {"place": 3}),
        ("CC[NH", "refused.smiles_open", {"character": "[", "place": 3}),
        ("CC^C", "refused.smiles_character", {"character": "^", "place": 3}),
        ("CCé", "refused.smiles_character", {"character": "é", "place": 3}),
        ("hello", "refused.smiles_character", {"character": "h", "place": 1}),
        ("阿司匹林", "refused.smiles_character", {"character": "阿", "place": 1}),
        ("<b>", "refused.smiles_character", {"character": "<", "place": 1}),
        ("CC(C)(C)(C)C", "refused.smiles_valence", {"element": "C", "place": 2}),
        ("CCF(C)", "refused.smiles_valence", {"element": "F", "place": 3}),
        ("c1cccc1", "refused.smiles_aromatic", {}),
        ("C1C1", "refused.smiles", None),
        ("[Xx]", "refused.smiles", None),
        ("%%", "refused.smiles", None),
        ("C" * 401, "refused.smiles_long", None),
        ("C" * 121, "refused.smiles_atoms", None),
        ("(" * 300, "refused.smiles_open", None),
        (".", "refused.smiles_empty", None),
        ("[" * 300, "refused.smiles_character", None),
        ("\x00\x01", None, None),
    ],
)
def test_refusals_point_at_the_character(text, key, values):
    with pytest.raises(Refused) as refused:
        read_smiles(text)
    if key is not None:
        assert refused.value.key in (key, "refused.smiles")
    if values is not None:
        assert refused.value.key == key
        assert refused.value.values == values


def test_drawing_has_every_atom_s_number_and_no_script():
    found = read_smiles(DRUGS["imatinib"])
    n = max(found.atoms) + 1
    svg = draw(found.smiles, [i / n for i in range(n)], picked=3)
    assert svg.startswith("<svg")
    assert "<script" not in svg
    assert svg.count("class='note'") >= n - 9  # a digit may be one path or two
    plain = draw(found.smiles, [0.0] * n)
    assert plain != svg
    with pytest.raises(ValueError, match="one each"):
        draw(found.smiles, [1.0])


def test_tokens_of_brackets_and_rings():
    assert tokens_of("C%12[C@@H](Br)Cl") == ("C", "%12", "[C@@H]", "(", "Br", ")", "Cl")


@pytest.mark.parametrize(
    ("text", "smiles"),
    [
        ("[2H]C([2H])([2H])O", "CO"),
        ("[H][H]", "[H][H]"),
        ("[2H][2H]", "[H][H]"),
        ("[13CH4]", "C"),
        ("[2H]O[2H]", "O"),
        ("[2H]c1ccccc1", "C1=CC=CC=C1"),
        ("[2H]Cl", "Cl"),
    ],
)
def test_isotopes_are_read_as_the_element_and_what_is_read_is_drawn(text, smiles):
    found = read_smiles(text)
    atoms = [a for a in found.atoms if a >= 0]
    assert (found.smiles, found.n_left) == (smiles, 0)
    assert "<svg" in draw(found.smiles, [1 / len(atoms)] * len(atoms), 0)
