"""What a model reads: entities or contexts (ACE, RI), known names or new ones."""
