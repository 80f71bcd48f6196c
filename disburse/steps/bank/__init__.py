"""Bank files out, bank answers in. One verb, one function, one transaction."""
