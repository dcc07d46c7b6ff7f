"""The tutors that are installed on this machine, ours and anybody's."""

from __future__ import annotations

from importlib.metadata import entry_points

from ltt_collab.ports.tutor import TUTOR_GROUP, Tutor, TutorConfig


def load_tutors(config: TutorConfig) -> list[Tutor]:
    """Every installed tutor, by the entry-point group ``ltt_collab.tutors``."""
    return [entry.load()(config) for entry in entry_points(group=TUTOR_GROUP)]
