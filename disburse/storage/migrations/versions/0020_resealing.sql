-- A key gets older than it should: it is retired, everything under it is sealed anew under a younger
-- one, and a day later, when nobody can still be reading by it, it is destroyed. A rotation does
-- that, through these functions: nobody who works here may otherwise change what a line says.

ALTER TABLE record_key ADD COLUMN made_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN retired_at timestamptz;
ALTER TABLE root_key ADD COLUMN retired_at timestamptz;
UPDATE root_key SET retired_at = now() WHERE NOT current;
UPDATE record_key SET retired_at = now() WHERE NOT current;
ALTER TABLE root_key ADD CONSTRAINT root_key_retired CHECK (current = (retired_at IS NULL));
ALTER TABLE record_key ADD CONSTRAINT record_key_retired CHECK (current = (retired_at IS NULL));
CREATE INDEX record_key_old ON record_key (project_id, id) WHERE NOT current;

-- Every column that holds sealed values: how the place of one is told (see `sealing.bound_to`), and
-- which root key of the installation seals it; NULL: the key of a person or month of a project.
CREATE FUNCTION sealed_columns()
RETURNS TABLE (tab text, col text, place text, use text) LANGUAGE sql IMMUTABLE AS $$
    VALUES ('line', 'particulars', 't.sheet_id || ''/'' || t.number', NULL),
           ('worker', 'particulars', 't.employer_id || ''/'' || t.person_id', NULL),
           ('attempt', 'payee', 't.reference', NULL),
           ('reissue', 'payee', 't.sheet_id || ''/'' || t.line || ''/'' || t.attempt', NULL),
           ('inbox', 'text', 't.connection_id || ''/'' || t.digest || ''/'' || t.record', NULL),
           ('statement_entry', 'text', 't.account_id || ''/'' || t.reference', NULL),
           ('kept_bytes', 'content', 't.sha256', NULL),
           ('credential', 'totp', 't.member_id::text', 'secrets'),
           ('invitation', 'totp', 't.member_id::text', 'secrets'),
           ('webhook_key', 'sealed', 't.webhook_id || ''/'' || t.number', 'secrets'),
           ('member', 'name', 't.login', 'names'),
           ('idempotency_key', 'answer', 't.member_id || ''/'' || t.key', 'answers')
$$;

-- The columns of `record_key` and `root_key` that the functions below ask for; a sealed value's
-- head says its key, so that the rest of a large one is not fetched.
CREATE FUNCTION sealed_from(of text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    kept record;
BEGIN
    SELECT * INTO STRICT kept FROM sealed_columns() WHERE tab = of;
    IF kept.use IS NULL THEN
        RETURN format('%I t JOIN record_key k ON k.project_id = t.project_id '
            'AND k.id = key_number(substring(t.%I FROM 1 FOR 37))', kept.tab, kept.col);
    END IF;
    RETURN format('%I t JOIN root_key k ON k.project_id = 0 AND k.use = %L '
        'AND k.id = key_number(substring(t.%I FROM 1 FOR 37))', kept.tab, kept.use, kept.col);
END $$;

-- How many values of a table are under keys that are retired, or were made before a time.
CREATE FUNCTION sealed_left(of text, before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM ' || sealed_from(of) || ' WHERE NOT k.current OR k.made_at < $1'
        INTO found USING before;
    RETURN found;
END $$;

-- Some values under retired keys, locked: where they are, whose they are, and what they are.
CREATE FUNCTION sealed_old(of text, most integer)
RETURNS TABLE (part oid, at tid, project_id bigint, place text, person_id bigint, month date,
               sealed bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept record;
    whose text := 'k.project_id, %s, k.person_id, k.month';
BEGIN
    SELECT * INTO STRICT kept FROM sealed_columns() WHERE tab = of;
    IF kept.use IS NOT NULL THEN
        whose := '0::bigint, %s, NULL::bigint, NULL::date';
    END IF;
    RETURN QUERY EXECUTE format('SELECT t.tableoid, t.ctid, ' || whose || ', t.%I FROM ',
                                kept.place, kept.col)
        || sealed_from(of) || ' WHERE NOT k.current LIMIT $1 FOR UPDATE OF t SKIP LOCKED'
        USING most;
END $$;

-- Put a value in the place of one that is the same under an older key; whether it was still there.
-- The younger key has to be the same person's, month's or use's: nothing moves to somebody else.
CREATE FUNCTION seal_anew(of text, part oid, at tid, old bytea, new bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept record;
    done bigint;
BEGIN
    SELECT * INTO STRICT kept FROM sealed_columns() WHERE tab = of;
    IF kept.use IS NULL THEN
        SELECT count(*) INTO done
        FROM record_key o JOIN record_key n ON n.project_id = o.project_id AND n.current
            AND (n.person_id, n.month) IS NOT DISTINCT FROM (o.person_id, o.month)
        WHERE o.id = key_number(old) AND NOT o.current AND n.id = key_number(new);
    ELSE
        SELECT count(*) INTO done
        FROM root_key o JOIN root_key n ON n.project_id = 0 AND n.use = o.use AND n.current
        WHERE o.project_id = 0 AND o.use = kept.use AND NOT o.current
          AND o.id = key_number(old) AND n.id = key_number(new);
    END IF;
    IF done <> 1 THEN
        RAISE EXCEPTION 'key % does not follow key %', key_number(new), key_number(old);
    END IF;
    EXECUTE format('UPDATE %I t SET %I = $1 WHERE t.tableoid = $2 AND t.ctid = $3 AND t.%I = $4',
                   kept.tab, kept.col, kept.col) USING new, part, at, old;
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done = 1;
END $$;

-- Destroy the keys that were retired before a time and seal nothing any more; how many.
CREATE FUNCTION destroy_retired(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept record;
    busy bigint[];
    records bigint[] := ARRAY(SELECT id FROM record_key WHERE retired_at < before);
    roots bigint[] := ARRAY(SELECT id FROM root_key
                            WHERE project_id = 0 AND use <> 'project' AND retired_at < before);
    done bigint;
    more bigint;
BEGIN
    IF cardinality(records) + cardinality(roots) = 0 THEN
        RETURN 0;
    END IF;
    FOR kept IN SELECT * FROM sealed_columns() LOOP
        EXECUTE 'SELECT array_agg(DISTINCT k.id) FROM ' || sealed_from(kept.tab)
            || ' WHERE k.retired_at < $1' INTO busy USING before;
        IF kept.use IS NULL THEN
            records := ARRAY(SELECT unnest(records) EXCEPT SELECT unnest(busy));
        ELSE
            roots := ARRAY(SELECT unnest(roots) EXCEPT SELECT unnest(busy));
        END IF;
    END LOOP;
    DELETE FROM record_key WHERE id = ANY (records) AND NOT current;
    GET DIAGNOSTICS done = ROW_COUNT;
    DELETE FROM root_key WHERE id = ANY (roots) AND project_id = 0 AND NOT current;
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN done + more;
END $$;

REVOKE ALL ON FUNCTION sealed_columns(), sealed_from(text), sealed_left(text, timestamptz),
    sealed_old(text, integer), seal_anew(text, oid, tid, bytea, bytea), destroy_retired(timestamptz)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sealed_left(text, timestamptz), sealed_old(text, integer),
    seal_anew(text, oid, tid, bytea, bytea), destroy_retired(timestamptz) TO disburse_work;
