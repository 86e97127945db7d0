"""Compare a container's scan made at its source with its rescan on arrival, and rank what deserves opening."""

__version__ = "0.1.0"
