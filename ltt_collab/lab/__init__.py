"""A real JupyterLab as a child process, for whoever shows, measures or tests something in one."""
