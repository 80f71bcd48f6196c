-- Banks are asked about unknown files, adapters say when an answer is due, people decline.
ALTER TABLE transmission ADD COLUMN asked_at timestamptz;  -- when the bank was last asked about it
ALTER TABLE transport ALTER COLUMN answer_hours DROP NOT NULL;  -- null: as the adapter says
ALTER TABLE reissue ADD COLUMN declined_at timestamptz;  -- a wrong request; another may follow
