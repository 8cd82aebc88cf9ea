"""Tag schemes: how spans are spelled as tags of tokens, and read back."""
