"""Deterministic help: findings from error outputs and from the source, with no model and no kernel."""
