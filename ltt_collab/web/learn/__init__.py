"""The learner's workspace: tasks, checks and progress beside JupyterLab."""
