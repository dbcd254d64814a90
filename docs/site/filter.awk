# Markdown as code hosts show it -> Markdown as Doxygen takes it, so that every page reads well in both:
#
#     $x$, $$x$$, ```math          formulas
#     [text](page.md#section)      references that Doxygen checks; sections have the ids that code hosts give them
#     [text](../src/file.c)        the text alone: such files are not part of the site
#     ![text](../folder/picture)   without the folder: Doxygen finds pictures by name
#     # Title                      gets the name of the file as its id, and long pages a table of contents
#
# Code is left alone: in fences, indented, between backticks.

function id_of_heading(text) {
  text = tolower(text)
  gsub(/[^a-z0-9 _-]/, "", text)
  gsub(/ /, "-", text)
  return page "-" text
}

function formulas(text,    out) {
  while (match(text, /\$[^ $]([^$]*[^ $])?\$/)) {
    out = out substr(text, 1, RSTART - 1) "\\f$" substr(text, RSTART + 1, RLENGTH - 2) "\\f$"
    text = substr(text, RSTART + RLENGTH)
  }
  return out text
}

function link(text, target,    name, section) {
  if (target ~ /^[a-z]+:/) return "[" text "](" target ")"
  name = section = target
  sub(/#.*/, "", name)
  sub(/^[^#]*#?/, "", section)
  sub(/.*\//, "", name)
  if (target ~ /\.h$/) return "[" text "](@ref " name ")"
  if (name != "" && name !~ /\.md$/ || name == "README.md") return text
  sub(/\.md$/, "", name)
  if (name == "") name = page
  return "[" text "](@ref " name (section == "" ? "" : "-" section) ")"
}

function links(text,    out, found, middle, target) {
  while (match(text, /!?\[[^]]*\]\([^) ]*\)/)) {
    out = out substr(text, 1, RSTART - 1)
    found = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    middle = index(found, "](")
    target = substr(found, middle + 2, length(found) - middle - 2)
    if (found ~ /^!/) sub(/.*\//, "", target)
    out = out (found ~ /^!/ ? substr(found, 1, middle + 1) target ")" : link(substr(found, 2, middle - 2), target))
  }
  return out text
}

# Code between backticks is put aside, so that links around it can be seen as a whole.
function translate(text,    aside, count, k) {
  while (match(text, /`[^`]+`/)) {
    aside[++count] = substr(text, RSTART, RLENGTH)
    text = substr(text, 1, RSTART - 1) "\001" count "\002" substr(text, RSTART + RLENGTH)
  }
  text = links(formulas(text))
  for (k = 1; k <= count; k++) {
    match(text, "\001" k "\002")
    text = substr(text, 1, RSTART - 1) aside[k] substr(text, RSTART + RLENGTH)
  }
  return text
}

FNR == 1 { page = FILENAME; sub(/.*\//, "", page); sub(/\.md$/, "", page); blank = 1 }
{ line[++lines] = $0 }

/^```math$/ { math = 1; line[lines] = "\\f["; next }
/^```/ && math { math = 0; line[lines] = "\\f]"; next }
/^\$\$$/ { math = !math; line[lines] = math ? "\\f[" : "\\f]"; next }
/^```/ { fence = !fence; next }
fence || math { next }
/^\$\$.+\$\$$/ { line[lines] = "\\f[" substr($0, 3, length($0) - 4) "\\f]"; next }
/^    / && blank { next } # an indented block goes on until a line that is not indented
{ blank = $0 == "" || (/^    / && blank) }
/^# / && title == 0 {
  title = lines
  if (page != "index") line[lines] = $0 " {#" page "}" # Doxygen keeps that name for the main page
  next
}
/^##+ / {
  heading = $0
  sub(/^#+ /, "", heading)
  sections += /^## /
  line[lines] = translate($0) " {#" id_of_heading(heading) "}"
  next
}
{ line[lines] = translate($0) }

END {
  for (k = 1; k <= lines; k++) {
    print line[k]
    if (k == title && sections > 3) print "\n[TOC]"
  }
}
