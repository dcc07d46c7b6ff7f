"""A JupyterHub's REST API, and the way to the servers that it runs."""
