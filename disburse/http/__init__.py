"""The HTTP interface: a route reads what was asked, calls one step or query, tells the result."""
