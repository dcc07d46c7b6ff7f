"""What survives a restart: in memory for one life, in SQLite for good."""
