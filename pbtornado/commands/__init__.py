"""Commands of the command line that do something in a data directory. What they need is imported when they run."""
