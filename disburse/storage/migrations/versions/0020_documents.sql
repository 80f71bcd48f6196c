-- Documents are found by their digest; a word of one person can be taken back.

CREATE INDEX kept_bytes_by_digest ON kept_bytes (project_id, sha256);

ALTER TABLE proposal ADD COLUMN taken_back_at timestamptz;  -- by who asked; nothing had moved
