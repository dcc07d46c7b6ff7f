"""Brings a database's tables to what this version needs, whatever version made them."""
