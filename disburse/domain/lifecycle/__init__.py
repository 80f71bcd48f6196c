"""The three lifecycles: sheet, payment attempt, bank file; each a table of edges on one screen."""
