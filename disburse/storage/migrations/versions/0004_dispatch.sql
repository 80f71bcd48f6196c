-- How bank files travel: transports, who is sending what, every sending, and after a restore a pause.

ALTER TABLE bank_file ADD COLUMN moved_at timestamptz;  -- when its state last changed
UPDATE bank_file SET moved_at = created_at;
ALTER TABLE bank_file ALTER COLUMN moved_at SET NOT NULL;
CREATE INDEX bank_file_under_way ON bank_file (connection_id, sequence)
    WHERE state IN ('dispatching', 'sent', 'unknown', 'acknowledged');

ALTER TABLE report ALTER COLUMN received_by DROP NOT NULL;  -- null: the worker loop picked it up

CREATE TABLE transport (  -- how a connection's files travel; without a row people carry them
    connection_id bigint PRIMARY KEY REFERENCES bank_connection,
    kind text NOT NULL,
    settings jsonb NOT NULL,  -- secrets by their names only
    answer_hours integer NOT NULL CHECK (answer_hours > 0),  -- then a file without answer is unknown
    changed_at timestamptz NOT NULL
);

CREATE TABLE lease (  -- a released file until it was sent; of a connection's answers for ever
    connection_id bigint NOT NULL REFERENCES bank_connection,
    file_id bigint NOT NULL,  -- 0: the connection's answers
    project_id bigint NOT NULL,  -- 0: likewise
    fence bigint NOT NULL DEFAULT 0,  -- grows with every holder; an older one may write nothing
    holder text,  -- null: it waits for a worker
    until timestamptz,
    not_before timestamptz NOT NULL,
    PRIMARY KEY (connection_id, file_id),
    CHECK ((holder IS NULL) = (until IS NULL)),
    CHECK ((file_id = 0) = (project_id = 0))
);

CREATE TABLE incarnation (  -- of the database; another one after a restore or a failover
    number integer PRIMARY KEY,
    system_identifier text NOT NULL,
    timeline_id integer NOT NULL,
    dispatched bigint NOT NULL CHECK (dispatched >= 0),  -- sendings, earlier incarnations' too
    reason text NOT NULL,
    seen_at timestamptz NOT NULL
);

CREATE TABLE resumption (  -- two people of a project compared the bank's list of files
    project_id bigint NOT NULL REFERENCES project,
    incarnation integer NOT NULL REFERENCES incarnation,
    at timestamptz NOT NULL,
    PRIMARY KEY (project_id, incarnation)
);

CREATE TABLE transmission (  -- one sending of a file's bytes, committed before the first of them
    project_id bigint NOT NULL,
    file_id bigint NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),  -- the holder's fence
    connection_id bigint NOT NULL,
    holder text NOT NULL,
    incarnation integer NOT NULL REFERENCES incarnation,
    system_identifier text NOT NULL,
    timeline_id integer NOT NULL,
    count bigint NOT NULL,  -- which sending of this database it is
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('sent', 'nothing-sent', 'unknown')),
    detail text NOT NULL DEFAULT '',
    PRIMARY KEY (project_id, file_id, number),
    UNIQUE (incarnation, count),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);

CREATE TABLE proposal (  -- what one person asked for and another has to ask for just the same
    project_id bigint NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    version bigint NOT NULL,  -- the subject's: a word about what it was then counts no more
    facts jsonb NOT NULL,
    asked_by bigint NOT NULL REFERENCES person,
    asked_at timestamptz NOT NULL,
    agreed_by bigint REFERENCES person,
    agreed_at timestamptz,
    PRIMARY KEY (project_id, act, subject, version),
    CONSTRAINT agreed_by_another_person CHECK (agreed_by <> asked_by)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON transport, lease, incarnation, transmission, proposal
            TO disburse_app;
        GRANT SELECT, INSERT ON resumption TO disburse_app;
        GRANT DELETE ON transport, lease TO disburse_app;
    END IF;
END $$;
