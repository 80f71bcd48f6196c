-- Machines, and whoever else wants to, sign their requests instead of showing a token.

CREATE TABLE request_key (
    kid text PRIMARY KEY,  -- thumbprint: one key is one account's, for ever
    member_id bigint NOT NULL REFERENCES member,
    algorithm text NOT NULL CHECK (algorithm IN ('ed25519', 'ecdsa-p256-sha256')),
    jwk text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL CHECK (valid_to > valid_from),
    revoked_at timestamptz
);
CREATE INDEX request_key_by_member ON request_key (member_id);

CREATE TABLE request_nonce (  -- of signatures that were taken: each is taken once
    kid text NOT NULL REFERENCES request_key,
    nonce text NOT NULL,
    expires_at timestamptz NOT NULL,  -- from then on the signature is too old anyway
    PRIMARY KEY (kid, nonce)
);
CREATE INDEX request_nonce_by_expiry ON request_nonce (expires_at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON request_key TO disburse_app;
        GRANT SELECT, INSERT, DELETE ON request_nonce TO disburse_app;
    END IF;
END $$;
