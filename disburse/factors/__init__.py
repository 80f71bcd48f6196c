"""What a person shows to be let in: knowing a password, having a device; each library's door."""
