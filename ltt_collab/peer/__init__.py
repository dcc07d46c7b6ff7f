"""Our presence in rooms: one peer strings joining, reading, deciding and writing together for one room."""
