-- People of a company's OpenID provider: linked by an invitation, never by themselves.

CREATE TABLE company_link (
    issuer text NOT NULL,
    subject text NOT NULL,
    member_id bigint NOT NULL UNIQUE REFERENCES member,
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE company_visit (  -- who went there and is not back yet
    digest bytea PRIMARY KEY,  -- SHA-256 of what the browser holds
    invitation_id bigint REFERENCES invitation,  -- NULL: to sign in
    expires_at timestamptz NOT NULL
);
CREATE INDEX company_visit_by_expiry ON company_visit (expires_at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT DELETE ON credential TO disburse_app;
        GRANT SELECT, INSERT, DELETE ON company_link, company_visit TO disburse_app;
    END IF;
END $$;
