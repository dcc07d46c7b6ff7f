"""One module a revision; the newest makes what ``schema`` says."""
