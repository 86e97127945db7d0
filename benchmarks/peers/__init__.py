"""Other ways to compare two scans, each built on a library as whoever takes that library would, beside scantriage."""
