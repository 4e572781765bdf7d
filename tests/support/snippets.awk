# SPDX-License-Identifier: Apache-2.0
# awk -v stem=NAME -v out=FOLDER -f snippets.awk PAGE.md
#
# Writes each ```cpp block of a Markdown page to FOLDER/NAME_<n>.cpp and lists it on standard output:
#
#   NAME_<n> program|fragment output|- [component]...
#
# A block is a complete program, with a main function, or follows the comment `<!-- snippet: fragment -->`.
# `<!-- snippet: threads -->` (or json; words may be combined) says that the block needs a component.
# `<!-- output -->` before the next block, a ```text one, says that the program prints exactly that; it goes to
# FOLDER/NAME_<n>.txt.

function fail(text) {
  print "line " NR ": " text > "/dev/stderr"
  failed = 1
  exit 1
}

function finish() {  # lists the snippet read last, once it is known whether an output follows
  if (name != "") print name, kind, output, components
  name = ""
}

/^[ \t]*```/ {
  if (block != "") {
    if (block == "cpp" && kind == "program" && !has_main)
      fail("the block that ends here has no main function and no comment <!-- snippet: fragment -->")
    if (block != "other") close(file)
    block = ""
    next
  }
  if ($0 ~ /^```cpp[ \t]*$/) {
    finish()
    block = "cpp"
    name = stem "_" ++count
    file = out "/" name ".cpp"
    kind = "program"
    components = ""
    words = split(directive, word, /[ \t,]+/)
    for (i = 1; i <= words; ++i)
      if (word[i] == "fragment") kind = "fragment"
      else if (word[i] == "threads" || word[i] == "json") components = components " " word[i]
      else if (word[i] != "") fail("<!-- snippet: " directive " -->: '" word[i] "' is not known")
    output = "-"
    has_main = 0
    printf "" > file
  } else if (expect_output) {
    if ($0 !~ /^```text[ \t]*$/ || name == "" || kind != "program")
      fail("<!-- output --> has to stand between a program and a ```text block")
    block = "text"
    output = "output"
    file = out "/" name ".txt"
    printf "" > file
  } else {
    finish()
    block = "other"
  }
  directive = ""
  expect_output = 0
  next
}

block == "cpp" {
  if ($0 ~ /(^|[^A-Za-z0-9_])main[ \t]*\(/) has_main = 1
  print > file
  next
}
block == "text" {
  print > file
  next
}
block == "other" { next }

/^[ \t]*<!-- snippet:.*-->[ \t]*$/ {
  directive = $0
  sub(/^[ \t]*<!-- snippet:[ \t]*/, "", directive)
  sub(/[ \t]*-->[ \t]*$/, "", directive)
}
/^[ \t]*<!-- output -->[ \t]*$/ { expect_output = 1 }

END {
  if (!failed) {
    if (block != "") fail("the last block has no end")
    if (expect_output) fail("<!-- output --> without a ```text block behind it")
    finish()
  }
}
