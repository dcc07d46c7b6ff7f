"""Who may come in by any door, and what they see behind it."""
