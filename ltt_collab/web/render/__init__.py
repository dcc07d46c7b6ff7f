"""Notebook content as safe HTML: whatever a notebook holds, nothing of it runs, loads or leaves."""
