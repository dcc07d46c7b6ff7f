"""What goes on in the class just now, gathered from the rooms' events."""
