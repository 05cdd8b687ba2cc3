#!/bin/sh
# All trainings of lesson 6.3, one after the other; each goes on from its last checkpoint.
# usage: bioinformatics.sh PYTHON RUNS DATA
set -e
python=$1 runs=$2 data=$3
sequences() {
  "$python" -m attn_core.training.bioinformatics.sequences "$@" --data "$data" --out "$runs"
}
drug() {
  "$python" -m attn_core.training.bioinformatics.drug_target "$@" --data "$data" --out "$runs"
}
sequences splice --kind attention convolution --seed 0 1 2
sequences protein --seed 0
sequences protein_small --kind attention convolution --seed 0 1 2
drug --seed 0 --epochs 30
drug --seed 0 --epochs 40 --rate 0.0015 --kinases 24 --drugs 24 --tag=-more \
  --start "$runs/drug-usual-cross-0/best.pt"
drug --seed 0 --epochs 16 --rate 0.0008 --kinases 24 --drugs 24 --tag=-last \
  --start "$runs/drug-usual-cross-0-more/best.pt"
for twin in "" --twin; do
  drug --size drug_small --seed 0 1 2 --epochs 6 --rate 0.003 $twin
  drug --size drug_small --split cold_drug cold_target --seed 0 --epochs 6 --rate 0.003 $twin
done
