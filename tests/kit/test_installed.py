"""Every installed adapter is certified; this is also how somebody else's tests do it."""

from disburse.kit.suite import certified, installed

test_every_installed_adapter = certified(*installed())
