"""Findings to an order."""
