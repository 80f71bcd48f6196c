"""Who sees personal data in full, for how long they are kept, and how they end."""
