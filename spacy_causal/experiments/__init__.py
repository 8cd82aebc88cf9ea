"""Protocols that train and compare, and the pages that show what came out."""
