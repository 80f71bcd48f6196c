"""The web pages for people: Chinese and English, no script needed except for passkeys."""

from disburse.console.site import blueprint

__all__ = ["blueprint"]
