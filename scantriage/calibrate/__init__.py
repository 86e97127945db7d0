"""Counts to attenuation."""
