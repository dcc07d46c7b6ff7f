"""The shared notebook: its replica, reading it, positions in it, and the one writer."""
