#!/bin/sh
# All of lesson 1's trainings, one after the other; each goes on from its last checkpoint.
# usage: speller.sh PYTHON RUNS
set -e
python=$1 runs=$2
"$python" -m attn_core.training.speller.train --id speller --out "$runs/speller" \
  --size large --epochs 14 --batch 128 --rate 1.5e-3 --seed 0
for seed in 0 1 2; do
  for size in small small-fixed; do
    "$python" -m attn_core.training.speller.train --id "speller-$size-$seed" \
      --out "$runs/speller-$size-$seed" --size "$size" --epochs 5 --batch 128 --rate 2e-3 \
      --seed "$seed"
  done
done
