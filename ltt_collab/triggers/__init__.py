"""④ Decides, at workflow boundaries, that something is worth doing."""
