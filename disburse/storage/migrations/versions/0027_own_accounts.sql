-- What the bank booked and no project was told for is seen by whoever takes part in a project with
-- money on the account: also after the project is paid from another one. Whoever pays a rejected
-- payment again asks there whether it went out all the same, and unseen rows would say that it did
-- not. By a function of the owner: a policy of `balance` cannot ask `balance`.
CREATE FUNCTION own_accounts() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT b.account_id FROM balance b JOIN access a ON a.project_id = b.project_id
    WHERE a.organisation_id = caller_organisation()
$$;
REVOKE ALL ON FUNCTION own_accounts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_accounts() TO disburse_app, disburse_work, disburse_regulator;

DROP POLICY unassigned ON balance;
CREATE POLICY unassigned ON balance USING (project_id = 0 AND NOT caller_administers()
    AND account_id = ANY (ARRAY(SELECT own_accounts())));
DROP POLICY unassigned ON transfer;
CREATE POLICY unassigned ON transfer USING (project_id = 0 AND NOT caller_administers()
    AND account_id = ANY (ARRAY(SELECT own_accounts())));
DROP POLICY unassigned ON statement_entry;
CREATE POLICY unassigned ON statement_entry USING (project_id = 0 AND NOT caller_administers()
    AND account_id = ANY (ARRAY(SELECT own_accounts())));
DROP POLICY unassigned ON open_item;
CREATE POLICY unassigned ON open_item USING (project_id = 0 AND NOT caller_administers()
    AND account_id = ANY (ARRAY(SELECT own_accounts())));
