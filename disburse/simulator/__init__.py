"""Lives of an invented installation: real steps, worker and database, and everything that breaks.

A life has a seed, and nothing else decides what happens in it. It plays in a database of its own on
a throwaway server; no setting names another one, so it can touch nobody's data.

    town     who is there and where; `founding` sets it up once, and every life gets a copy
    bank     the bank, with every fault that a bank may have
    crash    where our own processes die, and the line to the bank that breaks
    life     what one life knows; `acts` is what can happen in it
    truth    what must hold: the books against the bank's own memory
    lives    one life after the other, counted; several at once
"""
