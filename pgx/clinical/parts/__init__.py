"""Large tables read in parts, each of whole persons."""
