"""A registered pair to findings."""
