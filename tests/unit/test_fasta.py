"""FASTA from strangers: what is read, what is cut, and the sentence for what is refused."""

import random

import pytest

from attn_core.inputs.fasta import RESIDUES, as_fasta, clean, decode_fasta, read_fasta
from attn_core.inputs.limits import MAX_BASES, MAX_FASTA_BYTES, MAX_RECORDS
from attn_core.inputs.refused import Refused


@pytest.mark.parametrize(
    ("text", "sequence"),
    [
        ("gattaca", "GATTACA"),
        (">x\nGAT\n\nTACA\n", "GATTACA"),
        ("1 gatta 6 ca", "GATTACA"),
        (">x\r\nGATT\r\nACA*\r\n", "GATTACA"),
        ("GAUUACA", "GATTACA"),
        ("GA-TT.ACA", "GATTACA"),
        ("GATRYACA", "GATNNACA"),
        (">x\n  1gattaca\n  8 gatt 12\n", "GATTACAGATT"),
        ("; a comment\nGAT", "GAT"),
        (">\nGAT", "GAT"),
    ],
)
def test_dna_is_read(text, sequence):
    assert read_fasta(text, "genome", 100)[0].sequence == sequence


def test_records_are_cut_and_counted():
    text = "".join(f">{i}\n{'ACGT' * 5}\n" for i in range(MAX_RECORDS + 9))
    found = read_fasta(text, "genome", 12)
    assert len(found) == MAX_RECORDS
    assert {(len(r.sequence), r.n_left) for r in found} == {(12, 8)}
    assert [r.name for r in found[:2]] == ["0", "1"]


def test_short_records_give_way_to_long_ones():
    found = read_fasta(">a\nAC\n>b\nACGTACGT\n", "genome", 100, least=5)
    assert [(r.name, r.number, r.of) for r in found] == [("b", 2, 2)]


def test_what_is_not_known_is_counted():
    found = read_fasta("MKTBZUOJX", "protein", 100)[0]
    assert found.sequence == "MKTXXXXXX"
    assert found.n_unknown == 6


@pytest.mark.parametrize(
    ("data", "kind", "key", "values"),
    [
        (b"", "genome", "refused.empty", {}),
        (b"  \n ", "genome", "refused.empty", {}),
        (b">", "genome", "refused.fasta_empty", {}),
        (b">only a header\n>another\n", "protein", "refused.fasta_empty", {}),
        (b"\x00\x01\x02" * 99, "genome", "refused.binary", {}),
        (b"\xff\xfe\x00\xd8\xff", "protein", "refused.encoding", {}),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "protein", "refused.binary", {}),
        (b"\xe9\xe8\xff hello", "genome", "refused.encoding", {}),
        (b">x\nGAT?ACA", "genome", "refused.fasta_base", {"character": "?", "place": 4, "line": 2}),
        (
            b"GATTACA\nGAT ACZA",
            "genome",
            "refused.fasta_protein",
            {"character": "Z", "place": 7, "line": 2},
        ),
        (
            b"MKTAYIAKQR",
            "genome",
            "refused.fasta_protein",
            {"character": "I", "place": 6, "line": 1},
        ),
        (
            b">p\nMKT AYL@",
            "protein",
            "refused.fasta_residue",
            {"character": "@", "place": 8, "line": 2},
        ),
        (
            "ΜKT".encode(),
            "protein",
            "refused.fasta_residue",
            {"character": "Μ", "place": 1, "line": 1},
        ),
        (
            b">x\n1 GATT1ACA",
            "genome",
            "refused.fasta_digit",
            {"character": "1", "place": 7, "line": 2},
        ),
        (b"MKTAYI4", "protein", "refused.fasta_digit", {"character": "4", "place": 7, "line": 1}),
        (
            b"LOCUS       HUMHBB 9 bp DNA\nORIGIN\n 1 gattaca\n//",
            "genome",
            "refused.fasta_flat_file",
            {},
        ),
        (b"ID   X56734; SV 1\nSQ   Sequence\n gattaca 7", "protein", "refused.fasta_flat_file", {}),
        (b"ACGU" * 20, "protein", "refused.fasta_dna", {}),
        (b"ACGT" * 20, "protein", "refused.fasta_dna", {}),
        (b"ACG", "genome", "refused.fasta_short", {"n": 3, "least": 10}),
        (b"<script>alert(1)</script>", "genome", "refused.fasta_base", None),
    ],
)
def test_refusals_point_at_the_character(data, kind, key, values):
    with pytest.raises(Refused) as refused:
        decode_fasta(data, kind, 1000, least=10)
    assert refused.value.key == key
    if values is not None:
        assert refused.value.values == values


def test_a_megabyte_is_read_and_more_is_refused():
    rng = random.Random(0)
    lines = "\n".join("".join(rng.choices("ACGT", k=60)) for _ in range(16_000))
    data = f">big\n{lines}\n".encode()
    assert 900_000 < len(data) <= MAX_FASTA_BYTES
    found = decode_fasta(data, "genome", MAX_BASES)[0]
    assert len(found.sequence) == MAX_BASES
    assert found.n_left > 0
    assert found.sequence == lines.replace("\n", "")[:MAX_BASES]
    with pytest.raises(Refused, match=r"refused\.large"):
        decode_fasta(data + b"A" * MAX_FASTA_BYTES, "genome", MAX_BASES)


def test_mixed_alphabets_are_refused_at_the_first_wrong_letter():
    with pytest.raises(Refused) as refused:
        read_fasta(">dna\nACGT\n>protein\nMKTAYIAK\n", "genome", 100)
    assert refused.value.values["line"] == 4


def test_what_is_written_is_read_again():
    record = read_fasta(f">a name\n{RESIDUES}", "protein", 100)[0]
    assert read_fasta(as_fasta(record), "protein", 100)[0] == record
    assert clean("", "genome") == ""
