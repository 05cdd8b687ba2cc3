#!/bin/sh
# All of lesson 2.1's trainings (and the twins of 2.2 and 2.3); each goes on from its checkpoint.
# usage: sentiment.sh PYTHON RUNS [DATA]
set -e
python=$1 runs=$2 data=${3:-../shared/data}
train() { "$python" -m attn_core.training.sentiment.train "$@" --out "$runs" --data "$data"; }
train zh --name sentiment-zh --size large --epochs 6
train en --name sentiment-en --layers 4 --epochs 4 --drop 0.05
# Twins: MiniLM as published under each pooling; a small encoder from scratch under each, whose
# convolution sees no neighbour, so that attention alone mixes characters.
train en --layers 0 --pooling attention mean max first last --seed 0 1 2 --epochs 6 --rate 2e-3
small="--characters 96 --width 1 --epochs 4 --batch 64 --rate 1.5e-3"
train zh $small --pooling attention mean max first last --seed 0 1 2
train zh $small --no-positions --seed 0 1 2 # 2.2
train zh $small --heads 1 2 8 --seed 0 1 2  # 2.3; the small size has 4
