"""How people come in over the web: cookies, forged requests, counted attempts.

The API and the pages share it, so there is one way in and not two.
"""

from disburse.entrance.counted import Entrance, Visitor
from disburse.entrance.forged import ForgedRequest

__all__ = ["Entrance", "ForgedRequest", "Visitor"]
