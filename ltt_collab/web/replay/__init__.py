"""A session over again, from its recorded events."""
