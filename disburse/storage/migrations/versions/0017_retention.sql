-- How long personal data stay, who may keep them for longer, and when keys were made.

ALTER TABLE root_key ADD COLUMN made_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE project ADD COLUMN shredded_at timestamptz;  -- personal data were deleted for good
ALTER TABLE person ALTER COLUMN fingerprint DROP NOT NULL;  -- null: nobody is found by it any more

CREATE TABLE legal_hold (
    project_id bigint NOT NULL REFERENCES project,
    id bigint GENERATED ALWAYS AS IDENTITY,
    reason text NOT NULL CHECK (reason <> ''),
    placed_by bigint NOT NULL REFERENCES person,
    placed_at timestamptz NOT NULL,
    asked_by bigint REFERENCES person,  -- who wants it lifted
    lifted_by bigint REFERENCES person,
    lifted_at timestamptz,
    PRIMARY KEY (project_id, id),
    CONSTRAINT lifted_by_another_person CHECK (lifted_by <> asked_by),
    CONSTRAINT lifted_by_two_people CHECK
        (lifted_at IS NULL OR (lifted_by IS NOT NULL AND asked_by IS NOT NULL))
);
CREATE INDEX legal_hold_standing ON legal_hold (project_id) WHERE lifted_at IS NULL;
CREATE INDEX act_of_revealing ON act (person_id, at) WHERE act = 'reveal';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON legal_hold TO disburse_app;
    END IF;
END $$;
