-- People sign in: by what they know, and by what they have.

CREATE TABLE credential (  -- what an account of a person is let in by
    member_id bigint PRIMARY KEY REFERENCES member,
    password text NOT NULL CHECK (starts_with(password, '$argon2id$')),
    password_at timestamptz NOT NULL,
    totp bytea,  -- the shared secret, sealed; NULL: another second factor
    totp_step bigint NOT NULL DEFAULT 0  -- of the last code that was taken: each is taken once
);

CREATE TABLE session (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- what people and the history call it
    digest bytea NOT NULL UNIQUE,  -- SHA-256 of the cookie; new whenever the session can do more
    member_id bigint NOT NULL REFERENCES member,
    browser text NOT NULL DEFAULT '',  -- as it calls itself, for its owner to know it again
    factor text CHECK (factor IN ('totp', 'passkey', 'company')),
    proven_at timestamptz,  -- when the second factor was last shown; NULL: half a session
    began_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > began_at),
    ended_at timestamptz,
    CHECK ((factor IS NULL) = (proven_at IS NULL))
);
CREATE INDEX session_by_member ON session (member_id) WHERE ended_at IS NULL;

CREATE TABLE known_browser (  -- somebody signed in with it before, so strangers cannot slow it down
    digest bytea PRIMARY KEY,  -- SHA-256 of its cookie
    member_id bigint NOT NULL REFERENCES member,
    expires_at timestamptz NOT NULL
);
CREATE INDEX known_browser_by_expiry ON known_browser (expires_at);

CREATE TABLE guessing (  -- attempts without success, by account, address or browser
    subject bytea PRIMARY KEY,  -- a digest: neither logins nor addresses are listed here
    attempts bigint NOT NULL,
    last_at timestamptz NOT NULL,
    waits_until timestamptz NOT NULL
);
CREATE INDEX guessing_by_age ON guessing (last_at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON credential, session TO disburse_app;
        GRANT SELECT, INSERT, DELETE ON known_browser TO disburse_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON guessing TO disburse_app;
    END IF;
END $$;
