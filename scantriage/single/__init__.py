"""One scan without a partner."""
