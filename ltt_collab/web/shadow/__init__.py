"""An instructor looks over a learner's shoulder: the notebook as it is typed, read-only."""
