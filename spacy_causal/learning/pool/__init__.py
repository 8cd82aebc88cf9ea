"""What a pipeline says of a pool, computed once and held by id."""
