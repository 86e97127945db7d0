"""How fast, how large, how good: measured, with the answers checked and the machine named."""
