-- On which days banks work: published years, dated, with their source. A year that nobody published
-- is not here, and not guessed.
CREATE TABLE calendar_year (
    zone text NOT NULL,  -- IANA name: of the projects and banks that follow it
    year integer NOT NULL CHECK (year BETWEEN 2000 AND 2099),
    source text NOT NULL CHECK (source <> ''),
    closed date[] NOT NULL,  -- besides weekends
    opened date[] NOT NULL,  -- weekend days on which banks work
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (zone, year)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON calendar_year TO disburse_app;
    END IF;
END $$;
