#!/bin/sh
# All trainings of lessons 5.1 to 5.3, one after the other; each goes on from its last checkpoint.
# usage: speech.sh PYTHON RUNS DATA
set -e
python=$1 runs=$2 data=$3
[ -f "$runs/speech-voices.npz" ] ||
  "$python" -m attn_core.datasets.voices --out "$runs/speech-voices.npz"
train() { # MODEL SEED STEPS
  "$python" -m attn_core.training.speech.train --model "$1" --seed "$2" --steps "$3" --data "$data" \
    --voices "$runs/speech-voices.npz" --out "$runs/speech-$1-$2"
}
for seed in 0 1 2; do
  for model in attention convolution joint window-0 window-4; do
    train "$model" "$seed" 3000
  done
  for model in listener listener-content joint-0; do # decoders take longer to find their way
    train "$model" "$seed" 4000
  done
done
