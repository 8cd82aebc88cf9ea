"""Which labels a person is asked about, and how probable it was that they are."""
