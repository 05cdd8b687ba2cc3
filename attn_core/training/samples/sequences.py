"""Write lesson 6.3's samples: ``python -m attn_core.training.samples.sequences``.

What they are, and why they may be shown: two chains of TS115 with their known structure (CC0, never
trained on); DNA drawn at random here; and, typed, the start of the human β-globin gene (GenBank,
without restrictions on use), ubiquitin and two kinases (UniProt P0CG48, P24941, Q16539, CC BY 4.0),
and SMILES of well-known drugs, written by us.
"""

import argparse
import json
import random
import sys
from pathlib import Path

from attn_core.datasets.residues import FILES, read
from attn_core.lessons.s6_3_bioinformatics.samples import PATH as OUT

HBB = (
    "ACATTTGCTTCTGACACAACTGTGTTCACTAGCAACCTCAAACAGACACCATGGTGCATCTGACTCCTGAGGAGAAGTCTGCCGTTACTGCCC"
    "TGTGGGGCAAGGTGAACGTGGATGAAGTTGGTGGTGAGGCCCTGGGCAGGTTGGTATCAAGGTTACAAGACAGGTTTAAGGAGACCAATAGAA"
    "ACTGGGCATGTGGAGACAGAGAAGACTCTTGGGTTTCTGATAGGCACTGACTCTCTCTGCCTATTGGTCTATTTTCCCACCCTTAGGCTGCTG"
    "GTGGTCTACCCTTGGACCCAGAGGTTCTTTGAGTCCTTTGGGGATCTGTCCACTCCTGATGCTGTTATGGGCAACCCTAAGGTGAAGGCTCAT"
    "GGCAAGAAAGTGCTCGGTGCCTTTAGTGATGGCCTGGCTCACCTGGACAACCTCAAGGGCACCTTTGCCACACTGAGTGAGCTGCACTGTGAC"
    "AAGCTGCACGTGGATCCTGAGAACTTCAGGGTGAGTCTATGGGACGCTTGATGTTTTCTTTCCCCTTCTTTTCTATGGTTAAGTTCATGTCAT"
    "AGG"
)
HBB_ENDS = ("CTGGGCAG", "CCACCCTTAG", "GAACTTCAGG")
"""Letters up to the three known boundaries: exon 1 | intron 1 | exon 2 | intron 2."""
UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"
CDK2 = (
    "MENFQKVEKIGEGTYGVVYKARNKLTGEVVALKKIRLDTETEGVPSTAIREISLLKELNHPNIVKLLDVIHTENKLYLVFEFLHQDLKKFMDA"
    "SALTGIPLPLIKSYLFQLLQGLAFCHSHRVLHRDLKPQNLLINTEGAIKLADFGLARAFGVPVRTYTHEVVTLWYRAPEILLGCKYYSTAVDI"
    "WSLGCIFAEMVTRRALFPGDSEIDQLFRIFRTLGTPDEVVWPGVTSMPDYKPSFPKWARQDFSKVVPPLDEDGRSLLSQMLHYDPNKRISAKA"
    "ALAHPFFQDVTKPVPHLRL"
)
P38 = (
    "MSQERPTFYRQELNKTIWEVPERYQNLSPVGSGAYGSVCAAFDTKTGLRVAVKKLSRPFQSIIHAKRTYRELRLLKHMKHENVIGLLDVFTPA"
    "RSLEEFNDVYLVTHLMGADLNNIVKCQKLTDDHVQFLIYQILRGLKYIHSADIIHRDLKPSNLAVNEDCELKILDFGLARHTDDEMTGYVATR"
    "WYRAPEIMLNWMHYNQTVDIWSVGCIMAELLTGRTLFPGTDHIDQLKLILRLVGTPGAELLKKISSESARNYIQSLTQMPKMNFANVFIGANP"
    "LAVDLLEKMLVLDSDKRITAAQALAHAYFAQYHDPDDEPVADPYDQSFESRDLLIDEWKSLTYDEVISFVPPPLDQEEMES"
)
DRUGS = {
    "alvocidib": "CN1CCC(C(O)C1)c1c(O)cc(O)c2c1oc(cc2=O)-c1ccccc1Cl",
    "sb203580": "CS(=O)c1ccc(cc1)-c1nc(c([nH]1)-c1ccncc1)-c1ccc(F)cc1",
    "imatinib": "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(n1)-c1cccnc1",
    "gefitinib": "COc1cc2ncnc(Nc3ccc(F)c(Cl)c3)c2cc1OCCCN1CCOCC1",
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
}
STARTS = ("MRVLILALGNELM", "MKPTYEILGQMDE")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    args = parser.parse_args()
    chains = read(args.data / FILES[1])
    kept = [next(c for c in chains if c.sequence.startswith(start)) for start in STARTS]
    rng = random.Random(63)
    samples = {
        "genome": {
            "hbb": {
                "fasta": f">HBB, exon 1 to intron 2\n{HBB}",
                "known": [HBB.index(end) + len(end) for end in HBB_ENDS],
            },
            "random": {
                "fasta": ">random\n" + "".join(rng.choice("ACGT") for _ in range(600)),
                "known": [],
            },
        },
        "protein": {
            "first": {"fasta": f">TS115, 148\n{kept[0].sequence}", "states": kept[0].states},
            "second": {"fasta": f">TS115, 102\n{kept[1].sequence}", "states": kept[1].states},
            "ubiquitin": {"fasta": f">ubiquitin\n{UBIQUITIN}", "states": ""},
        },
        "target": {"cdk2": {"fasta": f">CDK2\n{CDK2}"}, "p38": {"fasta": f">p38 alpha\n{P38}"}},
        "drug": DRUGS,
    }
    OUT.write_text(json.dumps(samples, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{OUT.name} {OUT.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
