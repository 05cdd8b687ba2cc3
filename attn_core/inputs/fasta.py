"""FASTA from a stranger to sequences: bounded, checked letter by letter, typed or uploaded.

A record is a line that starts with ">" and the letters below it; bare letters without such a line
are one record. Lower case, white space, gaps and the numbers of numbered listings are fine: those
at the start of a line, or with white space on both sides. A digit among letters, and what is no
letter of the alphabet, get a sentence that points at it.
"""

import re
from dataclasses import dataclass

from attn_core.inputs.limits import MAX_FASTA_BYTES, MAX_RECORDS
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import decode_text

NUCLEOTIDES = "ACGTN"
"""N stands for every letter that means more than one (IUPAC); U is read as T."""
AMBIGUOUS = "RYSWKMBDHV"
RESIDUES = "ACDEFGHIKLMNPQRSTVWYX"
"""X stands for what is none of the twenty."""
RARE = "BZUOJ"
KINDS = ("genome", "protein")
NAME = 60
_SKIPPED = re.compile(r"[\s.\-*]+")
_NUMBER = re.compile(r"^\s*\d+|(?<!\S)\d+(?!\S)")
_FLAT_FILE = re.compile(r"(LOCUS|ID) {3}")
"""How files of GenBank and of EMBL begin."""
_TABLES = {
    "genome": str.maketrans(dict.fromkeys(AMBIGUOUS, "N") | {"U": "T"}),
    "protein": str.maketrans(dict.fromkeys(RARE, "X")),
}
_ALLOWED = {"genome": set(NUCLEOTIDES), "protein": set(RESIDUES)}
_NOT_DNA = set("EFILPQZ")
FEW, MANY = 30, 0.95


@dataclass(frozen=True, slots=True)
class Record:
    """One sequence.

    Parameters
    ----------
    name : str
        What follows ">", at most ``NAME`` characters; "" where there was none.
    sequence : str
        Letters of the alphabet, at most as many as were asked for.
    n_unknown : int
        Letters that were read as N or X.
    n_left : int
        Letters beyond the bound.
    number, of : int
        Which record of the text it is, from 1, of how many that hold letters.
    """

    name: str
    sequence: str
    n_unknown: int = 0
    n_left: int = 0
    number: int = 1
    of: int = 1


def clean(letters: str, kind: str, line: int = 1) -> str:
    """Letters of one line in the alphabet.

    Parameters
    ----------
    letters : str
        As typed.
    kind : str
        One of ``KINDS``.
    line : int
        Its number, for the sentence.

    Returns
    -------
    str
        Capitals of the alphabet.

    Raises
    ------
    Refused
        If a character is none.

    Examples
    --------
    >>> clean("1 gatu r", "genome")
    'GATTN'
    """
    letters = _NUMBER.sub(lambda found: " " * len(found[0]), letters)
    kept = _SKIPPED.sub("", letters).upper().translate(_TABLES[kind])
    if set(kept) <= _ALLOWED[kind]:
        return kept
    for place, character in enumerate(letters):
        one = _SKIPPED.sub("", character).upper().translate(_TABLES[kind])
        if set(one) - _ALLOWED[kind]:
            values = {"character": character, "place": place + 1, "line": line}
            if character.isdecimal():
                raise Refused("refused.fasta_digit", **values)
            if kind == "genome" and one in _NOT_DNA:
                raise Refused("refused.fasta_protein", **values)
            key = "refused.fasta_base" if kind == "genome" else "refused.fasta_residue"
            raise Refused(key, **values)
    raise Refused("refused.fasta_empty")


def read_fasta(text: str, kind: str, limit: int, least: int = 1) -> tuple[Record, ...]:
    r"""Sequences of a FASTA text.

    Parameters
    ----------
    text : str
        Typed or decoded.
    kind : str
        One of ``KINDS``.
    limit : int
        Letters that are kept of a record; the others are counted.
    least : int
        Letters that a record needs.

    Returns
    -------
    tuple of Record
        At least one, at most ``MAX_RECORDS``; records that are too short are left out where there
        are others.

    Raises
    ------
    Refused
        If nothing is there, a character is no letter of the alphabet, all records are too short,
        what is called a protein is DNA, or the text is a file of GenBank or EMBL.

    Examples
    --------
    >>> read_fasta(">one\nGAT\nTAC\n", "genome", 4)
    (Record(name='one', sequence='GATT', n_unknown=0, n_left=2, number=1, of=1),)
    """
    if _FLAT_FILE.match(text.lstrip()):
        raise Refused("refused.fasta_flat_file")
    found: list[tuple[str, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith((">", ";")):
            if len(found) == MAX_RECORDS:
                break
            found.append((stripped[1:].strip()[:NAME], []))
        elif stripped:
            if not found:
                found.append(("", []))
            found[-1][1].append(clean(line, kind, number))
    records = []
    joined = [(name, "".join(lines)) for name, lines in found]
    joined = [each for each in joined if each[1]]
    for number, (name, whole) in enumerate(joined, 1):
        kept = whole[:limit]
        unknown = kept.count(NUCLEOTIDES[-1] if kind == "genome" else RESIDUES[-1])
        left = len(whole) - len(kept)
        records.append(Record(name, kept, unknown, left, number, len(joined)))
    long = [r for r in records if len(r.sequence) >= least]
    if not records:
        raise Refused("refused.fasta_empty")
    if not long:
        raise Refused("refused.fasta_short", n=max(len(r.sequence) for r in records), least=least)
    if kind == "protein" and len(long[0].sequence) >= FEW and like_dna(long[0].sequence):
        raise Refused("refused.fasta_dna")
    return tuple(long)


def like_dna(residues: str) -> bool:
    """Whether what is called a protein reads like DNA or RNA.

    Parameters
    ----------
    residues : str
        Of a record; RNA's U is X there.

    Returns
    -------
    bool
        Nearly all letters are A, C, G, T, N or X, and half of them no X.

    Examples
    --------
    >>> like_dna("GATTACAGATTACA"), like_dna("MENFQKVEKI"), like_dna("XXXXXXXXXX")
    (True, False, False)
    """
    bases = sum(letter in NUCLEOTIDES for letter in residues)
    unknown = residues.count(RESIDUES[-1])
    return bases + unknown >= MANY * len(residues) and 2 * bases >= len(residues) > 0


def decode_fasta(data: bytes, kind: str, limit: int, least: int = 1) -> tuple[Record, ...]:
    r"""Sequences of an uploaded FASTA file.

    Parameters
    ----------
    data : bytes
        The file.
    kind : str
        One of ``KINDS``.
    limit, least : int
        As in ``read_fasta``.

    Returns
    -------
    tuple of Record
        As ``read_fasta``.

    Raises
    ------
    Refused
        As ``read_fasta``; or if the file is too large, binary, or in another encoding.

    Examples
    --------
    >>> decode_fasta(b">x\nMKT", "protein", 10)[0].sequence
    'MKT'
    """
    if len(data) > MAX_FASTA_BYTES:
        raise Refused(
            "refused.large", size=f"{len(data) / 1e6:.1f}", limit=f"{MAX_FASTA_BYTES / 1e6:.1f}"
        )
    return read_fasta(decode_text(data), kind, limit, least)


def as_fasta(record: Record) -> str:
    r"""A record as it is typed.

    Parameters
    ----------
    record : Record
        From ``read_fasta``.

    Returns
    -------
    str
        FASTA.

    Examples
    --------
    >>> as_fasta(Record("x", "GATT"))
    '>x\nGATT'
    """
    return f">{record.name}\n{record.sequence}"
