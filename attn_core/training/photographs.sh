#!/bin/sh
# All trainings of lessons 4.1 and 4.2, one after the other; each goes on from its last checkpoint.
# usage: photographs.sh PYTHON RUNS DATA
set -e
python=$1 runs=$2 data=$3
segment() {
  "$python" -m attn_core.training.segmentation --kind "$1" --width "$2" --seed "$3" \
    --epochs "$4" --data "$data" --out "$runs/segmentation-$1-$2-$5"
}
detect() {
  "$python" -m attn_core.training.detection --task "$1" --kind "$2" --seed "$3" \
    --steps "$4" --data "$data" --out "$runs/detection-$1-$5"
}
segment attention whole 0 140 shown
detect digits attention 0 3600 shown
detect cells attention 0 1300 shown
for seed in 0 1 2; do
  segment attention whole "$seed" 24 "$seed"
  segment added whole "$seed" 24 "$seed"
  segment attention half "$seed" 24 "$seed"
  detect digits attention "$seed" 800 "attention-$seed"
  detect digits added "$seed" 800 "added-$seed"
done
