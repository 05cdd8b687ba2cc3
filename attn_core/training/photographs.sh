#!/bin/sh
# All trainings of lessons 4.1 and 4.2, one after the other; each goes on from its last checkpoint.
# usage: photographs.sh PYTHON RUNS DATA
set -e
python=$1 runs=$2 data=$3
segment() {  # kind width seed epochs name more...
  kind=$1 width=$2 seed=$3 epochs=$4 name=$5
  shift 5
  "$python" -m attn_core.training.photographs.segmentation --kind "$kind" --width "$width" --seed "$seed" \
    --epochs "$epochs" --data "$data" --out "$runs/segmentation-$kind-$width-$name" "$@"
}
detect() {  # task kind seed steps name more...
  task=$1 kind=$2 seed=$3 steps=$4 name=$5
  shift 5
  "$python" -m attn_core.training.photographs.detection --task "$task" --kind "$kind" --seed "$seed" \
    --steps "$steps" --data "$data" --out "$runs/detection-$task-$name" "$@"
}
segment attention whole 0 140 first
segment attention whole 0 48 shown --start "$runs/segmentation-attention-whole-first/last.pt" \
  --nobody --calm 1e-3 --hide 0.2 --rate 1e-3
detect digits attention 0 3600 first
detect digits attention 0 2000 shown --start "$runs/detection-digits-first/last.pt" \
  --side 320 --rate 4e-4
detect cells attention 0 1300 first --side 320
detect cells attention 0 1000 shown --start "$runs/detection-cells-first/last.pt" \
  --side 384 --rate 5e-4
for seed in 0 1 2; do
  segment attention whole "$seed" 24 "$seed"
  segment added whole "$seed" 24 "$seed"
  segment attention half "$seed" 24 "$seed"
  segment added half "$seed" 24 "$seed"
  detect digits attention "$seed" 800 "attention-$seed"
  detect digits added "$seed" 800 "added-$seed"
done
