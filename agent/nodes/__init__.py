"""The steps of the graph, in order: observe, diagnose, decide, draft, review, act."""
