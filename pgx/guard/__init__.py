"""Guards at the doors: how much is read, which bytes, what reaches a terminal, and files that appear whole."""
