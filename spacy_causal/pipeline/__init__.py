"""The components: no module here imports torch."""
