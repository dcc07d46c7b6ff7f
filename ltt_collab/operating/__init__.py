"""What an operator tells a running service from the command line."""
