"""Bank file formats: one module per format, found by entry point, never imported by `disburse`."""
