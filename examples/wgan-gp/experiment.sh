#!/bin/sh
# The published experiment: a WGAN with gradient penalty on pairs of digits, drawn evenly and with the weights of several
# balances. Every run is one command, which is printed; a table and curves of all runs end it.
#
#   sh examples/wgan-gp/experiment.sh                   on made digits
#   sh examples/wgan-gp/experiment.sh IMAGES LABELS     on yours, as IDX or .npy: MNIST's, for example
#
#   --pairs LIST      classes to train on together (default "0,1 3,8 4,9")
#   --balances LIST   how to draw (default "uniform 0.25 0.5 0.75 1")
#   --seeds LIST      (default "0 1 2")
#   --steps N         of the generator (default 2000: two to three minutes of one thread)
#   --jobs N          runs at once, of one thread each (default 1)
#   --output DIR      (default build/wgan-gp-runs; build/... is below the clone)
#
# What is done is skipped and what was interrupted goes on, so it can be stopped and started again at any time. Leaves
# DIR/PAIR/BALANCE/SEED with what wgan-gp writes, DIR/PAIR/table.txt and DIR/PAIR/curves.svg. Where $DIVWEIGHTS_DATA is a
# folder with MNIST's test digits, these are taken instead of made ones.
#
# Installs what is missing (Debian, Ubuntu; libtorch-dev takes 200 MB), builds below build/ or uses the library in
# $DIVWEIGHTS_PREFIX, and the program that $WGAN_GP names, where it names one.
set -eu

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }

here=$PWD
script=$0
images=
labels=
pairs='0,1 3,8 4,9'
balances='uniform 0.25 0.5 0.75 1'
seeds='0 1 2'
steps=2000
jobs=1
output=build/wgan-gp-runs
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  --pairs | --balances | --seeds | --steps | --jobs | --output)
    if [ $# -lt 2 ]; then
      echo "experiment: $1 needs a value: see --help" >&2
      exit 2
    fi
    eval "${1#--}=\$2"
    shift
    ;;
  -*)
    echo "experiment: $1 is no option: see --help" >&2
    exit 2
    ;;
  *)
    if [ $# -lt 2 ] || [ -n "$images" ]; then
      echo "experiment: IMAGES and LABELS go together: see --help" >&2
      exit 2
    fi
    images=$1
    labels=$2
    shift
    ;;
  esac
  shift
done

cd "$(dirname "$script")/../.."
case $output in
/* | build/*) ;;
*) output=$here/$output ;;
esac
log=build/wgan-gp.log
. cmake/prerequisites.sh
. examples/common.sh

build() {
  need_build_tools
  need g++ compiles c++ c++
  need libtorch-dev test -e /usr/include/torch/csrc/api/include/torch/torch.h
  install_missing
  echo "Building in build/; what that says goes to $log."
  install_command
  build_example wgan-gp
  WGAN_GP=build/wgan-gp/wgan-gp
}

# Where none were given.
find_data() {
  if [ -r "${DIVWEIGHTS_DATA-}/t10k-images-idx3-ubyte.gz" ]; then
    images=$DIVWEIGHTS_DATA/t10k-images-idx3-ubyte.gz
    labels=$DIVWEIGHTS_DATA/t10k-labels-idx1-ubyte.gz
  else
    build_example made_digits
    images=$output/images.idx
    labels=$output/labels.idx
    build/made_digits/make_digits --count 10000 --images "$images" --labels "$labels"
  fi
}

# A command for every run that is not done, in the order in which partial results say most: seed after seed.
commands() {
  for seed in $seeds; do
    for pair in $pairs; do
      for balance in $balances; do
        folder=$output/$pair/$balance/$seed
        if [ "$(tail -n 1 "$folder/curve.csv" 2>/dev/null | cut -d , -f 1)" != "$steps" ]; then
          flags=
          [ "$balance" = uniform ] || flags="--balance $balance"
          echo "$WGAN_GP --data '$images' --labels '$labels' --classes $pair $flags --seed $seed --steps $steps" \
            "--output '$folder' >'$folder.log' 2>&1"
          mkdir -p "$folder"
        fi
      done
    done
  done
}

# NAME VALUE of the last row of a curve.
last_row() { # FOLDER
  awk -F , 'NR == 1 { split($0, name) } END { for (k = 1; k <= NF; k++) print name[k], $k }' "$1/curve.csv"
}

# Mean and standard deviation over seeds, a column for each balance.
table() { # PAIR
  for balance in $balances; do
    for seed in $seeds; do
      [ ! -e "$output/$1/$balance/$seed/curve.csv" ] || last_row "$output/$1/$balance/$seed" | sed "s/^/$balance /"
    done
  done | LC_ALL=C awk -v balances="$balances" '
    !($2 in seen) { seen[$2] = 1; names[++rows] = $2 }
    { sum[$1, $2] += $3; square[$1, $2] += $3 * $3; count[$1, $2]++ }
    function cell(balance, name,   n, mean, variance) {
      n = count[balance, name]
      if (n == 0) return "-"
      mean = sum[balance, name] / n
      variance = n > 1 ? (square[balance, name] - n * mean * mean) / (n - 1) : 0
      return n > 1 ? sprintf("%.3f +- %.3f", mean, sqrt(variance > 0 ? variance : 0)) : sprintf("%.3f", mean)
    }
    END {
      columns = split(balances, balance, " ")
      printf "%-22s", ""
      for (k = 1; k <= columns; k++) printf " %18s", balance[k]
      printf "\n"
      for (i = 1; i <= rows; i++) {
        printf "%-22s", names[i]
        for (k = 1; k <= columns; k++) printf " %18s", cell(balance[k], names[i])
        printf "\n"
      }
    }'
}

# A line for each run, a colour for each balance.
panel() { # PAIR NAME
  separator='plot '
  colour=0
  for balance in $balances; do
    colour=$((colour + 1))
    for seed in $seeds; do
      curve=$output/$1/$balance/$seed/curve.csv
      [ -e "$curve" ] || continue
      printf "%s'%s' using 'step':'%s' with lines lw 1.5 lc %d %s" "$separator" "$curve" "$2" "$colour" \
        "$([ "$seed" = "${seeds%% *}" ] && echo "title '$balance'" || echo notitle)"
      separator=', '
    done
  done
  echo
}

# Vendi Score of the output and its distance to the weighted data while it trains.
curves() { # PAIR
  {
    echo "set terminal svg size 900,340 font 'Sans,12' background '#ffffff'"
    echo "set output '$output/$1/curves.svg'"
    echo "set datafile separator ','; set xlabel 'steps of the generator'; set grid lc '#dddddd'"
    echo "set xtics 0, $steps / 4.0; set yrange [0:*]; set key outside top center horizontal"
    echo "set multiplot layout 1,2"
    echo "set title 'Vendi Score of the output'"
    panel "$1" vendi_score
    echo "set title 'FID to the data weighted at balance 0.5'; unset key"
    panel "$1" fid_reference
    echo "unset multiplot"
  } | gnuplot
}

if [ -n "$images" ]; then
  images=$(from_here "$images")
  labels=$(from_here "$labels")
fi
mkdir -p build "$output"
[ -n "${WGAN_GP-}" ] || build
[ -n "$images" ] || find_data
OMP_NUM_THREADS=1
OPENBLAS_NUM_THREADS=1
export OMP_NUM_THREADS OPENBLAS_NUM_THREADS
commands >"$output/commands"
echo "$(wc -l <"$output/commands") runs to do"
# A line each to a shell of its own; xargs keeps the quotes of none but a whole line.
# shellcheck disable=SC2016 # expanded by that shell
tr '\n' '\0' <"$output/commands" | xargs -0 -r -P "$jobs" -n 1 sh -c 'echo "$1"
  eval "$1" || { echo "this failed, and its log says why: $1" >&2; exit 1; }' run
for pair in $pairs; do
  printf '\n%s, by balance: mean and standard deviation over seeds\n' "$pair"
  table "$pair" | tee "$output/$pair/table.txt"
  curves "$pair"
done
