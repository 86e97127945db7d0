"""Whether rates changed: pure functions over daily counts."""
