"""What the service does: one verb, one function, one transaction, one screen."""
