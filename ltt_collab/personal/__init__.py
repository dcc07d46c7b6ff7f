"""``ltt data``: what an operator does with one learner's data."""
