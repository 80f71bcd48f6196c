-- Keys that personal data are sealed with. None of them lies open: the master key, which is not in
-- the database, wraps root keys; a project's root key wraps the keys of its people and months.

CREATE TABLE root_key (
    project_id bigint NOT NULL,  -- 0: the installation's own
    id bigint GENERATED ALWAYS AS IDENTITY,
    use text NOT NULL CHECK (use IN ('project', 'index', 'names', 'answers', 'secrets')),
    master text NOT NULL,  -- which version of the master key wrapped it
    wrapped bytea NOT NULL,
    current boolean NOT NULL DEFAULT true,  -- what is new is sealed under this one
    PRIMARY KEY (project_id, id),
    CHECK ((use = 'project') = (project_id <> 0))
);
CREATE UNIQUE INDEX root_key_current ON root_key (project_id, use) WHERE current;

CREATE TABLE record_key (  -- of a person on a project, or of a project's month
    project_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    person_id bigint,
    month date CHECK (extract(day FROM month) = 1),
    root_id bigint NOT NULL,  -- the root key that wrapped it
    wrapped bytea NOT NULL,
    current boolean NOT NULL DEFAULT true,
    PRIMARY KEY (project_id, id),
    CHECK ((person_id IS NULL) <> (month IS NULL))
);
CREATE UNIQUE INDEX record_key_of_person ON record_key (project_id, person_id)
    WHERE current AND person_id IS NOT NULL;
CREATE UNIQUE INDEX record_key_of_month ON record_key (project_id, month)
    WHERE current AND month IS NOT NULL;

-- The key of the person index moves into root_key, wrapped; `disburse migrate` brings it there.
ALTER TABLE installation ALTER COLUMN index_key DROP NOT NULL;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        -- keys are deleted when a rotation is through, and when what they sealed is to be forgotten
        GRANT SELECT, INSERT, UPDATE, DELETE ON root_key, record_key TO disburse_app;
    END IF;
END $$;
