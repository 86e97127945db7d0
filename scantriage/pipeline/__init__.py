"""Where the rooms meet: read, run, write."""
