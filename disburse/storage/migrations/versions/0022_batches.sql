-- An entry can also be known as a file by its sum and how many payments it was.

ALTER TABLE statement_entry DROP CONSTRAINT statement_entry_matched_by_check;
ALTER TABLE statement_entry ADD CONSTRAINT statement_entry_matched_by_check
    CHECK (matched_by IN ('reference', 'batch', 'amount'));
