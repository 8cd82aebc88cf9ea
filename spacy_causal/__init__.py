"""spaCy components for token labellers with little data and people in the loop."""

__version__ = "0.1.0"
