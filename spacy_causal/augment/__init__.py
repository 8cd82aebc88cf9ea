"""New training examples made of annotated ones."""
