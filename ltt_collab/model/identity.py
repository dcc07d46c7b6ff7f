"""Who asks, and what of whom they may see and do: the one set of rules for every door."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ltt_collab.model.ids import CourseId, Username


class Role(StrEnum):
    """What somebody is to this service."""

    LEARNER = "learner"
    """Sees and does what is their own."""
    INSTRUCTOR = "instructor"
    """Sees the learners of their own courses, and may act in their rooms as far as the pages allow."""
    AGENT = "agent"
    """A program that helps: one learner's, a course's, or everybody's."""
    SERVICE = "service"
    """The operator, and our own programs: everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody at a door, as their token or login proves it.

    ``courses``: of an instructor or an agent, None for all. ``learner``: the one learner of an agent, None for all of
    its courses. ``may_write``: propose and write through the gate; ``may_execute``: run code in a learner's kernel.
    """

    name: Username
    role: Role
    courses: frozenset[CourseId] | None = None
    learner: Username | None = None
    may_write: bool = True
    may_execute: bool = True

    @property
    def is_service(self) -> bool:
        """Whether everything is allowed."""
        return self.role is Role.SERVICE

    def may_see_course(self, course: CourseId) -> bool:
        """Whether they may see a course's tasks; never its answers, which no door gives out."""
        return self.role is Role.LEARNER or self.courses is None or course in self.courses

    def may_teach(self, course: CourseId) -> bool:
        """Whether they may see everybody's progress in a course, and act as its instructor."""
        return self.is_service or (self.role is Role.INSTRUCTOR and self.may_see_course(course))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Whose rooms, hints and validations somebody may see; ``taught``: the learners of their courses."""

    principal: Principal
    taught: frozenset[Username] = frozenset()

    def sees(self, learner: Username | None) -> bool:
        """Whether they may see this learner's; None: a room in which no learner was seen yet, which is nobody's."""
        who = self.principal
        match who.role:
            case Role.SERVICE:
                return True
            case Role.LEARNER:
                return learner is not None and learner == who.name
            case Role.INSTRUCTOR:
                return learner is not None and (who.courses is None or learner in self.taught)
            case Role.AGENT:
                if who.learner is not None:
                    return learner == who.learner
                return who.courses is None or (learner is not None and learner in self.taught)
