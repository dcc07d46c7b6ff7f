"""Rules about code that raises nothing and still does not do what it seems to."""
