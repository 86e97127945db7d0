"""Scenes to scans."""
