"""The database's shape, version by version; shipped with the package, run by `disburse migrate`."""
