"""``ltt replay``: a recorded session in a terminal."""
