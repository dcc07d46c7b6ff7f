"""What a tutor is measured by: labelled errors, valid code, leaks, attacks."""
