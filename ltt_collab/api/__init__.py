"""The HTTP door: rooms, their events and suggestions, health; everything else is refused as a problem document."""
