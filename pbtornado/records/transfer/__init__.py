"""Records out to files and in from files, many at a time."""
