#!/bin/sh
# clang-tidy finds nothing in src and in examples in C and C++ that need no other library, with the checks of .clang-tidy.
#   sh tests/lint/tidy.sh BUILD    the folder of compile_commands.json
# Every version has other checks, so only Debian 12's judges; with another the test is skipped.
set -eu
build=$1
cd "$(dirname "$0")/../.."
. tests/lint/clang14.sh
tool=$(clang14 clang-tidy)
# -UNDEBUG: what is asserted is known to the analyser. stderr only counts the warnings in system headers.
find src -name '*.c' -print0 | xargs -0 -n 4 -P "$(nproc)" "$tool" --quiet -p "$build" --extra-arg=-UNDEBUG 2>/dev/null
# shellcheck disable=SC2016 # expanded by the inner shell
find examples -name '*.c' -print0 |
  xargs -0 sh -c 'tool=$1; shift; "$tool" --quiet "$@" -- -std=c11 -Iinclude' sh "$tool" 2>/dev/null
"$tool" --quiet --checks=-misc-non-private-member-variables-in-classes examples/cpp/*.cpp -- -std=c++17 -Iinclude \
  2>/dev/null
