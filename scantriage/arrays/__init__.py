"""Shared arithmetic: robust statistics and resampling."""
