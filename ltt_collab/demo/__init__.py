"""Shows the product: a sample course in a real JupyterLab with the tutor in it, on this machine alone."""

from ltt_collab.demo.hub_run import run_hub_demo
from ltt_collab.demo.run import DemoOptions, run_demo
from ltt_collab.demo.screen import Screen

__all__ = ["DemoOptions", "Screen", "run_demo", "run_hub_demo"]
