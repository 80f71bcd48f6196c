"""A site to look at: invented people, a bank of its own, and two months of wages."""
