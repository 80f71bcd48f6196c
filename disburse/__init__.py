"""Pays signed payroll sheets from project special accounts, through any bank."""
