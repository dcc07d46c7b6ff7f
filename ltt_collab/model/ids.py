"""Typed identifiers, so that a cell id is never passed where a room id is meant."""

from typing import NewType

CellId = NewType("CellId", str)
"""A notebook cell's nbformat 4.5 id, unique within one notebook."""

RoomId = NewType("RoomId", str)
"""Our opaque, URL-safe name of one room: unique over servers, stable over rename and reconnect."""

ServerId = NewType("ServerId", str)
"""Our name of one Jupyter server (its base URL without credentials)."""

FileId = NewType("FileId", str)
"""The id that jupyter-server-fileid gives a file; survives a rename through Jupyter."""

SuggestionId = NewType("SuggestionId", str)
"""One suggestion, from draft to its end."""

Username = NewType("Username", str)
"""Who a person or agent is to the Jupyter server (``user.username`` in awareness)."""

ClientId = NewType("ClientId", int)
"""A Y.js client id: one per browser page load, 0 for content loaded from disk."""

Seq = NewType("Seq", int)
"""Position of an event in its room's log: grows by one, from a start that grows with each life of the service."""

CourseId = NewType("CourseId", str)
"""A course's id, from its ``course.yaml``; URL-safe."""

TaskId = NewType("TaskId", str)
"""A task's id, unique within its course; URL-safe."""

KernelId = NewType("KernelId", str)
"""Jupyter's id of one running kernel."""

ValidationId = NewType("ValidationId", str)
"""One validation, from request to verdict."""

SubmissionId = NewType("SubmissionId", str)
"""One submission of a learner."""
