"""One reader a format; each hands on statements about persons."""
