#!/bin/sh
# Makes the pictures of README.md anew, from 6,000 made digits of which half are ones:
#
#   sh docs/pictures/make.sh
#
# Installs what is missing (Debian, Ubuntu), builds below build/, and writes contact_sheet.png, classes.svg,
# sorted_weights.svg, steps.svg, curve.svg (this from 2,000) and samples.png (from models trained on 3,000 for
# $PICTURE_STEPS batches, 3,000 unless you say otherwise: a minute) beside this script. The digits are the same on every
# machine, the weights to about seven digits, and so are the pictures to the eye; their bytes also depend on the versions
# of libpng and gnuplot.
set -eu
cd "$(dirname "$0")/../.."
. cmake/prerequisites.sh
need_build_tools
install_missing

cmake -S . -B build/pictures -DCMAKE_BUILD_TYPE=Release -DDIVWEIGHTS_BUILD_TESTS=OFF >/dev/null
cmake --build build/pictures --parallel "$(nproc)" >/dev/null
cmake --install build/pictures --prefix build/pictures/prefix >/dev/null
cmake -S examples/made_digits -B build/made_digits >/dev/null
cmake --build build/made_digits >/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build/made_digits/make_digits --count 6000 --images "$work/images.idx" --labels "$work/labels.idx"
build/pictures/divweights solve "$work/images.idx" --output "$work/weights.npy" --trace "$work/steps.csv" >/dev/null
build/pictures/divweights inspect "$work/images.idx" --labels "$work/labels.idx" --weights "$work/weights.npy" \
  --heaviest 16 --contact-sheet "$work/contact_sheet.png" --trace "$work/steps.csv" --plots "$work/plots" >/dev/null
build/made_digits/make_digits --count 2000 --images "$work/images.idx" --labels "$work/labels.idx"
build/pictures/divweights path "$work/images.idx" --plot "$work/plots/curve.svg" >/dev/null

DIVWEIGHTS_PREFIX=$PWD/build/pictures/prefix \
  sh examples/compare.sh --seeds 1 --steps "${PICTURE_STEPS:-3000}" --samples 80 --output build/pictures/samples >/dev/null

for name in classes sorted_weights steps curve; do
  cp "$work/plots/$name.svg" docs/pictures/
done
cp "$work/contact_sheet.png" docs/pictures/
cp build/pictures/samples/grid.png docs/pictures/samples.png
echo "docs/pictures: contact_sheet.png, classes.svg, sorted_weights.svg, steps.svg, curve.svg, samples.png"
