"""Request bodies of Chinese banks: one layout as data, written, read back, answered."""
