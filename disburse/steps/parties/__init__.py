"""Who takes part: organisations, people, projects, accounts, keys. One verb, one function."""
