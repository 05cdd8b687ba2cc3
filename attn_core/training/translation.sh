#!/bin/sh
# All of lesson 3.3's trainings, one after the other; each goes on from its last checkpoint.
# usage: translation.sh PYTHON RUNS DATA [SEED…]     the shown models first, then the twins
set -e
python=$1 runs=$2 data=$3
shift 3
run() {
  "$python" -m attn_core.training.translation.train --model "$1" --direction "$2" --seed "$3" \
    --epochs "$4" --data "$data" --out "$runs/translation-$1-$2-$3"
}
if [ $# -eq 0 ]; then
  for model in large large-recurrent; do
    run "$model" en-zh 0 25
    run "$model" zh-en 0 14
  done
  set -- 0 1 2
fi
for seed in "$@"; do
  for model in small small-recurrent small-no-cross small-no-mask small-no-positions \
    small-one-vector; do
    run "$model" en-zh "$seed" 5
  done
done
