#!/bin/sh
# Installs what is missing (Debian, Ubuntu), builds, and runs every test with ctest.
#
#   sh tests/run.sh             all tests in the sanitizer build, then in the release build with those of packaging,
#                               ABI, leaks (valgrind) and style (clang-format, clang-tidy)
#   sh tests/run.sh --release   the release build alone
#   sh tests/run.sh --sanitize  the sanitizer build alone
#   sh tests/run.sh --lint      style alone
#   sh tests/run.sh --long      the tests that take minutes, which no other run has, in the release build
#   sh tests/run.sh --coverage  all tests in a build that counts; prints line and branch coverage of src
#
# Exit status: 0 all passed; 1 (or what failed says) otherwise, at the first build whose tests fail.
set -eu
cd "$(dirname "$0")/.."
. cmake/prerequisites.sh

usage() {
  sed -n 's/^# \{0,1\}//; 2,/^Exit/p' tests/run.sh
}

test_build() { # PRESET [ctest options]
  preset=$1
  shift
  echo "== $preset build =="
  cmake --preset "$preset"
  cmake --build --preset "$preset" --parallel "$(nproc)"
  ctest --preset "$preset" "$@"
}

builds="sanitize release"
case ${1-} in
'') ;;
--release | --sanitize | --coverage) builds=${1#--} ;;
--lint | --long) builds=${1#--} ;;
-h | --help)
  usage
  exit 0
  ;;
*)
  usage >&2
  exit 2
  ;;
esac

need_build_tools
need g++ compiles c++ c++
need libcmocka-dev pkg-config --exists cmocka
need python3 has python3
need python3-numpy python_imports numpy
need python3-pil python_imports PIL
need valgrind has valgrind
need clang-format has clang-format
need clang-tidy has clang-tidy
need doxygen has doxygen
need libjs-mathjax test -e /usr/share/javascript/mathjax/MathJax.js
install_missing

for build in $builds; do
  case $build in
  lint) test_build release -L lint ;;
  long) test_build release -C Long -L long ;;
  coverage)
    find build/coverage -name '*.gcda' -delete 2>/dev/null || true
    test_build coverage
    python3 tests/support/coverage.py build/coverage
    ;;
  *) test_build "$build" ;;
  esac
done
