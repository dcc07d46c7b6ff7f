"""``ltt doctor URL``: what is at risk on a Jupyter server, and the fix for each."""

from ltt_collab.doctor.examination import examine
from ltt_collab.doctor.report import Check, Report, Status, render

__all__ = ["Check", "Report", "Status", "examine", "render"]
