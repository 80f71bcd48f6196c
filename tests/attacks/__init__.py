"""What somebody would try who wants money or numbers that are not theirs, each by its name."""
