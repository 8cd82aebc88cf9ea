"""Which documents of a pool to annotate next."""
