"""One module a format; all render the same page."""
