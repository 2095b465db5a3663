# Writes generated text between two marks of a document.
# SPDX-License-Identifier: Apache-2.0


def replace(path, mark, text):
    """What stands between <!-- mark --> and <!-- /mark --> in the file becomes `text`."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->\n"
    old = open(path).read()
    at, to = old.index(begin) + len(begin), old.index(end)
    open(path, "w").write(old[:at] + text + old[to:])
