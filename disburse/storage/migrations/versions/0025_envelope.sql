-- The envelope that a file left in, which is other bytes each time one is made: kept, so that what is
-- sent again is the same. `sha256` and `bytes_id` stay those of what people approved.
ALTER TABLE bank_file ADD COLUMN outer_bytes_id bigint;
