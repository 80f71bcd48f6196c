-- Documents are found by their digest; a word of one person can be taken back.

CREATE INDEX kept_bytes_by_digest ON kept_bytes (project_id, sha256);

ALTER TABLE proposal ADD COLUMN taken_back_at timestamptz;  -- by who asked; nothing had moved

-- Two people take back an explanation that was endorsed; its movements are reversed, not removed.

ALTER TABLE explanation ADD COLUMN retracted_at timestamptz;
ALTER TABLE explanation DROP CONSTRAINT explanation_state_check;
ALTER TABLE explanation ADD CONSTRAINT explanation_state_check
    CHECK (state IN ('proposed', 'endorsed', 'dismissed', 'retracted'));
ALTER TABLE explanation DROP CONSTRAINT endorsed_by_somebody;
ALTER TABLE explanation ADD CONSTRAINT endorsed_by_somebody
    CHECK ((state IN ('endorsed', 'retracted')) = (endorsed_by IS NOT NULL));
ALTER TABLE explanation ADD CONSTRAINT retracted_at_some_time
    CHECK ((state = 'retracted') = (retracted_at IS NOT NULL));

-- An entry can also be known as a file by its sum and how many payments it was.

ALTER TABLE statement_entry DROP CONSTRAINT statement_entry_matched_by_check;
ALTER TABLE statement_entry ADD CONSTRAINT statement_entry_matched_by_check
    CHECK (matched_by IN ('reference', 'batch', 'amount'));
