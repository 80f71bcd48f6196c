"""Row-level security: what PostgreSQL was seen to do, each rule a test; and nothing leaks."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from disburse import banks
from disburse.domain.access import ROLES, OrganisationKind
from disburse.storage import embedded, files, ledger, members, migrate, parties, roles, tenancy
from disburse.storage.engine import connect, copy_rows, read_only
from disburse.storage.roles import RolesMissing, UnfitRole
from disburse.storage.tenancy import EXEMPT, Unprotected
from tests.builders import World
from tests.conftest import KEYCHAIN, TODAY
from tests.http.site import Site
from tests.sheets import a_credit_code
from tests.storage.outside import connection

# What is of organisations, accounts or members and not of one project; each has its own policies.
NOT_OF_PROJECTS = {
    "organisation", "member", "grant_of_role", "signing_key", "bank_connection", "transport",
    "special_account", "statement", "token", "request_key", "request_nonce", "idempotency_key",
    "project",
}  # fmt: skip
TABLES = """
    SELECT relname, relrowsecurity AND relforcerowsecurity AS shut, relispartition AS part
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    ORDER BY relname
"""


@pytest.fixture
def busy(world):
    """A world in which every step up to the bank's answer has left its rows."""
    _, [file], _ = world.sent()
    world.book((-file.total, file.reference, ""), (7, "", "somebody"))
    return world


@pytest.fixture
def stranger(busy):
    """Everybody's roles in an organisation that has nothing to do with the project."""
    kind = OrganisationKind.GENERAL_CONTRACTOR
    values = {"kind": kind, "registration": a_credit_code(91), "name": "Another",
              "region": "", "sector": ""}  # fmt: skip
    with busy.operating() as tx:
        own = busy.organisations[kind]
        busy.organisations[kind] = parties.add_organisation(tx, values)
        caller = busy.add_member(tx, kind, *sorted(ROLES[kind]), "stranger")
        busy.organisations[kind] = own
    return caller


def tables(tx):
    return {row.relname: row for row in tx.execute(text(TABLES))}


def counted(tx, names):
    return {name: tx.scalar(text(f"SELECT count(*) FROM {name}")) for name in names}


def with_project(tx):
    found = tx.scalars(text("""
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = 'project_id' ORDER BY 1
    """)).all()  # fmt: skip
    known = tables(tx)
    return [name for name in found if name in known and not known[name].part]


class TestEveryTable:
    def test_is_shut_for_its_owner_too_or_says_why_not(self, loop):
        with loop() as tx:
            found = tables(tx)
        assert {name for name, row in found.items() if not row.shut} == set(EXEMPT)
        assert all(len(reason) > 20 for reason in EXEMPT.values())

    def test_of_a_project_goes_by_the_projects_policy(self, loop):
        with loop() as tx:
            ruled = set(tx.scalars(text("""
                SELECT tablename FROM pg_policies
                WHERE policyname IN ('own_projects', 'own') AND schemaname = 'public'
            """)))  # fmt: skip
            assert set(with_project(tx)) - ruled - set(EXEMPT) == {"grant_of_role"}

    def test_a_partition_is_shut_and_nobody_has_rights_on_it(self, begin, loop):
        assert migrate.add_months_ahead(begin, today=TODAY.replace(year=TODAY.year + 1)) > 0
        with loop() as tx:
            parts = [row for row in tables(tx).values() if row.part]
            assert len(parts) > 20
            assert [row.relname for row in parts if not row.shut] == []
            granted = tx.scalars(text("""
                SELECT g.table_name FROM information_schema.role_table_grants g
                JOIN pg_class c ON c.relname = g.table_name AND c.relispartition
                WHERE g.grantee IN ('disburse_app', 'disburse_work', 'disburse_regulator', 'PUBLIC')
            """)).all()  # fmt: skip
        assert granted == []

    def test_a_view_asks_as_whoever_looks(self, loop):
        with loop() as tx:
            views = {row.relname: row.reloptions for row in tx.execute(text(
                "SELECT relname, reloptions FROM pg_class "
                "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
            ))}  # fmt: skip
        assert {name for name, options in views.items()
                if "security_invoker=true" not in (options or [])} == set()  # fmt: skip

    def test_that_somebody_opened_stops_the_start(self, database, begin):
        owner = connect(embedded.as_role(database, embedded.MIGRATE))
        with owner() as tx:
            tx.execute(text(f"SET LOCAL ROLE {roles.OWNER}"))
            tx.execute(text("ALTER TABLE attempt DISABLE ROW LEVEL SECURITY"))
        owner.dispose()
        with pytest.raises(Unprotected, match="attempt"):
            migrate.require_ready(begin)


class TestWithoutACaller:
    def test_nothing_of_any_project_is_there(self, busy):
        with busy.unbound() as tx:
            names = set(with_project(tx)) | NOT_OF_PROJECTS
            found = counted(tx, sorted(names - set(EXEMPT) - {"root_key"}))
        assert set(found.values()) == {0}, found

    def test_a_setting_that_has_ended_is_empty_and_nobody(self, busy):
        with busy.unbound.engine.connect() as one:
            with one.begin():
                tenancy.stand(one, busy.caller("approver"))
                assert one.scalar(text("SELECT count(*) FROM sheet")) == 1
            with one.begin():
                assert one.scalar(text("SELECT current_setting('disburse.caller')")) == ""
                assert one.scalar(text("SELECT count(*) FROM sheet")) == 0


class TestAStranger:
    def test_sees_no_row_of_the_project_by_any_statement(self, busy, stranger):
        with busy.everything() as tx:
            every = counted(tx, with_project(tx))
            filled = {name for name, rows in every.items() if rows}
        assert {"sheet", "line", "attempt", "act", "balance", "kept_bytes", "worker"} <= filled
        with tenancy.bound(busy.unbound, stranger)() as tx:
            here = {"p": busy.project_id}
            seen = {
                name: tx.scalar(text(f"SELECT count(*) FROM {name} WHERE project_id = :p"), here)
                for name in every
            }
        assert set(seen.values()) == {0}, seen

    def test_changes_no_row_and_adds_none(self, busy, stranger):
        with tenancy.bound(busy.unbound, stranger)() as tx:
            for table in ("sheet", "entitlement", "attempt", "bank_file", "balance"):
                done = tx.execute(text(f"UPDATE {table} SET project_id = project_id"))
                assert done.rowcount == 0, table
        for statement in (
            """INSERT INTO anomaly (project_id, code, red, reference, detail, at)
               VALUES (:p, 'x', true, '', '', now())""",
            """INSERT INTO transfer (project_id, kind, reference, account_id, amount, at)
               VALUES (:p, 'allocate', 'x', 1, 1, now())""",
        ):
            with (
                pytest.raises(ProgrammingError, match="row-level security"),
                tenancy.bound(busy.unbound, stranger)() as tx,
            ):
                tx.execute(text(statement), {"p": busy.project_id})

    @pytest.mark.usefixtures("stranger")
    def test_finds_nothing_even_where_the_program_forgets_to_ask_whose_it_is(
        self, busy, monkeypatch
    ):
        every = [busy.project_id]
        monkeypatch.setattr(parties, "projects_of", lambda *_: every)
        site = Site(busy)
        for path in ("sheets", "files", "payments", "anomalies", "acts", "open_items"):
            answer = site.get(path, "stranger")
            rows = answer.get_json().get("rows")
            assert answer.status_code == 404 or rows == [], (path, answer.get_json())
        review = site.client.post(
            f"/v1/projects/{busy.project_id}/sheets/1/review",
            headers=site.headers("stranger") | {"Idempotency-Key": "forgotten"},
        )
        assert review.status_code == 404
        assert site.get("sheets", "approver").get_json()["rows"]

    def test_is_told_of_a_taken_key_and_does_not_lose_a_row_in_silence(self, busy, stranger):
        with busy.everything() as tx:
            kind, reference = tx.execute(text("SELECT kind, reference FROM transfer LIMIT 1")).one()
        insert = (
            "INSERT INTO transfer (project_id, kind, reference, account_id, amount, at)"
            " VALUES (:p, :k, :r, 1, 1, now()) ON CONFLICT DO NOTHING"
        )
        values = {"p": busy.project_id, "k": kind, "r": reference}
        with pytest.raises(ProgrammingError), tenancy.bound(busy.unbound, stranger)() as tx:
            tx.execute(text(insert), values)


class TestCopy:
    def test_into_a_protected_table_is_refused_so_rows_are_staged(self, busy):
        with pytest.raises(Exception, match="row-level security"), busy.begin() as tx:
            copy_rows(tx, "anomaly", ["project_id"], [(busy.project_id,)])

    def test_out_of_a_table_stands_nowhere_in_the_program(self):
        top = Path(banks.__file__).parent
        wrong = [
            path.name for path in top.rglob("*.py")
            if re.search(r"COPY\s+(?!\()\S+\s+(\([^)]*\)\s+)?TO\b", path.read_text("utf-8"))
        ]  # fmt: skip
        assert wrong == []  # of a partitioned table it returns nothing, and says nothing


class TestRoles:
    @pytest.mark.parametrize("role", [embedded.MIGRATE])
    def test_who_owns_the_tables_serves_nobody(self, database, role):
        mighty = connect(embedded.as_role(database, role), KEYCHAIN)
        for wanted in (roles.APP, roles.WORK):
            with pytest.raises(UnfitRole, match="owns the tables"):
                migrate.require_ready(mighty, wanted)
        mighty.dispose()

    def test_who_bypasses_row_level_security_serves_nobody(self, database):
        superuser = connect(embedded.as_role(database, "postgres"), KEYCHAIN)
        with pytest.raises(UnfitRole, match="superuser"):
            migrate.require_ready(superuser, roles.APP)
        superuser.dispose()

    def test_each_command_has_its_own_role(self, begin, loop):
        migrate.require_ready(begin, roles.APP)
        migrate.require_ready(loop, roles.WORK)
        with pytest.raises(UnfitRole, match="works as disburse_work"):
            migrate.require_ready(begin, roles.WORK)

    def test_who_may_not_become_the_owner_migrates_nothing(self, database):
        with pytest.raises(RolesMissing, match="may not become it"):
            migrate.migrate(database, today=TODAY, keychain=KEYCHAIN)

    def test_a_regulator_reads_its_region_and_writes_nothing(self, busy, database):
        reader = connect(embedded.as_role(database, roles.REGULATOR))
        inspector = busy.caller("inspector@labour_authority")
        elsewhere = replace(inspector, organisation_id=10_000)
        with read_only(tenancy.bound(reader, inspector))() as tx:
            assert tx.scalar(text("SELECT count(*) FROM sheet")) == 1
        with tenancy.bound(reader, elsewhere)() as tx:
            assert tx.scalar(text("SELECT count(*) FROM sheet")) == 0
        with pytest.raises(ProgrammingError), tenancy.bound(reader, inspector)() as tx:
            tx.execute(text("UPDATE sheet SET version = version"))
        reader.dispose()


@pytest.fixture
def login(database):
    """Make a login of the server's: `login("IN ROLE …")` is its URL; gone afterwards."""
    server = embedded.as_role(database, "postgres")
    secret = Path(make_url(database).query["passfile"]).read_text("utf-8").strip().rsplit(":", 1)[1]
    made = f"login_of_{make_url(database).database}"

    def make(options, *statements):
        with connection(server, "postgres") as tx:
            tx.execute(f"CREATE ROLE {made} LOGIN PASSWORD '{secret}' {options}")
            for statement in statements:
                tx.execute(statement.format(made))
        return embedded.as_role(database, made)

    yield make
    with connection(server, "postgres") as tx:
        tx.execute(f"DROP OWNED BY {made} CASCADE")
        tx.execute(f"DROP ROLE {made}")


class TestWhoIsLetIn:
    """`serve` and `work` start as somebody who has one role and nothing that leads around it."""

    @pytest.mark.parametrize(
        ("options", "statements", "why"),
        [
            ("IN ROLE disburse_app REPLICATION", (), "by replication"),
            ("IN ROLE disburse_app BYPASSRLS", (), "bypasses row-level security"),
            ("IN ROLE disburse_app, pg_read_server_files", (), "reaches the server's files"),
            ("IN ROLE disburse_app, pg_execute_server_program", (), "reaches the server's files"),
            ("IN ROLE disburse_app, disburse_owner", (), "owns the tables"),
            ("IN ROLE disburse_app, disburse_work", (), "is disburse_work besides"),
            ("IN ROLE disburse_app", ("GRANT CREATE ON SCHEMA public TO {}",), "in the schema"),
            ("IN ROLE disburse_regulator", (), "works as disburse_app"),
        ],
    )
    def test_nobody_who_could_get_around_it(self, login, options, statements, why):
        somebody = connect(login(options, *statements), KEYCHAIN)
        with pytest.raises(UnfitRole, match=why):
            migrate.require_ready(somebody)
        somebody.dispose()

    def test_a_login_of_ones_own_that_has_the_role_and_no_more(self, login):
        somebody = connect(login("IN ROLE disburse_app"), KEYCHAIN)
        migrate.require_ready(somebody)
        somebody.dispose()

    @pytest.mark.parametrize("kind", ["operator", "general_contractor"])
    def test_nobody_for_whom_a_caller_is_preset(self, login, kind):
        preset = f"ALTER ROLE {{}} SET disburse.caller = '1 1 {kind}'"
        somebody = connect(login("IN ROLE disburse_app", preset), KEYCHAIN)
        with pytest.raises(Unprotected, match="caller is preset"):
            migrate.require_ready(somebody)
        somebody.dispose()


class TestWhatNeverChanges:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE signing_key SET jwk = 'mine'",
            "UPDATE signing_key SET organisation_id = 1",
            "UPDATE request_key SET member_id = 1",
            "UPDATE grant_of_role SET role = 'approver'",
            "UPDATE act SET person_id = 1",
            "UPDATE transfer SET amount = 1",
            "DELETE FROM act",
            "DELETE FROM record_key",
            "UPDATE access SET project_id = 1",
            "INSERT INTO access VALUES (1, 1)",
        ],
    )
    def test_not_for_the_service_and_not_for_the_worker(self, busy, change):
        for begin in (busy.operating, busy.begin, busy.everything):
            if change == "DELETE FROM record_key" and begin == busy.everything:
                continue  # a rotation destroys the root keys that wrap nothing any more
            with pytest.raises(ProgrammingError, match="permission denied"), begin() as tx:
                tx.execute(text(change))

    def test_who_takes_part_is_written_by_the_operator_only(self, busy):
        with busy.begin() as tx:
            assert tx.execute(text("UPDATE party SET organisation_id = 1")).rowcount == 0
        with pytest.raises(ProgrammingError, match="row-level security"), busy.begin() as tx:
            tx.execute(text(
                "INSERT INTO bank_connection (bank_id, adapter) SELECT bank_id, 'x' "
                "FROM bank_connection"
            ))  # fmt: skip

    def test_a_project_is_not_shredded_by_who_forgot_what_speaks_against_it(self, busy):
        shred = text("SELECT * FROM shred_project(:p, now())")
        for begin in (busy.begin, busy.operating):  # not the operator; and wages are open
            with pytest.raises(ProgrammingError, match="not to be shredded"), begin() as tx:
                tx.execute(shred, {"p": busy.project_id})
        with busy.everything() as tx:
            assert tx.scalar(text("SELECT count(*) FROM record_key")) > 0


class TestFunctionsOfTheOwner:
    QUERY = """
        SELECT p.proname, p.proconfig, has_function_privilege('public', p.oid, 'EXECUTE') AS open
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
    """

    def test_each_finds_what_its_author_meant_and_is_not_for_everybody(self, loop):
        with loop() as tx:
            found = tx.execute(text(self.QUERY)).all()
        assert len(found) > 15
        for row in found:
            assert row.proconfig == ["search_path=public, pg_temp"], row.proname
            assert not row.open, row.proname

    def test_a_table_of_the_callers_own_does_not_get_in_between(self, busy):
        member = busy.caller("approver").member_id
        with busy.unbound() as tx:
            tx.execute(text("CREATE TEMP TABLE member (LIKE public.member)"))
            tx.execute(text("CREATE TEMP TABLE organisation (LIKE public.organisation)"))
            found = tx.execute(text("SELECT * FROM member_by_number(:m)"), {"m": member}).all()
            tx.execute(text("DROP TABLE pg_temp.member, pg_temp.organisation"))
        assert [row.login for row in found] == ["approver@general_contractor"]

    def test_files_of_others_on_the_same_connection_keep_their_numbers(self, busy):
        with busy.everything() as tx:
            sent = tx.execute(text("SELECT connection_id, sequence, state FROM bank_file")).one()
            tx.execute(text("UPDATE bank_file SET state = 'acknowledged'"))
        with busy.operating() as tx:  # who sees the connection, and no file of the project
            assert tx.scalar(text("SELECT count(*) FROM bank_file")) == 0
            connection = sent.connection_id
            assert files.next_sequence(tx, connection, consecutive=True) == sent.sequence + 1
            here = {"c": connection, "n": sent.sequence + 1}
            assert tx.scalar(text("SELECT answered_before(:c, :n)"), here) == sent.sequence

    def test_what_no_project_was_told_for_stays_seen_when_the_account_changes(self, busy, stranger):
        with busy.everything() as tx:
            nobodys = "INSERT INTO balance (project_id, account_id) VALUES (0, :a)"
            tx.execute(text(nobodys), {"a": busy.account_id})
        with busy.operating() as tx:
            other = tx.scalar(text("""
                INSERT INTO special_account (connection_id, holder, number, currency)
                SELECT connection_id, holder, '1017700000000002', currency FROM special_account
                RETURNING id
            """))  # fmt: skip
            ledger.open_row(tx, project_id=busy.project_id, account_id=other)
            parties.use_account(tx, project_id=busy.project_id, account_id=other)
        seen = text("SELECT count(*) FROM balance WHERE project_id = 0")
        with busy.begin() as tx:
            assert tx.scalar(seen) == 1
        for begin in (tenancy.bound(busy.unbound, stranger), busy.operating):
            with begin() as tx:
                assert tx.scalar(seen) == 0

    def test_lines_seen_on_projects_of_others_count_too(self, busy, stranger):
        person = busy.caller("labour_officer").person_id
        with busy.everything() as tx:
            tx.execute(text("""
                INSERT INTO act (project_id, period, id, at, act, person_id, subject, subject_id,
                                 facts)
                SELECT :p, date_trunc('month', now() AT TIME ZONE 'UTC'), nextval('act_id'), now(),
                       'reveal', :person, 'line', '1.1', '{}'
            """), {"p": busy.project_id, "person": person})  # fmt: skip
        with tenancy.bound(busy.unbound, stranger)() as tx:
            seen = "SELECT reveals_of(:person, now() - interval '1 day')"
            assert tx.scalar(text(seen), {"person": person}) == 1
            assert tx.scalar(text("SELECT count(*) FROM act WHERE act = 'reveal'")) == 0


def test_a_world_is_set_up_by_nobody_mightier_than_the_service(world):
    assert isinstance(world, World)
    with world.begin() as tx:
        roles.require_fit(tx, roles.APP)


def test_nobody_ends_tokens_of_another_organisation(world):
    site = Site(world)
    victim = world.caller("funder").member_id
    for name in ("people_administrator@general_contractor", "administrator"):
        with world.unbound() as tx:
            tenancy.stand(tx, world.caller(name))
            assert members.end_tokens(tx, member_id=victim, at=world.now) == 0
    with world.unbound() as tx:  # nobody's
        assert members.end_tokens(tx, member_id=victim, at=world.now) == 0
    assert site.get("balance", "funder").status_code == 200
    with world.unbound() as tx:
        tenancy.stand(tx, world.caller("people_administrator@owner"))
        assert members.end_tokens(tx, member_id=victim, at=world.now) == 2  # by name and login
    assert site.get("balance", "funder").status_code == 401
    assert site.get("balance", "viewer").status_code == 200
