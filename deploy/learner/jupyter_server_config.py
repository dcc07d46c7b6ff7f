"""Turns the learner extension on: ``jupyter lab --config=/path/to/this/file``, from any directory.

Everything else has a default that the extension sets when it is linked, and only where neither the command line
nor a configuration file says otherwise (README.md lists the options). Where ``ltt-learner`` is pip-installed
this file is not needed.
"""

import importlib.util
import sys
from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - traitlets puts it here

# A checkout works as it stands: the package lies beside this file.
if importlib.util.find_spec("ltt_learner") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

c.ServerApp.jpserver_extensions.update({"ltt_learner": True})
