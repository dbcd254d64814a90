# shellcheck shell=sh
# clang14 TOOL: its name in version 14; exit status 77, which ctest calls skipped, where there is none.
clang14() {
  for name in "$1-14" "$1"; do
    if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then
      echo "$name"
      return
    fi
  done
  echo "skipped: there is no $1 of version 14 here" >&2
  exit 77
}
