"""Which context words are confounders, and how probable each is."""
