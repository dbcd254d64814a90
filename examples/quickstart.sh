#!/bin/sh
# From a file of examples to diversity weights and training batches: inspect, solve, score, sample.
#
#   sh examples/quickstart.sh                  on 6,000 made digits, half of which are ones
#   sh examples/quickstart.sh FILE [LABELS]    on yours: .npy or IDX, gzipped or not, one example per row; LABELS, one
#                                              whole number per row, only serve to show what the weights do
#
# Installs what is missing (Debian, Ubuntu), builds the command in build/release, and leaves everything it finds in
# quickstart/, both below this clone.
set -eu

case ${1-} in
-h | --help)
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
  exit 0
  ;;
esac

here=$PWD
cd "$(dirname "$0")/.."
. cmake/prerequisites.sh
log=build/quickstart.log
. examples/common.sh

report=quickstart/weights.json
tool=build/release/divweights
out=quickstart

# The command as one would type it.
print_command() {
  line='$'
  for word in "$@"; do
    case $word in
    *[!A-Za-z0-9_./,:=+-]*) line="$line '$word'" ;;
    *) line="$line $word" ;;
    esac
  done
  printf '\n%s%s%s\n' "$bold" "$line" "$plain"
}

show() {
  print_command "$@"
  "$@"
}

make_digits() {
  build_example made_digits
  data=$out/images.idx
  labels=$out/labels.idx
  show build/made_digits/make_digits --count 6000 --images "$data" --labels "$labels"
}

# Ctrl-C ends the solve and keeps the best weights so far; the rest then goes on with those.
solve() {
  trap true INT
  status=0
  show "$tool" solve "$data" --output $out/weights.npy --trace $out/steps.csv || status=$?
  trap - INT
  if [ $status -ne 0 ] && { [ $status -ne 130 ] || [ ! -e $out/weights.npy ]; }; then
    exit $status
  fi
}

pictures() {
  set -- "$tool" inspect "$data" "$@" --weights $out/weights.npy --heaviest 24
  # Rows that are no images, for one, make no sheet.
  if "$@" --contact-sheet $out/sheet.png >/dev/null 2>&1; then
    set -- "$@" --contact-sheet $out/sheet.png
  fi
  set -- "$@" --trace $out/steps.csv --plots $out/plots
  print_command "$@"
  "$@" >$out/inspect.txt
  echo "(what it prints is in $out/inspect.txt)"
}

rounded() { LC_ALL=C awk -v x="$1" -v format="$2" 'BEGIN { printf format, x }'; }

summary() {
  heading 'Before and after'
  if [ -n "$labels" ]; then
    echo
    sed -n '/^ *class /,/^$/p' $out/inspect.txt
  else
    echo
  fi
  before=$(rounded "$(from_report vendi_score_uniform)" %.2f)
  after=$(rounded "$(from_report vendi_score)" %.2f)
  cat <<END
Vendi Score  $before -> $after: drawn with the weights, the data are as diverse as
             $after completely different examples; drawn evenly, as $before
gap          $(rounded "$(from_report gap)" %.1e) nats: proven distance to the best weights there are
             ($(from_report stop_reason); balance $(from_report balance) between diversity and evenness)
END

  heading "What is in $out/"
  cat <<END
weights.npy  one probability per row of $data; weights.json is its report
draws.npy    10,000 row numbers drawn with them: the examples to train on, in order
END
  if [ -e $out/sheet.png ]; then
    echo 'sheet.png    the images with the largest and with the smallest weights'
  fi
  echo 'plots/       classes, sorted weights, spectrum and steps, as SVG and PNG'

  heading 'Next'
  if [ "$data" = $out/images.idx ]; then
    echo 'your own data    sh examples/quickstart.sh embeddings.npy'
  fi
  cat <<END
more diverse     $tool solve FILE --balance 0.9 --output weights.npy
all there is     $tool --help
in a model       sh examples/compare.sh trains one evenly and one with weights, and compares what they make
from a program   README.md, and examples/02_solve and 03_training_loop
to read          cmake --build build/release --target docs (needs doxygen and libjs-mathjax), then open
                 build/release/docs/html/index.html
END
}

data=
labels=
if [ $# -gt 0 ]; then
  data=$(from_here "$1")
  if [ $# -gt 1 ]; then
    labels=$(from_here "$2")
  fi
fi
need_build_tools
install_missing
echo 'Building the command in build/release; all of the output goes to build/quickstart.log.'
build_command

mkdir -p $out
(cd $out && rm -rf weights.npy weights.json steps.csv draws.npy sheet.png inspect.txt plots)
heading '1. The data'
if [ -z "$data" ]; then
  make_digits
fi
if [ -n "$labels" ]; then
  set -- --labels "$labels"
else
  set --
fi
show "$tool" inspect "$data" "$@"

heading '2. Weights that make them as diverse as they can be, with a proof'
solve

heading '3. Their diversity, measured again from the two files'
show "$tool" score "$data" --weights $out/weights.npy

heading '4. Batches: eight rows to train on, then ten thousand'
show "$tool" sample $out/weights.npy --count 8
show "$tool" sample $out/weights.npy --count 10000 --output $out/draws.npy

heading '5. Pictures'
pictures "$@"

summary
