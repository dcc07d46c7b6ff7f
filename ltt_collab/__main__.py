"""``python -m ltt_collab`` is ``ltt``."""

from ltt_collab.cli import main

main()
