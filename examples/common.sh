# shellcheck shell=sh disable=SC2154
# What the scripts of this folder share. Sourced by them in the root of the clone, after cmake/prerequisites.sh:
#
#     log=build/NAME.log      where what they build tells its story
#     here=FOLDER             where the caller was
#     report=WEIGHTS.json     what from_report reads

# A path of the caller's, as seen from the clone.
from_here() {
  case $1 in
  /*) path=$1 ;;
  *) path=$here/$1 ;;
  esac
  if [ ! -r "$path" ]; then
    echo "$(basename "$0" .sh): $1: there is no such file" >&2
    exit 1
  fi
  echo "${path#"$PWD/"}"
}

bold=
plain=
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
  bold=$(printf '\033[1m')
  plain=$(printf '\033[0m')
fi

heading() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

quietly() { # COMMAND...
  if ! "$@" >>"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "$(basename "$0" .sh): this failed: $* (all of its output is in $log)" >&2
    exit 1
  fi
}

# The command, in build/release.
build_command() {
  mkdir -p build
  : >"$log"
  quietly cmake --preset release -DDIVWEIGHTS_BUILD_TESTS=OFF -DDIVWEIGHTS_BUILD_BENCH=OFF
  quietly cmake --build --preset release --parallel "$(nproc)"
}

# The library and the command for examples to stand on: those in $DIVWEIGHTS_PREFIX, or else built and installed in
# build/prefix.
install_command() {
  mkdir -p build
  : >"$log"
  prefix=$PWD/build/prefix
  if [ -z "${DIVWEIGHTS_PREFIX-}" ]; then
    build_command
    quietly cmake --install build/release --prefix "$prefix"
  else
    prefix=$(cd "$here" && cd "$DIVWEIGHTS_PREFIX" && pwd)
  fi
}

# examples/NAME, in build/NAME.
build_example() { # NAME
  quietly cmake -S "examples/$1" -B "build/$1" "-DCMAKE_PREFIX_PATH=${prefix-}"
  quietly cmake --build "build/$1"
}

# What $report, beside weights that the command wrote, says under a name.
from_report() { # NAME
  sed -n "s/^  \"$1\": \"\{0,1\}\([^,\"]*\).*/\1/p" "$report"
}
