"""The commands in which a service of our own runs: ``ltt serve`` and, where none is named, ``ltt mcp``."""
