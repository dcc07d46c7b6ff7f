"""⑥ The life of a suggestion, from its place in the notebook to its end."""
