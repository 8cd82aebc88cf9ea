"""Models behind the components; importing them imports torch."""
