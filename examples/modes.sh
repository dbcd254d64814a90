#!/bin/sh
# Are rare modes learnt? Where modes are known, because there are labels: the mass of every class in the data and under
# the weights, and its share of what models make that were trained evenly and with the weights.
#
#   sh examples/modes.sh                            made digits: 95 % ones and 5 % zeros; then ten classes with a long
#                                                   tail, of which the first is half and the last 1.6 %
#   sh examples/modes.sh IMAGES LABELS [options]    the same of MNIST, or of other data with labels 0 to 9, by leaving
#                                                   out rows
#
# Options, but for --output, are those of compare.sh, which this calls twice. The labels only choose rows and name
# modes: weights and models never see them. Results are in build/modes/rare and build/modes/tail.
set -eu

folder=$(dirname "$0")
case ${1-} in
-h | --help)
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
  exit 0
  ;;
esac

compare() { # rare|tail ARGUMENTS...
  name=$1
  shift
  sh "$folder/compare.sh" "$@" --output "build/modes/$name"
}

rare='One class of two is rare:'
tail='Ten classes with a long tail:'
case ${1-} in
'' | -*)
  echo "$rare"
  compare rare --shares 5,95 "$@"
  printf '\n%s\n' "$tail"
  compare tail "$@"
  ;;
*)
  images=$1
  labels=${2?modes: LABELS is missing: see --help}
  shift 2
  echo "$rare"
  compare rare "$images" --labels "$labels" --counts '1=1135 0=60' "$@"
  printf '\n%s\n' "$tail"
  compare tail "$images" --labels "$labels" --counts '1=1135 2=401 3=218 4=142 5=102 6=77 7=61 8=50 9=42 0=36' "$@"
  ;;
esac
