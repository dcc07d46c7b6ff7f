"""The only door for tutor agents: follow rooms, read notebooks, propose suggestions, in-process or over HTTP."""

from ltt_collab.client.door import Client, RoomClient
from ltt_collab.client.helping import run_tutor
from ltt_collab.client.http import HttpClient
from ltt_collab.client.local import LocalClient

__all__ = ["Client", "HttpClient", "LocalClient", "RoomClient", "run_tutor"]
