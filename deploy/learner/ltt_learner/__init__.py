"""Makes a learner's Jupyter server keep every letter: a gap-free history, prompt sockets, a clean goodbye."""

from __future__ import annotations

__version__ = "0.1.0"


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """Where Jupyter Server finds the extension."""
    # Imported here so that `ltt_learner.__version__` costs no server.
    from ltt_learner.extension import LearnerExtension  # noqa: PLC0415

    return [{"module": "ltt_learner", "app": LearnerExtension}]
