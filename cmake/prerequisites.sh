# shellcheck shell=sh
# Installs what a build needs and the machine lacks, on Debian and Ubuntu. Sourced by examples/quickstart.sh and
# tests/run.sh, as POSIX sh:
#
#     . cmake/prerequisites.sh
#     need_build_tools
#     need valgrind has valgrind
#     install_missing

missing=

# need PACKAGE CHECK...: the package is missing where the check fails.
need() {
  package=$1
  shift
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}

has() { command -v "$1"; }

compiles() { echo 'int main(void) { return 0; }' | "$1" -x "$2" -o /dev/null -; }

# The same search as CMake's in tests/CMakeLists.txt: the first python3 of the PATH that can import what is asked for.
python_imports() {
  old_ifs=$IFS
  IFS=:
  for folder in $PATH; do
    if [ -x "$folder/python3" ] && "$folder/python3" -c "import $1"; then
      IFS=$old_ifs
      return 0
    fi
  done
  IFS=$old_ifs
  return 1
}

need_build_tools() {
  need gcc compiles cc c
  need libc6-dev compiles cc c
  need cmake has cmake
  need make has make
  need pkg-config has pkg-config
  need libopenblas-dev pkg-config --exists openblas
  need liblapacke-dev pkg-config --exists lapacke
  need zlib1g-dev pkg-config --exists zlib
  need libminizip-dev pkg-config --exists minizip
  need libpng-dev pkg-config --exists libpng
  need gnuplot-nox has gnuplot
}

install_missing() {
  if [ -n "$missing" ]; then
    install_packages
  fi
  found=$(cmake --version | sed -n 's/^cmake version //p')
  if [ "$(printf '%s\n3.25\n' "$found" | sort -V | head -n 1)" != 3.25 ]; then
    echo "cmake $found is too old: 3.25 or newer is needed (Debian 12, Ubuntu 24.04, or https://cmake.org)." >&2
    exit 1
  fi
}

install_packages() {
  if ! has apt-get >/dev/null; then
    echo "Missing, by their Debian names:$missing" >&2
    echo "This machine has no apt-get; install them with its own package manager and start again." >&2
    exit 1
  fi
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    as_root=sudo
    if ! has sudo >/dev/null; then
      echo "Missing packages:$missing" >&2
      echo "Install them as root: apt-get install$missing" >&2
      exit 1
    fi
  fi
  echo "Installing what is missing:$missing"
  # shellcheck disable=SC2086 # the list is meant to be split
  if apt-cache show $missing >/dev/null 2>&1 && apt_install $missing; then
    return
  fi
  # Package lists that are absent or old are the usual reason. Then one by one, to name the package that fails.
  $as_root apt-get update -q || echo "apt-get update failed; going on with the package lists there are." >&2
  # shellcheck disable=SC2086
  if apt_install $missing; then
    return
  fi
  for package in $missing; do
    if ! apt_install "$package"; then
      echo "The package $package could not be installed; apt-get says why above." >&2
      exit 1
    fi
  done
}

apt_install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}
