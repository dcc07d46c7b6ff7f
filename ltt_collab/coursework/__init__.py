"""What authors do with a course: lint it on a real judge, look at it, publish it."""
