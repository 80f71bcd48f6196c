"""Reads for people, regulators and operators: scoped to the caller, masked, and writing nothing."""
