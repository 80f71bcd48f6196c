"""The certification kit: every promise of `disburse.adapter`, tried on one installed adapter."""
