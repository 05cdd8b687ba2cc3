#!/bin/sh
# All trainings of lessons 5.1 to 5.3, one after the other; each goes on from its last checkpoint.
# usage: speech.sh PYTHON RUNS DATA
set -e
python=$1 runs=$2 data=$3
[ -f "$runs/speech-voices.npz" ] ||
  "$python" -m attn_core.training.voices --out "$runs/speech-voices.npz"
for seed in 0 1 2; do
  for model in attention convolution joint listener listener-content window-0 window-4 joint-0 joint-1; do
    # λ = 0.7 is compared in one training alone
    [ "$model-$seed" = joint-1-1 ] || [ "$model-$seed" = joint-1-2 ] ||
      "$python" -m attn_core.training.speech --model "$model" --seed "$seed" --data "$data" \
      --voices "$runs/speech-voices.npz" --out "$runs/speech-$model-$seed"
  done
done
