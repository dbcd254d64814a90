#!/bin/sh
# Writes the manual page of the command from what its --help says, so that the two cannot disagree.
#
#     sh cmake/manpage.sh COMMAND DIVWEIGHTS.1
set -eu
command=$1
page=$2
verbs=$("$command" --help | sed -n 's/^  \([a-z]\{1,\}\)  *[a-z].*/\1/p' | grep -v '^divweights$')
version=$("$command" --version)

# The help texts one after another, each begun by a line with the byte 1 and the verb (none for the command itself).
help_texts() {
  printf '\001\n'
  "$command" --help
  for verb in $verbs; do
    printf '\001%s\n' "$verb"
    "$command" "$verb" --help
  done
}

trap 'rm -f "$page.tmp"' EXIT
help_texts | awk -v version="$version" '
  function roff(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text ~ /^[.\047]/ ? "\\&" text : text
  }
  # The part of a help text that the line begins, if it begins one.
  function begins(line) {
    if (line ~ /^usage: /) return "usage"
    if (line == "flags:") return "flags"
    if (line == "examples:") return "examples"
    if (line ~ /^exit status: /) return "status"
    return ""
  }
  function describe(line) {
    description = description (line == "" ? ".PP\n" : roff(line) "\n")
  }

  /^\001/ { verb = substr($0, 2); part = "title"; description = description (verb == "" ? "" : ".SS " verb "\n"); next }
  begins($0) { part = begins($0) }

  part == "title" && verb == "" { describe($0) }
  part == "title" && verb != "" && sub(/^divweights [a-z]+: /, "") {
    describe(toupper(substr($0, 1, 1)) substr($0, 2) ".")
    next
  }
  part == "usage" && sub(/^usage: divweights [a-z]+ /, "") {
    synopsis = synopsis ".B divweights " verb "\n" roff($0) "\n.br\n"
    part = "about"
    next
  }
  part == "about" { describe($0) }
  part == "flags" && match($0, /^  (-h, )?--[a-z-]+( [^ ]+)?/) {
    heading = substr($0, 3, RLENGTH - 2)
    rest = substr($0, RLENGTH + 1)
    sub(/^ +/, "", rest)
    name = heading
    value = ""
    if (match(heading, / [^ -][^ ]*$/)) {
      name = substr(heading, 1, RSTART - 1)
      value = " \\fI" roff(substr(heading, RSTART + 1)) "\\fR"
    }
    description = description ".TP\n\\fB" roff(name) "\\fR" value "\n" roff(rest) "\n"
    next
  }
  part == "flags" && sub(/^   +/, "") { describe($0) }
  part == "examples" && /^ / { sub(/^  /, ""); examples = examples roff($0) "\n" }
  part == "status" && verb == "" { sub(/^exit status: /, ""); status = status roff($0) "\n" }

  END {
    printf ".TH DIVWEIGHTS 1 \"\" \"%s\" \"User Commands\"\n", version
    printf ".SH NAME\ndivweights \\- diversity weights for training examples, with a proof, and batches drawn with them\n"
    printf ".SH SYNOPSIS\n%s.B divweights help\n[VERB]\n.br\n.B divweights \\-\\-version\n", synopsis
    printf ".SH DESCRIPTION\n%s.SH EXAMPLES\n.nf\n%s.fi\n", description, examples
    printf ".SH EXIT STATUS\n%s", status
    printf ".SH FILES\n"
    printf ".TP\n.I weights.npy\nThe weights: one float64 per selected row, in the order of the rows, with sum 1.\n"
    printf ".TP\n.I weights.json\nBeside it, the report: what \\fB\\-\\-json\\fR prints.\n"
    printf ".TP\n.I rows.npy\nThe row number in INPUT of every weight (\\fB\\-\\-rows\\-output\\fR), as int64.\n"
    printf ".SH SEE ALSO\nBerns, Colton, Guckelsberger:\n"
    printf ".I Towards Mode Balancing of Generative Models via Diversity Weights\n(ICCC 2023, arXiv 2304.11961).\n"
  }' >"$page.tmp"
mv "$page.tmp" "$page"
