"""Annotation sessions: what is asked, a server that asks it, a page to answer on."""
