"""Joining rooms: sync, presence, liveness and reconnection of one document over one channel."""
