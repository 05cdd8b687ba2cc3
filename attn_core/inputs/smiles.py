"""SMILES from a stranger to tokens: bounded, checked by RDKit, one way of writing each molecule.

The same molecule can be written in many ways. What the model reads is RDKit's canonical form
without aromatic letters (Kekulé), without stereo marks, isotopes and hydrogens of their own, of the
largest part where a salt is given; so it does not depend on how the learner wrote it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem, RDLogger

from attn_core.inputs.limits import MAX_ATOMS, MAX_SMILES
from attn_core.inputs.refused import Refused

TOKEN = re.compile(r"\[[^\[\]]+\]|Br|Cl|%\d\d|[A-Za-z]|\d|[=#$:/\\().+\-~@*]")
"""A bracket atom, an element of two letters, a ring closure, or one character (after Schwaller et
al. 2019)."""
BOND = set("=#$:/\\().-~+@%") | set("0123456789")
LETTERS = set("BCNOPSFIHbcnoplrsai*")
"""Characters that may stand outside brackets."""

RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]  # it would write to the server's log


@dataclass(frozen=True, slots=True)
class Molecule:
    """A molecule as the model reads it.

    Parameters
    ----------
    smiles : str
        RDKit's canonical Kekulé form of the largest part.
    tokens : tuple of str
        Its tokens.
    atoms : tuple of int
        For each token the atom that it is, in the order of ``smiles``; −1 for bonds and brackets.
    n_left : int
        Atoms of the parts that were left out.
    """

    smiles: str
    tokens: tuple[str, ...]
    atoms: tuple[int, ...]
    n_left: int


def tokens_of(smiles: str) -> tuple[str, ...]:
    """Cut a SMILES into tokens.

    Parameters
    ----------
    smiles : str
        Well formed.

    Returns
    -------
    tuple of str
        They join to the whole.

    Examples
    --------
    >>> tokens_of("C[NH+]1CCl")
    ('C', '[NH+]', '1', 'C', 'Cl')
    """
    return tuple(TOKEN.findall(smiles))


def _pointed(text: str) -> None:
    """Refuse the first character that no SMILES may have there."""
    opened: list[int] = []
    bracket = -1
    for place, character in enumerate(text):
        if bracket >= 0:
            if character == "]":
                bracket = -1
            elif character == "[":
                raise Refused("refused.smiles_character", character=character, place=place + 1)
            continue
        if character == "[":
            bracket = place
        elif character == "(":
            opened.append(place)
        elif character == ")":
            if not opened:
                raise Refused("refused.smiles_close", place=place + 1)
            opened.pop()
        elif character not in LETTERS and character not in BOND:
            raise Refused("refused.smiles_character", character=character, place=place + 1)
    if bracket >= 0:
        raise Refused("refused.smiles_open", character="[", place=bracket + 1)
    if opened:
        raise Refused("refused.smiles_open", character="(", place=opened[-1] + 1)


def _rings(text: str) -> None:
    """Refuse a ring that is opened and never closed."""
    bare = re.sub(r"\[[^\]]*\]", lambda m: " " * len(m[0]), text)
    opened: dict[str, int] = {}
    for match in re.finditer(r"%\d\d|\d", bare):
        name = match[0].lstrip("%").lstrip("0") or "0"
        if opened.pop(name, None) is None:
            opened[name] = match.start()
    if opened:
        name, place = min(opened.items(), key=lambda item: item[1])
        raise Refused("refused.smiles_ring", ring=name, place=place + 1)


def _explained(text: str) -> Refused:
    """Why RDKit can't make a molecule of it."""
    bare = Chem.MolFromSmiles(text, sanitize=False)
    if bare is None:
        return Refused("refused.smiles", text=text[:60])
    for problem in Chem.DetectChemistryProblems(bare):
        if problem.GetType() == "AtomValenceException":
            atom = bare.GetAtomWithIdx(problem.GetAtomIdx())
            place = _place_of(text, problem.GetAtomIdx())
            return Refused("refused.smiles_valence", element=atom.GetSymbol(), place=place)
    return Refused("refused.smiles_aromatic")


def _place_of(text: str, atom: int) -> int:
    """The character, from 1, at which an atom is written."""
    places = [m.start() for m in TOKEN.finditer(text) if m[0][0] == "[" or m[0].isalpha()]
    return places[atom] + 1 if atom < len(places) else len(text)


@lru_cache(maxsize=256)
def read_smiles(text: str) -> Molecule:
    """A molecule from what was typed.

    Parameters
    ----------
    text : str
        SMILES; white space around it, and a name after it, are dropped.

    Returns
    -------
    Molecule
        With at most ``MAX_ATOMS`` atoms.

    Raises
    ------
    Refused
        If it is empty, too long, no SMILES, or no molecule; the sentence points at the character.

    Examples
    --------
    >>> read_smiles("c1ccccc1O aspirin's cousin").smiles
    'OC1=CC=CC=C1'
    >>> read_smiles("CCO.Cl").n_left
    1
    """
    words = text[: 4 * MAX_SMILES].split()
    if not words:
        raise Refused("refused.smiles_empty")
    typed = words[0]
    if len(typed) > MAX_SMILES:
        raise Refused("refused.smiles_long", n=len(text.strip()), limit=MAX_SMILES)
    _pointed(typed)
    _rings(typed)
    found = Chem.MolFromSmiles(typed)
    if found is None:
        raise _explained(typed)
    found = _plain(found)
    parts = Chem.GetMolFrags(found, asMols=True)
    largest = max(parts, key=lambda part: part.GetNumAtoms(), default=None)
    if largest is None or not largest.GetNumAtoms():
        raise Refused("refused.smiles_empty")
    if largest.GetNumAtoms() > MAX_ATOMS:
        raise Refused("refused.smiles_atoms", n=largest.GetNumAtoms(), limit=MAX_ATOMS)
    smiles = kekule(largest)
    tokens = tokens_of(smiles)
    atoms, at = [], 0
    for token in tokens:
        is_atom = token[0] == "[" or token.isalpha() or token == "*"
        atoms.append(at if is_atom else -1)
        at += is_atom
    left = found.GetNumAtoms() - largest.GetNumAtoms()
    return Molecule(smiles, tokens, tuple(atoms), left)


def _plain(molecule: Chem.Mol) -> Chem.Mol:
    """The same without isotopes, and so without hydrogens that only an isotope kept as atoms."""
    out = Chem.Mol(molecule)
    for atom in out.GetAtoms():
        atom.SetIsotope(0)
    return Chem.RemoveHs(out)


def kekule(molecule: Chem.Mol) -> str:
    """The form that the model reads.

    Parameters
    ----------
    molecule : Chem.Mol
        Sanitised; not changed.

    Returns
    -------
    str
        Canonical SMILES of capital letters, without stereo marks and isotopes.

    Examples
    --------
    >>> kekule(Chem.MolFromSmiles("[2H]C([2H])([2H])O"))
    'CO'
    """
    plain = _plain(molecule)
    Chem.Kekulize(plain, clearAromaticFlags=True)
    return str(Chem.MolToSmiles(plain, kekuleSmiles=True, isomericSmiles=False))
