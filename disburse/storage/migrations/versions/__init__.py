"""One module per version; a long one keeps its SQL beside it."""
