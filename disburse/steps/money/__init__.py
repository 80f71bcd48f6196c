"""Money that comes in. One verb, one function, one transaction."""
