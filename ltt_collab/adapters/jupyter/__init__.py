"""One real Jupyter server: its REST API, its rooms' sockets, its event stream."""
