"""Examples to learn from, training, evaluation."""
