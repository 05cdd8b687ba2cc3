#!/bin/sh
# All trainings of lesson 6.1, one after the other; what is done is not done again.
# usage: recommender.sh PYTHON RUNS FOLDER   (FOLDER: where r-cran-dslabs was unpacked)
set -e
python=$1 runs=$2 folder=$3
train() { # KIND SEED OPTIONS
  kind=$1 seed=$2
  shift 2
  "$python" -m attn_core.training.recommender.train --kind "$kind" --seed "$seed" --data "$folder" \
    --out "$runs/recommender-$kind-$seed" "$@"
}
for seed in 0 1 2; do
  for kind in long long-mean long-pooled; do
    train $kind $seed --steps 800 --batch 64 --rate 0.002 --every 100
  done
  train target $seed --steps 300 --batch 16 --window 24 --every 150 \
    --start "$runs/recommender-long-0/best.pt"
  for kind in attention mean features-mean orderless features-none; do # equal to each other
    train $kind $seed
  done
done
