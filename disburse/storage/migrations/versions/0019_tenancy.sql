-- Who sees and touches which rows: policies on every table, by the caller that each transaction
-- names in the setting disburse.caller ("MEMBER ORGANISATION KIND"). Without one: nothing.
-- It does not stop SQL injection; see disburse/storage/tenancy.py.

-- ------------------------------------------------------------------ the caller
-- After a SET LOCAL has ended a setting is '' and not NULL.
CREATE FUNCTION caller_member() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(split_part(current_setting('disburse.caller', true), ' ', 1), '')::bigint;

CREATE FUNCTION caller_organisation() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(split_part(current_setting('disburse.caller', true), ' ', 2), '')::bigint;

CREATE FUNCTION caller_watches() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(split_part(current_setting('disburse.caller', true), ' ', 3)
                IN ('labour_authority', 'sector_authority'), false);

CREATE FUNCTION caller_administers() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(split_part(current_setting('disburse.caller', true), ' ', 3) = 'operator', false);

-- ------------------------------------------------------------------ who sees which project
CREATE TABLE access (  -- kept by the triggers below; nobody else writes it
    organisation_id bigint NOT NULL REFERENCES organisation,
    project_id bigint NOT NULL REFERENCES project,
    PRIMARY KEY (organisation_id, project_id)
);
CREATE INDEX access_by_project ON access (project_id, organisation_id);

CREATE VIEW access_rule WITH (security_invoker = true) AS
    SELECT organisation_id, project_id FROM party
    UNION  -- a labour authority watches its region, a sector authority its sector there
    SELECT o.id, p.id FROM organisation o JOIN project p ON starts_with(p.region, o.region)
    WHERE o.region <> '' AND (o.kind = 'labour_authority'
                              OR (o.kind = 'sector_authority' AND p.sector = o.sector));

CREATE FUNCTION renew_access() RETURNS trigger
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
    INSERT INTO access (organisation_id, project_id)
    SELECT organisation_id, project_id FROM access_rule
    WHERE organisation_id = ANY (organisations) OR project_id = ANY (projects)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION renew_access() FROM PUBLIC;
CREATE TRIGGER access_of_party AFTER INSERT OR DELETE OR UPDATE OF project_id, organisation_id
    ON party FOR EACH ROW EXECUTE FUNCTION renew_access();
CREATE TRIGGER access_of_watchers AFTER INSERT OR UPDATE OF region, sector
    ON project FOR EACH ROW EXECUTE FUNCTION renew_access();
CREATE TRIGGER access_of_watcher AFTER INSERT OR UPDATE OF kind, region, sector
    ON organisation FOR EACH ROW EXECUTE FUNCTION renew_access();
INSERT INTO access (organisation_id, project_id)
    SELECT organisation_id, project_id FROM access_rule;

-- ------------------------------------------------------------------ how a table is protected
-- `guard` shuts a table: nobody sees anything but the owner (migrations, and functions that run as
-- owner) and the worker loop, each of which still needs rights on it. FORCE: also if somebody else
-- should come to own it. `protect` then lets callers see the rows of their projects.
CREATE FUNCTION guard(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY upkeep ON %s TO disburse_owner USING (true)', guarded);
    EXECUTE format('CREATE POLICY loop ON %s TO disburse_work USING (true)', guarded);
END $$;
REVOKE ALL ON FUNCTION guard(regclass) FROM PUBLIC;

CREATE FUNCTION protect(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guard(guarded);
    EXECUTE format('CREATE POLICY own_projects ON %s USING (project_id = ANY (ARRAY('
        || 'SELECT a.project_id FROM access a WHERE a.organisation_id = caller_organisation())))',
        guarded);
END $$;
REVOKE ALL ON FUNCTION protect(regclass) FROM PUBLIC;

SELECT guard('access');
CREATE POLICY own ON access FOR SELECT USING (organisation_id = caller_organisation());

-- ------------------------------------------------------------------ tables of projects
SELECT protect(name::regclass) FROM unnest(ARRAY[
    'party', 'worker', 'balance', 'transfer', 'declaration', 'statement_entry', 'kept_bytes',
    'sheet', 'blocker', 'line', 'entitlement', 'attempt', 'approval', 'reissue', 'bank_file',
    'report', 'inbox', 'anomaly', 'act', 'open_item', 'explanation', 'lease', 'transmission',
    'resumption', 'proposal', 'root_key', 'record_key', 'event', 'legal_hold']) AS t (name);

SELECT guard('project');
CREATE POLICY own_projects ON project USING (id = ANY (ARRAY(
    SELECT a.project_id FROM access a WHERE a.organisation_id = caller_organisation())));
CREATE POLICY operator ON project USING (caller_administers());

-- Who takes part decides who sees, so only the operator writes it.
DROP POLICY own_projects ON party;
CREATE POLICY own_projects ON party FOR SELECT USING (project_id = ANY (ARRAY(
    SELECT a.project_id FROM access a WHERE a.organisation_id = caller_organisation())));
CREATE POLICY operator ON party USING (caller_administers());

-- Project 0 of an account: money that no single project can be told for; seen by whoever sees a
-- project that is paid from the account.
CREATE POLICY unassigned ON balance USING (project_id = 0 AND NOT caller_administers()
    AND account_id = ANY (ARRAY(SELECT p.account_id FROM project p)));
CREATE POLICY operator ON balance FOR INSERT WITH CHECK (caller_administers());
CREATE POLICY unassigned ON transfer USING (project_id = 0 AND NOT caller_administers()
    AND account_id = ANY (ARRAY(SELECT p.account_id FROM project p)));
CREATE POLICY unassigned ON statement_entry USING (project_id = 0 AND NOT caller_administers()
    AND account_id = ANY (ARRAY(SELECT p.account_id FROM project p)));
CREATE POLICY unassigned ON open_item USING (project_id = 0 AND NOT caller_administers()
    AND account_id = ANY (ARRAY(SELECT p.account_id FROM project p)));

CREATE POLICY operator ON event FOR INSERT WITH CHECK (caller_administers());

-- The installation's own keys, wrapped: people's names and second factors are sealed under them,
-- also before it is known who asks.
CREATE POLICY of_installation ON root_key USING (project_id = 0);
-- What a bank says of a shared account and names nobody is sealed by its month, on no project.
CREATE POLICY unassigned ON record_key USING (project_id = 0 AND caller_organisation() > 0
    AND NOT caller_administers());

-- The operator connects banks: it sees that files wait, and lets a connection's answers wait.
CREATE POLICY operator ON lease FOR SELECT USING (caller_administers());
CREATE POLICY operator_adds ON lease FOR INSERT
    WITH CHECK (caller_administers() AND project_id = 0 AND file_id = 0);
CREATE POLICY operator_ends ON lease FOR DELETE
    USING (caller_administers() AND project_id = 0 AND file_id = 0);

-- The operator takes approvals back when an account or a key changes, and can do nothing else.
CREATE POLICY operator_sees ON sheet FOR SELECT
    USING (caller_administers() AND state IN ('approved', 'funded'));
CREATE POLICY operator_revokes ON sheet FOR UPDATE
    USING (caller_administers() AND state = 'approved')
    WITH CHECK (caller_administers() AND state = 'funded');

-- Acts that belong to no project are noted for everybody and seen by who did them.
CREATE POLICY noted ON act FOR INSERT WITH CHECK (project_id = 0);
CREATE POLICY own_acts ON act
    USING (project_id = 0 AND member_id = caller_member());
CREATE POLICY operator ON act
    USING (caller_administers() AND (project_id = 0 OR member_id = caller_member()));

-- ------------------------------------------------------------------ tables of organisations
-- The others on the own projects, and the operator, are known by name.
SELECT guard('organisation');
CREATE POLICY own ON organisation FOR SELECT USING (id = caller_organisation());
CREATE POLICY of_own_projects ON organisation FOR SELECT
    USING (EXISTS (SELECT FROM party p WHERE p.organisation_id = organisation.id));
CREATE POLICY the_operator ON organisation FOR SELECT
    USING (kind = 'operator' AND caller_organisation() IS NOT NULL);
CREATE POLICY watchers ON organisation FOR SELECT
    USING (caller_watches() AND kind IN ('labour_authority', 'sector_authority'));
CREATE POLICY operator ON organisation USING (caller_administers());

SELECT guard('member');
CREATE POLICY known ON member FOR SELECT
    USING (EXISTS (SELECT FROM organisation o WHERE o.id = member.organisation_id));
CREATE POLICY own_people ON member FOR UPDATE USING (organisation_id = caller_organisation());
CREATE POLICY operator ON member USING (caller_administers());

-- Whoever knows an organisation may have to confirm its people and keys; which, the step decides.
SELECT guard('grant_of_role');
CREATE POLICY known ON grant_of_role FOR SELECT
    USING (EXISTS (SELECT FROM member m WHERE m.id = grant_of_role.member_id));
CREATE POLICY confirmed ON grant_of_role FOR UPDATE
    USING (EXISTS (SELECT FROM member m WHERE m.id = grant_of_role.member_id));
CREATE POLICY operator ON grant_of_role USING (caller_administers());

-- Public keys are known to whoever knows the organisation: a signature has to be judged by others.
SELECT guard('signing_key');
CREATE POLICY known ON signing_key FOR SELECT
    USING (EXISTS (SELECT FROM organisation o WHERE o.id = signing_key.organisation_id));
CREATE POLICY confirmed ON signing_key FOR UPDATE
    USING (EXISTS (SELECT FROM organisation o WHERE o.id = signing_key.organisation_id));
CREATE POLICY own ON signing_key USING (organisation_id = caller_organisation());
CREATE POLICY operator ON signing_key USING (caller_administers());

-- A connection counts its files, whoever's they are.
SELECT guard('bank_connection');
CREATE POLICY known ON bank_connection
    USING (EXISTS (SELECT FROM organisation o WHERE o.id = bank_connection.bank_id));

SELECT guard('transport');
CREATE POLICY known ON transport FOR SELECT
    USING (EXISTS (SELECT FROM bank_connection c WHERE c.id = transport.connection_id));
CREATE POLICY operator ON transport USING (caller_administers());

SELECT guard('special_account');
CREATE POLICY of_own_projects ON special_account USING (EXISTS (
    SELECT FROM balance b WHERE b.account_id = special_account.id AND b.project_id <> 0));
CREATE POLICY of_own_bank ON special_account FOR SELECT USING (EXISTS (
    SELECT FROM bank_connection c
    WHERE c.id = special_account.connection_id AND c.bank_id = caller_organisation()));
CREATE POLICY operator ON special_account USING (caller_administers());

SELECT guard('statement');
CREATE POLICY of_own_projects ON statement USING (EXISTS (
    SELECT FROM balance b WHERE b.account_id = statement.account_id AND b.project_id <> 0));

SELECT guard('webhook');
CREATE POLICY own ON webhook USING (organisation_id = caller_organisation());
SELECT guard('webhook_key');
CREATE POLICY own ON webhook_key USING (EXISTS (
    SELECT FROM webhook w WHERE w.id = webhook_key.webhook_id));
SELECT guard('delivery');
CREATE POLICY own ON delivery USING (EXISTS (
    SELECT FROM webhook w WHERE w.id = delivery.webhook_id));

-- ------------------------------------------------------------------ tables of members
SELECT guard('token');
CREATE POLICY own ON token USING (member_id = caller_member());
CREATE POLICY operator ON token USING (caller_administers());
SELECT guard('request_key');
CREATE POLICY own ON request_key USING (member_id = caller_member());
CREATE POLICY known ON request_key FOR SELECT
    USING (EXISTS (SELECT FROM member m WHERE m.id = request_key.member_id));
CREATE POLICY confirmed ON request_key FOR UPDATE
    USING (EXISTS (SELECT FROM member m WHERE m.id = request_key.member_id));
CREATE POLICY operator ON request_key USING (caller_administers());
SELECT guard('request_nonce');
CREATE POLICY own ON request_nonce USING (EXISTS (
    SELECT FROM request_key k WHERE k.kid = request_nonce.kid AND k.member_id = caller_member()));
SELECT guard('idempotency_key');
CREATE POLICY own ON idempotency_key USING (member_id = caller_member());

-- ------------------------------------------------------------------ months
-- A policy on a table does not protect its partitions: each is shut, and nobody gets rights on it.
-- What is asked of the table by its name goes by the table's policies and never by the partition's.
CREATE OR REPLACE FUNCTION add_month(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent text;
    own text;
    first date := date_trunc('month', month::timestamp)::date;
    taken boolean;
    made boolean := false;
BEGIN
    FOREACH parent IN ARRAY ARRAY['line', 'entitlement', 'attempt', 'act'] LOOP
        own := parent || to_char(first, '_YYYY_MM');
        IF to_regclass(format('%I', own)) IS NULL THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE period = %L)', parent, first)
                INTO taken;
            IF NOT taken THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)'
                    || ' WITH (fillfactor = %s)',
                    own, parent, first, (first + interval '1 month')::date,
                    CASE parent WHEN 'entitlement' THEN 66 ELSE 100 END);
                EXECUTE format(
                    'ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', own);
                made := true;
            END IF;
        END IF;
    END LOOP;
    RETURN made;
END $$;

DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
                WHERE c.relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
    END LOOP;
END $$;

-- ------------------------------------------------------------------ before the caller is known
-- Each answers one exact question as the owner, so that nothing can be listed through it.
CREATE FUNCTION caller_of_member(member bigint)
RETURNS TABLE (id bigint, person_id bigint, organisation_id bigint, kind text, grants jsonb,
               waiting jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.id, m.person_id, m.organisation_id, o.kind,
           (SELECT jsonb_agg(jsonb_build_array(g.role, g.project_id)) FROM grant_of_role g
            WHERE g.member_id = m.id AND g.confirmed_at IS NOT NULL),
           (SELECT jsonb_agg(jsonb_build_array(g.role, g.project_id)) FROM grant_of_role g
            WHERE g.member_id = m.id AND g.confirmed_at IS NULL)
    FROM member m JOIN organisation o ON o.id = m.organisation_id
    WHERE m.id = member AND m.disabled_at IS NULL
$$;
CREATE FUNCTION caller_of_login(wanted text)
RETURNS TABLE (id bigint, person_id bigint, organisation_id bigint, kind text, grants jsonb,
               waiting jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.* FROM member m, caller_of_member(m.id) c WHERE m.login = wanted
$$;
CREATE FUNCTION caller_of_token(shown bytea, at timestamptz)
RETURNS TABLE (id bigint, person_id bigint, organisation_id bigint, kind text, grants jsonb,
               waiting jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.* FROM token t, caller_of_member(t.member_id) c
    WHERE t.digest = shown AND t.expires_at > at AND t.revoked_at IS NULL
$$;
CREATE FUNCTION member_by_number(wanted bigint)
RETURNS TABLE (id bigint, organisation_id bigint, organisation_kind text, person_id bigint,
               name bytea, login text, disabled_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.id, m.organisation_id, o.kind, m.person_id, m.name, m.login, m.disabled_at
    FROM member m JOIN organisation o ON o.id = m.organisation_id WHERE m.id = wanted
$$;
CREATE FUNCTION member_by_login(wanted text)
RETURNS TABLE (id bigint, organisation_id bigint, organisation_kind text, person_id bigint,
               name bytea, login text, disabled_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.* FROM member m CROSS JOIN LATERAL member_by_number(m.id) f WHERE m.login = wanted
$$;
CREATE FUNCTION signing_key_by(wanted text) RETURNS SETOF signing_key
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM signing_key k WHERE k.kid = wanted
$$;
CREATE FUNCTION request_key_of(wanted text) RETURNS SETOF request_key
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM request_key k WHERE k.kid = wanted
$$;
-- Which projects are paid from an account decides whose money an entry is: whoever books it has to
-- count those, too, that it does not see. Numbers only.
CREATE FUNCTION projects_paid_from(account bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.id FROM project p WHERE p.account_id = account ORDER BY p.id
$$;
-- Whether anybody ever was an account here, or holds one of these roles: yes or no, and no more.
CREATE FUNCTION anybody_exists() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM member)
$$;
CREATE FUNCTION logins_with(wanted text, organisation bigint) RETURNS SETOF text  -- NULL: of all
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.login FROM member m JOIN grant_of_role g ON g.member_id = m.id
    WHERE g.role = wanted AND g.project_id = 0 AND g.confirmed_at IS NOT NULL
      AND m.disabled_at IS NULL
      AND (organisation IS NULL OR m.organisation_id = organisation)
    ORDER BY m.login
$$;

-- How many lines a person saw in full: by all its accounts, on all projects, also those that the
-- account which asks now does not see.
CREATE FUNCTION reveals_of(person bigint, since timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*) FROM act a
    WHERE a.person_id = person AND a.act = 'reveal' AND a.at > since
      AND a.period >= date_trunc('month', since AT TIME ZONE 'UTC')::date
$$;

-- ------------------------------------------------------------------ the end of retention
-- The operator ends it and sees no project. So what speaks against it is counted as the owner, and
-- the deed is one function, which asks once more itself.
CREATE FUNCTION kept_for(project bigint)
RETURNS TABLE (last_paid_on date, unsettled bigint, holds bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT (SELECT max(a.answered_on) FROM attempt a WHERE a.project_id = project),
           (SELECT count(*) FROM entitlement e
            WHERE e.project_id = project AND NOT e.void AND e.paid < e.owed),
           (SELECT count(*) FROM legal_hold h WHERE h.project_id = project AND h.lifted_at IS NULL)
$$;
CREATE FUNCTION shred_project(project bigint, at timestamptz)
RETURNS TABLE (keys bigint, indexes bigint, salts bigint, persons bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    done bigint;
BEGIN
    IF NOT caller_administers() OR EXISTS (
        SELECT FROM kept_for(project) k WHERE k.unsettled > 0 OR k.holds > 0) THEN
        RAISE EXCEPTION 'project % is not to be shredded', project
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE project p SET shredded_at = coalesce(p.shredded_at, at) WHERE p.id = project;
    DELETE FROM record_key k WHERE k.project_id = project;
    GET DIAGNOSTICS keys = ROW_COUNT;
    DELETE FROM root_key k WHERE k.project_id = project;
    GET DIAGNOSTICS done = ROW_COUNT;
    keys := keys + done;
    UPDATE entitlement e SET account_index = '' WHERE e.project_id = project;
    GET DIAGNOSTICS indexes = ROW_COUNT;
    UPDATE worker w SET account_index = '' WHERE w.project_id = project;
    GET DIAGNOSTICS done = ROW_COUNT;
    indexes := indexes + done;
    UPDATE sheet s SET salt = '' WHERE s.project_id = project;
    GET DIAGNOSTICS salts = ROW_COUNT;
    -- who is on no other project and has no account
    UPDATE person h SET fingerprint = NULL
    WHERE h.fingerprint IS NOT NULL
      AND h.id IN (SELECT e.person_id FROM entitlement e WHERE e.project_id = project
                   UNION SELECT w.person_id FROM worker w WHERE w.project_id = project)
      AND NOT EXISTS (SELECT FROM member m WHERE m.person_id = h.id)
      AND NOT EXISTS (SELECT FROM worker w JOIN project p ON p.id = w.project_id
                      WHERE w.person_id = h.id AND p.shredded_at IS NULL)
      AND NOT EXISTS (SELECT FROM entitlement e JOIN project p ON p.id = e.project_id
                      WHERE e.person_id = h.id AND p.shredded_at IS NULL);
    GET DIAGNOSTICS persons = ROW_COUNT;
    -- masked values, which together with other knowledge may still tell who somebody is
    UPDATE blocker b SET shown = '', facts = '{}' WHERE b.project_id = project;
    RETURN NEXT;
END $$;

-- ------------------------------------------------------------------ the operator's metrics
-- Sums over all projects, without anybody's name: read by whoever may scrape them, who is no caller.
CREATE FUNCTION open_sheets()
RETURNS TABLE (state text, currency text, "count" bigint, amount bigint, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.state, s.currency, count(*), sum(s.total_net)::bigint, min(s.received_at)
    FROM sheet s WHERE s.state IN ('received', 'reviewed', 'funded', 'approved') GROUP BY 1, 2
$$;
CREATE FUNCTION open_files()
RETURNS TABLE (state text, currency text, "count" bigint, amount bigint, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.state, f.currency, count(*), sum(f.total)::bigint, min(f.created_at)
    FROM bank_file f WHERE f.state IN ('written', 'dispatching', 'sent', 'unknown') GROUP BY 1, 2
$$;
CREATE FUNCTION live_payments(live text[])
RETURNS TABLE (state text, currency text, "count" bigint, amount bigint, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.state, s.currency, count(*), sum(a.amount)::bigint,
           min(coalesce(f.created_at, s.received_at))
    FROM attempt a
    JOIN sheet s ON s.project_id = a.project_id AND s.id = a.sheet_id
    LEFT JOIN bank_file f ON f.project_id = a.project_id AND f.id = a.file_id
    WHERE a.state = ANY (live) GROUP BY 1, 2
$$;
CREATE FUNCTION ledger_columns() RETURNS TABLE (name text, currency text, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.key, a.currency, sum(t.value::bigint)::bigint
    FROM balance b JOIN special_account a ON a.id = b.account_id
    CROSS JOIN LATERAL jsonb_each_text(to_jsonb(b) - 'project_id' - 'account_id') t
    GROUP BY 1, 2
$$;
CREATE FUNCTION open_anomalies() RETURNS TABLE (red boolean, "count" bigint, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT n.red, count(*), min(n.at) FROM anomaly n WHERE n.resolved_at IS NULL GROUP BY n.red
$$;

-- ------------------------------------------------------------------ rights
REVOKE ALL ON FUNCTION caller_of_member(bigint), caller_of_login(text),
    caller_of_token(bytea, timestamptz), member_by_login(text), member_by_number(bigint),
    projects_paid_from(bigint), anybody_exists(), signing_key_by(text),
    request_key_of(text), logins_with(text, bigint), reveals_of(bigint, timestamptz),
    kept_for(bigint), shred_project(bigint, timestamptz),
    open_sheets(), open_files(), live_payments(text[]), ledger_columns(), open_anomalies()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION caller_of_member(bigint), caller_of_login(text),
    caller_of_token(bytea, timestamptz), member_by_login(text), member_by_number(bigint),
    projects_paid_from(bigint), anybody_exists(), signing_key_by(text),
    request_key_of(text), logins_with(text, bigint), reveals_of(bigint, timestamptz),
    kept_for(bigint), shred_project(bigint, timestamptz)
    TO disburse_app;
GRANT EXECUTE ON FUNCTION open_sheets(), open_files(), live_payments(text[]), ledger_columns(),
    open_anomalies() TO disburse_app, disburse_work;
GRANT SELECT ON access TO disburse_app, disburse_work, disburse_regulator;

-- The worker loop and `disburse prove`: all projects, but not what people sign in by. Nobody gets
-- rights on partitions.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT c.relname FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                  AND NOT c.relispartition
                  AND c.relname NOT IN ('credential', 'session', 'token', 'invitation', 'passkey',
                                        'company_link') LOOP
        EXECUTE format('GRANT SELECT ON %I TO disburse_work', name);
    END LOOP;
END $$;
GRANT INSERT, UPDATE ON transfer, act, balance, sheet, entitlement, attempt, bank_file, report,
    inbox, anomaly, kept_bytes, lease, transmission, incarnation, root_key, record_key,
    open_item, bank_connection, event, delivery TO disburse_work;
GRANT UPDATE ON event_counter, webhook TO disburse_work;
REVOKE UPDATE ON event, event_counter FROM disburse_app;
REVOKE INSERT, DELETE ON delivery FROM disburse_app;
GRANT UPDATE (state) ON special_account TO disburse_work;  -- to lock it against being frozen
GRANT DELETE ON request_nonce, known_browser, guessing, passkey_question, company_visit, lease,
    root_key, record_key, delivery TO disburse_work;
REVOKE DELETE ON root_key, record_key FROM disburse_app;
GRANT USAGE ON SEQUENCE act_id, bank_file_id TO disburse_work;
GRANT EXECUTE ON FUNCTION payments_to_repeat(), files_half_answered(text[]), deliveries_open(),
    key_number(bytea), add_month(date), refresh_statistics(date, text[]),
    caller_of_member(bigint), member_by_number(bigint), projects_paid_from(bigint), signing_key_by(text)
    TO disburse_work;

-- Reports and analyses for an authority: what its caller sees, read only.
GRANT SELECT ON alembic_version, organisation, person, special_account, project, party, worker,
    balance, transfer, declaration, statement, statement_entry, sheet, blocker, line, entitlement,
    attempt, approval, reissue, bank_file, inbox, anomaly, act
    TO disburse_regulator;
