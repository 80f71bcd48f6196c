-- Two subcontractors of one project are kept apart by the database, too: whoever does not see a
-- project as a whole sees there what is of its own workers. What all of a project share stays as it
-- is: project, party, balance, statement, lease, resumption, lending, and the wrapped keys (a
-- person's key on a project is one, whoever employs the person).

-- ------------------------------------------------------------------ who sees a project as a whole
-- The same rule as `queries.scope.employer_of`.
ALTER TABLE access ADD COLUMN whole boolean;

CREATE OR REPLACE VIEW access_rule WITH (security_invoker = true) AS
    SELECT p.organisation_id, p.project_id, o.kind <> 'subcontractor' AS whole
    FROM party p JOIN organisation o ON o.id = p.organisation_id
    UNION  -- a labour authority watches its region, a sector authority its sector there
    SELECT o.id, p.id, true FROM organisation o JOIN project p ON starts_with(p.region, o.region)
    WHERE o.region <> '' AND (o.kind = 'labour_authority'
                              OR (o.kind = 'sector_authority' AND p.sector = o.sector));

CREATE OR REPLACE FUNCTION renew_access() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    organisations bigint[] := '{}';
    projects bigint[] := '{}';
BEGIN
    IF TG_TABLE_NAME = 'organisation' THEN
        organisations := ARRAY[NEW.id];
    ELSIF TG_TABLE_NAME = 'project' THEN
        projects := ARRAY[NEW.id];
    ELSE
        projects := ARRAY[OLD.project_id, NEW.project_id];
    END IF;
    DELETE FROM access a
    WHERE (a.organisation_id = ANY (organisations) OR a.project_id = ANY (projects))
      AND NOT EXISTS (SELECT FROM access_rule r
                      WHERE r.organisation_id = a.organisation_id AND r.project_id = a.project_id);
    INSERT INTO access (organisation_id, project_id, whole)
    SELECT organisation_id, project_id, whole FROM access_rule
    WHERE organisation_id = ANY (organisations) OR project_id = ANY (projects)
    ON CONFLICT (organisation_id, project_id) DO UPDATE SET whole = excluded.whole
    WHERE access.whole <> excluded.whole;
    RETURN NULL;
END $$;

UPDATE access a SET whole = r.whole FROM access_rule r
WHERE r.organisation_id = a.organisation_id AND r.project_id = a.project_id;
ALTER TABLE access ALTER COLUMN whole SET NOT NULL;

-- ------------------------------------------------------------------ whose bytes are whose
ALTER TABLE kept_bytes ADD COLUMN employer_id bigint REFERENCES organisation;  -- null: nobody's alone
UPDATE kept_bytes k SET employer_id = s.employer_id
FROM sheet s WHERE s.project_id = k.project_id AND s.bytes_id = k.id;
UPDATE kept_bytes k SET employer_id = s.employer_id
FROM act a JOIN sheet s ON s.project_id = a.project_id AND s.id = a.sheet_id
WHERE a.act = 'withdraw' AND a.subject = 'sheet'
  AND k.project_id = a.project_id AND k.id = (a.facts ->> 'order')::bigint;
UPDATE kept_bytes k SET employer_id = s.employer_id
FROM reissue r JOIN sheet s ON s.project_id = r.project_id AND s.id = r.sheet_id
WHERE k.project_id = r.project_id AND k.id = r.order_bytes_id;

-- ------------------------------------------------------------------ how a table is confined
CREATE INDEX sheet_by_employer ON sheet (employer_id, project_id, id);

-- Who sees the project as a whole comes first in each policy: for all others but subcontractors
-- nothing else is asked then.
CREATE FUNCTION confine(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP POLICY own_projects ON %s', guarded);
    EXECUTE format('CREATE POLICY own_projects ON %s USING (project_id = ANY (ARRAY('
        || 'SELECT a.project_id FROM access a '
        || 'WHERE a.organisation_id = caller_organisation() AND a.whole)))', guarded);
END $$;

CREATE FUNCTION confine_by_employer(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM confine(guarded);
    EXECUTE format('CREATE POLICY own_rows ON %s USING ('
        || 'employer_id = (SELECT caller_organisation()) AND project_id = ANY (ARRAY('
        || 'SELECT a.project_id FROM access a WHERE a.organisation_id = caller_organisation())))',
        guarded);
END $$;

-- By a set of numbers, made once for each statement, and by the sheets' own policies.
CREATE FUNCTION confine_by_sheet(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM confine(guarded);
    EXECUTE format('CREATE POLICY own_rows ON %s USING ((project_id, sheet_id) IN ('
        || 'SELECT s.project_id, s.id FROM sheet s WHERE s.employer_id = caller_organisation()))',
        guarded);
END $$;
REVOKE ALL ON FUNCTION confine(regclass), confine_by_employer(regclass), confine_by_sheet(regclass)
    FROM PUBLIC;

SELECT confine_by_employer(name::regclass)
FROM unnest(ARRAY['worker', 'sheet', 'entitlement', 'kept_bytes']) AS t (name);
SELECT confine_by_sheet(name::regclass) FROM unnest(ARRAY[
    'line', 'blocker', 'attempt', 'approval', 'approval_person', 'reissue', 'bank_file', 'inbox',
    'act', 'event']) AS t (name);
-- What a bank says of several employers' payments at once, and what people of the contractor, owner
-- and bank say of it: a subcontractor has no business there.
SELECT confine(name::regclass) FROM unnest(ARRAY[
    'transfer', 'declaration', 'statement_entry', 'report', 'anomaly', 'open_item', 'explanation',
    'transmission', 'proposal', 'legal_hold']) AS t (name);

-- Acts on a project and on no sheet, such as that a sheet was refused, are noted by whoever did them.
CREATE POLICY own_doings ON act USING (
    sheet_id IS NULL AND member_id = (SELECT caller_member()) AND project_id = ANY (ARRAY(
        SELECT a.project_id FROM access a WHERE a.organisation_id = caller_organisation())));
CREATE POLICY own_doings ON event FOR INSERT WITH CHECK (
    sheet_id IS NULL AND project_id = ANY (ARRAY(
        SELECT a.project_id FROM access a WHERE a.organisation_id = caller_organisation())));
-- A subcontractor that takes a sheet back lets go of the money that is held for it.
CREATE POLICY own_releases ON transfer FOR INSERT WITH CHECK (kind = 'release'
    AND (project_id, substring(reference FROM '^sheet:([0-9]{1,18})\.')::bigint) IN (
        SELECT s.project_id, s.id FROM sheet s WHERE s.employer_id = caller_organisation()));

-- What the bank booked and no project was told for is nobody's who sees no project as a whole.
CREATE OR REPLACE FUNCTION own_accounts() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT b.account_id FROM balance b JOIN access a ON a.project_id = b.project_id
    WHERE a.organisation_id = caller_organisation() AND a.whole
$$;

-- ------------------------------------------------------------------ what is asked across employers
-- Whether the people of a new sheet are owed something already for the month, by whomever. For each
-- line in its order: of what kind and number, where it is the same kind, or the same amount to the
-- same account. That is what the sheet's sender is told, and no more.
CREATE FUNCTION owed_already(project bigint, month date, sent_kind text, persons bigint[],
                             nets bigint[], accounts bytea[])
RETURNS TABLE (place bigint, kind text, number integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.place, e.kind, e.number
    FROM unnest(persons, nets, accounts) WITH ORDINALITY AS t (person_id, net, account, place)
    JOIN entitlement e ON e.person_id = t.person_id
    WHERE e.project_id = project AND e.period = month AND NOT e.void
      AND (e.kind = sent_kind OR (e.owed = t.net AND e.account_index = t.account))
      AND EXISTS (SELECT FROM access a
                  WHERE a.organisation_id = caller_organisation() AND a.project_id = project)
    ORDER BY t.place, e.sheet_id, e.line
$$;
REVOKE ALL ON FUNCTION
    owed_already(bigint, date, text, bigint[], bigint[], bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    owed_already(bigint, date, text, bigint[], bigint[], bytea[]) TO disburse_app;
