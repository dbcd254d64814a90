#!/bin/sh
# Every C and C++ file of the repository is formatted as .clang-format says. Versions of clang-format differ, so only
# Debian 12's judges; with another the test is skipped.
set -eu
cd "$(dirname "$0")/../.."
. tests/lint/clang14.sh
tool=$(clang14 clang-format)
find . \( -path ./build -o -path ./quickstart -o -path ./.git \) -prune -o \
  \( -name '*.c' -o -name '*.h' -o -name '*.hpp' -o -name '*.cpp' \) -print0 | xargs -0 "$tool" --dry-run -Werror
