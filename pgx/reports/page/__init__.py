"""What a page says, before any format: lines, words, look-ups."""
