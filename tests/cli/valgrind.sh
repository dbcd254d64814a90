#!/bin/sh
# One run of the whole line under valgrind: no invalid access, nothing uninitialised, nothing left allocated at the end.
#   sh tests/cli/valgrind.sh COMMAND
set -eu
command=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

check() { # STATUS VERB...: the command's own exit status, and not valgrind's 99
  expected=$1
  shift
  status=0
  valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all \
    "$command" "$@" >out.txt 2>err.txt || status=$?
  if [ "$status" -ne "$expected" ]; then
    echo "divweights $*: exit status $status, expected $expected" >&2
    cat err.txt >&2
    exit 1
  fi
  echo "clean: divweights $*"
}

# 60 rows of 8 bytes, with three labels, as IDX
{
  printf '\000\000\010\002\000\000\000\074\000\000\000\010'
  awk 'BEGIN { srand(1); for (k = 0; k < 480; k++) printf "%c", 33 + int(94 * rand()) }'
} >rows.idx
{
  printf '\000\000\010\001\000\000\000\074'
  awk 'BEGIN { for (k = 0; k < 60; k++) printf "%c", 65 + k % 3 }'
} >labels.idx
gzip -k rows.idx
head -c 300 rows.idx >truncated.idx

check 0 inspect rows.idx --labels labels.idx
check 0 solve rows.idx.gz --labels labels.idx --classes 65,66 --output weights.npy --rows-output rows.npy
check 0 solve rows.idx --limit 5 --balance 1 --tolerance 1e-5 --json
check 0 score rows.idx --rows rows.npy --weights weights.npy
check 0 score rows.idx --limit 30 --center --components 5 --new rows.idx.gz --output gains.npy --table gains.csv
check 0 inspect rows.idx --rows rows.npy --weights weights.npy --example 0,1 --json
check 0 sample weights.npy --count 1000 --rows rows.npy --output draws.npy
check 0 inspect weights.npy --labels labels.idx --rows rows.npy
check 0 evaluate rows.idx rows.idx.gz --labels labels.idx --rows rows.npy --weights weights.npy --save-stats s.npz --json
check 0 evaluate rows.idx --load-stats s.npz --metrics fid
check 1 solve truncated.idx --output not.npy
check 1 solve rows.idx --labels labels.idx --classes 99
check 2 solve rows.idx --balance 1.5
