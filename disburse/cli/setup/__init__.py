"""`disburse setup`: everybody who takes part, from tables; rows that are known change nothing."""
