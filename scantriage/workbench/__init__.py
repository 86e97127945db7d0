"""The web workbench: shows what was computed, records what was decided, computes nothing."""
