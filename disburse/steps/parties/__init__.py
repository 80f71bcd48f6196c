"""Organisations, people, keys and rosters. One verb, one function, one transaction."""
