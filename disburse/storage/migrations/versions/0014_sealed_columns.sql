-- Personal data are sealed from here on.

ALTER TABLE root_key DROP CONSTRAINT root_key_check;  -- project 0: what no project can be told for
ALTER TABLE root_key ADD CONSTRAINT root_key_of_project CHECK (use = 'project' OR project_id = 0);

-- A team is often called by its foreman's name, so it belongs to the sealed record.
ALTER TABLE worker DROP COLUMN team, DROP COLUMN trade,
    ADD COLUMN account_index bytea NOT NULL,  -- keyed digest, to see that a line names the same
    ADD COLUMN latin boolean NOT NULL;  -- the record has a latin name

-- The tables are empty: the program saw to that.
ALTER TABLE worker ALTER COLUMN particulars TYPE bytea USING '';
ALTER TABLE line ALTER COLUMN particulars TYPE bytea USING '';
ALTER TABLE attempt ALTER COLUMN payee TYPE bytea USING '';
ALTER TABLE reissue ALTER COLUMN payee TYPE bytea USING '';
ALTER TABLE inbox ALTER COLUMN text TYPE bytea USING '';
ALTER TABLE statement_entry ALTER COLUMN text TYPE bytea USING '';
ALTER TABLE member ALTER COLUMN name TYPE bytea USING '';

-- The number of the key that a sealed value names; see disburse/sealing/box.py for its form.
CREATE FUNCTION key_number(sealed bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN length(sealed) >= 37 AND get_byte(sealed, 0) = 1
        THEN ('x' || encode(substring(sealed FROM 2 FOR 8), 'hex'))::bit(64)::bigint
        ELSE 0 END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT EXECUTE ON FUNCTION key_number(bytea) TO disburse_app;
    END IF;
END $$;
