"""The instructor's wall: the class live, and the means to act."""
