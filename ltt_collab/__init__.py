"""A live tutor that joins Jupyter notebooks as a visible collaborator."""

__version__ = "0.1.0"
