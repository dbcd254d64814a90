#!/bin/sh
# Do weights make what a model learns more diverse? Trains the same small generator (examples/trainer) evenly and with
# diversity weights, from several seeds, and measures what comes out with `divweights evaluate`.
#
#   sh examples/compare.sh                    on made digits, of which half are ones
#   sh examples/compare.sh IMAGES [options]   on yours, for example
#     sh examples/compare.sh t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz --classes 0,1
#
#   --labels FILE    one whole number per row: shares of the classes are measured, too
#   --classes A,B    only rows with these labels
#   --rows FILE      only these rows
#   --counts LIST    only so many rows of each label, the first ones: "1=1135 0=60"
#   --balance B      of the weights, between diversity (1) and evenness (0); default 0.5
#   --seeds N        train from seeds 0 .. N-1 (default 5)
#   --steps N        batches of 128 to train on (default 3000)
#   --samples N      how many images are made and measured (default: as many as there are rows)
#   --count N        made digits: how many (default 3000)
#   --shares A,B,..  made digits: how frequent 0, 1, ... are
#   --output DIR     where results go (default build/compare; build/... is below the clone)
#
# Installs what is missing (Debian, Ubuntu), builds below build/, or uses what is installed in $DIVWEIGHTS_PREFIX.
# Leaves in DIR: table.txt, which is printed; results.csv, every number of it by seed; grid.png, samples of seed 0, even
# on the left, with weights on the right; the weights and all samples.
set -eu

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }

here=$PWD
script=$0
data=
labels=
classes=
rows=
counts=
balance=0.5
seeds=5
steps=3000
samples=
count=3000
shares=
out=build/compare
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  --labels | --classes | --rows | --counts | --balance | --seeds | --steps | --samples | --count | --shares | --output)
    if [ $# -lt 2 ]; then
      echo "compare: $1 needs a value: see --help" >&2
      exit 2
    fi
    case $1 in
    --output) out=$2 ;;
    *) eval "${1#--}=\$2" ;;
    esac
    shift
    ;;
  -*)
    echo "compare: $1 is no option: see --help" >&2
    exit 2
    ;;
  *) data=$1 ;;
  esac
  shift
done
if [ -z "$data" ] && [ -n "$labels$rows$counts" ]; then
  echo "compare: --labels, --rows and --counts are about IMAGES, which is missing" >&2
  exit 2
fi
if [ -n "$counts" ] && { [ -z "$labels" ] || [ -n "$rows" ]; }; then
  echo "compare: --counts needs --labels and makes --rows" >&2
  exit 2
fi
case $seeds in
'' | *[!0-9]* | 0)
  echo "compare: --seeds is $seeds, expected a whole number of at least 1" >&2
  exit 2
  ;;
esac

cd "$(dirname "$script")/.."
case $out in
/* | build/*) ;;
*) out=$here/$out ;;
esac
report=$out/weights.json
log=build/compare.log
. cmake/prerequisites.sh
. examples/common.sh

# Results of an earlier call are replaced, other files never.
check_output() {
  if [ -e "$out" ] && [ ! -e "$out/results.csv" ] && [ -n "$(ls -A "$out")" ]; then
    echo "compare: $out: is there already, and not from here: expected a new folder" >&2
    exit 1
  fi
}

build() {
  need_build_tools
  install_missing
  install_command
  build_example trainer
  tool=$prefix/bin/divweights
  mkdir -p "$out"
  (cd "$out" && rm -f table.txt grid.png weights.* uniform_* weights_* && : >results.csv)
}

make_digits() {
  build_example made_digits
  data=$out/images.idx
  labels=$out/labels.idx
  quietly build/made_digits/make_digits --count "$count" ${shares:+--shares "$shares"} --images "$data" --labels "$labels"
}

# The numbers of `evaluate --json`, a line each: KIND,SEED,NAME,VALUE; classes as class_LABEL_of_WHAT.
numbers() { # KIND SEED
  tr '{},' '[\n*]' | tr -d '" []' | LC_ALL=C awk -F: -v place="$1,$2" '
    $1 == "warnings" { exit }
    $2 == "null" { next }
    $1 == "label" { label = $2 }
    $1 == "modes" || $1 == "seed" { inside = $1 == "modes" }
    inside && $1 ~ /^(reference|weighted|generated)$/ { print place ",class_" label "_of_" $1 "," $2 }
    $1 ~ /^(fid|precision|recall|density|coverage|vendi_score_(reference|weighted|generated))$/ {
      print place "," $1 "," $2
    }'
}

# One run: train, sample, measure against the weighted data, and FID also against the data as they are.
run() { # KIND WEIGHTS SEED SELECTION...
  kind=$1
  weights=$2
  seed=$3
  shift 3
  name=${kind}_$seed
  build/trainer/trainer "$data" "$@" --weights "$weights" --seed "$seed" --steps "$steps" --means \
    --samples "$samples" --output "$out/$name.npy"
  "$tool" evaluate "$data" "$out/$name.npy" "$@" --weights "$out/weights.npy" --resamples 0 --json --threads 1 \
    --metrics "fid,prdc,vendi${labels:+,modes}" >"$out/$name.json"
  "$tool" evaluate "$data" "$out/$name.npy" "$@" --metrics fid --json --threads 1 >"$out/$name.fid.json"
  numbers "$kind" "$seed" <"$out/$name.json" >"$out/$name.csv"
  numbers "$kind" "$seed" <"$out/$name.fid.json" | sed 's/,fid,/,fid_to_data,/' >>"$out/$name.csv"
}

# Both kinds from one seed, at once, on a thread each.
run_both() { # SEED SELECTION...
  seed=$1
  shift
  echo "seed $seed"
  run uniform uniform "$seed" "$@" >"$out/uniform_$seed.log" 2>&1 &
  even=$!
  run weights "$out/weights.npy" "$seed" "$@" >"$out/weights_$seed.log" 2>&1 &
  weighted=$!
  failed=
  wait "$even" || failed=uniform
  wait "$weighted" || failed=weights
  if [ -n "$failed" ]; then
    cat "$out/${failed}_$seed.log" >&2
    exit 1
  fi
  cat "$out/uniform_$seed.csv" "$out/weights_$seed.csv" >>"$out/results.csv"
}

# Mean and standard deviation over seeds; the standard deviation is that of a sample, left out with one seed.
table() {
  LC_ALL=C awk -F, '
    function spread(kind, name) {
      n = count[kind, name]
      if (!n) return "not defined"
      mean = sum[kind, name] / n
      for (s = 0; s < n; s++) square[s] = (value[kind, name, s] - mean) ^ 2
      total = 0
      for (s = 0; s < n; s++) total += square[s]
      format = mean >= 1000 ? "%.0f" : mean >= 100 ? "%.1f" : mean >= 10 ? "%.2f" : "%.3f"
      text = sprintf(format, mean)
      return n > 1 ? text " +- " sprintf(format, sqrt(total / (n - 1))) : text
    }
    function line(title, data, weighted, name) {
      printf "%-22s %9s %9s   %20s %20s\n", title, data, weighted, spread("uniform", name), spread("weights", name)
    }
    FNR == 1 && NR == 1 { next }
    {
      if ($3 ~ /^class_.*_generated$/ && !($3 in known)) {
        known[$3] = 1
        classes[++class_count] = $3
      }
      sum[$1, $3] += $4
      value[$1, $3, count[$1, $3]++] = $4
    }
    END {
      printf "%-22s %9s %9s   %20s %20s\n", "", "data", "weighted", "output, even", "output, weights"
      first = sprintf("%.3f", value["uniform", "vendi_score_reference", 0])
      second = sprintf("%.3f", value["uniform", "vendi_score_weighted", 0])
      line("Vendi Score", first, second, "vendi_score_generated")
      line("FID to weighted data", "", "", "fid")
      line("FID to data", "", "", "fid_to_data")
      line("precision", "", "", "precision")
      line("recall", "", "", "recall")
      line("density", "", "", "density")
      line("coverage", "", "", "coverage")
      for (k = 1; k <= class_count; k++) {
        name = classes[k]
        label = name
        gsub(/^class_|_of_generated$/, "", label)
        stem = "class_" label "_of_"
        line("share of class " label, sprintf("%.3f", value["uniform", stem "reference", 0]),
             sprintf("%.3f", value["uniform", stem "weighted", 0]), name)
      }
      printf "\n%-22s %9s   %20s %20s\n", "Vendi Score by seed", "ratio", "output, even", "output, weights"
      for (s = 0; s < count["uniform", "vendi_score_generated"]; s++) {
        even = value["uniform", "vendi_score_generated", s]
        weighted = value["weights", "vendi_score_generated", s]
        printf "%-22s %9.2f   %20.3f %20.3f\n", "seed " s, weighted / even, even, weighted
      }
    }' "$out/results.csv"
}

# With the flags that select rows, which solve, trainer and evaluate share.
compare() { # SELECTION...
  quietly "$tool" solve "$data" "$@" --balance "$balance" --output "$out/weights.npy"
  echo "weights: $(from_report n) rows, Vendi Score $(from_report vendi_score_uniform) -> $(from_report vendi_score)"
  samples=${samples:-$(from_report n)}
  echo kind,seed,name,value >"$out/results.csv"
  seed=0
  while [ "$seed" -lt "$seeds" ]; do
    run_both "$seed" "$@"
    seed=$((seed + 1))
  done
  quietly build/trainer/grid "$out/grid.png" "$out/uniform_0.npy" "$out/weights_0.npy"
  echo
  table | tee "$out/table.txt"
  echo
  echo "$out/grid.png: samples of seed 0, even on the left, with weights on the right"
}

if [ -n "$data" ]; then
  data=$(from_here "$data")
fi
if [ -n "$labels" ]; then
  labels=$(from_here "$labels")
fi
if [ -n "$rows" ]; then
  rows=$(from_here "$rows")
fi
check_output
echo "Building in build/; what that says goes to $log."
build
if [ -z "$data" ]; then
  make_digits
fi
if [ -n "$counts" ]; then
  rows=$out/chosen.npy
  # shellcheck disable=SC2086 # a list of LABEL=COUNT
  quietly build/trainer/thin "$labels" "$rows" $counts
fi
set --
if [ -n "$labels" ]; then
  set -- "$@" --labels "$labels"
fi
if [ -n "$classes" ]; then
  set -- "$@" --classes "$classes"
fi
if [ -n "$rows" ]; then
  set -- "$@" --rows "$rows"
fi
compare "$@"
