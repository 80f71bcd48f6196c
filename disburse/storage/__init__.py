"""The only package that speaks SQL; its functions take an open transaction."""
