"""Who is who: components of records, decisions that are applied and undone, desks, and the planted
truth of the sample."""

import csv
import dataclasses
import re
import sys
from pathlib import Path

import duckdb
import hypothesis
import jinja2
import pytest
from dbt_warehouse import Warehouse
from hypothesis import strategies as st

from ingestion import identity, privacy
from settings import ROOT, ConfigError, Identity, Organization, Paths

KEY = b"a key for tests only"
MARTS = ("dim_contacts", "bridge_contact_identities", "fct_identity_merges",
         "fct_identity_exceptions")  # fmt: skip


# --- connected components ------------------------------------------------------------------------


def components(links: list[tuple[int, str]], rounds: int) -> dict[int, int]:
    """The macro as models use it, on links of (node, key)."""
    text = (ROOT / "dbt_project" / "macros" / "identity.sql").read_text(encoding="utf-8")
    macros = jinja2.Environment(autoescape=False).from_string(text).module
    sql = macros.connected_components("links", rounds)
    with duckdb.connect() as con:
        con.execute("create table links (node bigint, link_key varchar)")
        con.executemany("insert into links values (?, ?)", links)
        return dict(con.execute(f"with {sql} select node, component from components").fetchall())


def joined_by_hand(links: list[tuple[int, str]]) -> dict[int, int]:
    """The smallest node of each node's component, by union-find."""
    above: dict[object, object] = {}

    def top(item: object) -> object:
        above.setdefault(item, item)
        while above[item] != item:
            item = above[item]
        return item

    for node, key in links:
        above[top(node)] = top(key)
    nodes = {node for node, _ in links}
    return {node: min(other for other in nodes if top(other) == top(node)) for node in nodes}


@hypothesis.settings(max_examples=30, deadline=None)
@hypothesis.given(
    st.lists(st.tuples(st.integers(1, 25), st.sampled_from("abcdefghij")), min_size=1, max_size=40)
)
def test_components_are_those_of_a_union_find(links):
    assert components(links, 6) == joined_by_hand(links)


@hypothesis.settings(max_examples=15, deadline=None)
@hypothesis.given(st.permutations(range(1, 33)))
def test_a_chain_of_thirty_two_records_in_any_order_is_one_person(order):
    chain = [(node, f"k{step}") for step in range(31) for node in order[step : step + 2]]
    assert set(components(chain, 6).values()) == {1}


# --- decisions -----------------------------------------------------------------------------------


@dataclasses.dataclass
class Contacts(Warehouse):
    """A warehouse of a few contacts."""

    is_built: bool = False

    def contact(self, number: str, **row: object) -> None:
        self.say("contacts", system="crm", contact_id=number, created_at=f"2025-01-0{number} 08:00",
                 **row)  # fmt: skip

    def settings(self, **given: object) -> None:
        self.make("2026-01-31", Organization("Small"), Identity(**given))

    def build(self) -> dict[str, list[tuple]]:
        """The identity marts, rebuilt; views stay as they are."""
        again = ",config.materialized:table" if self.is_built else ""
        self.run(*(f"+{mart}{again}" for mart in MARTS))
        self.is_built = True
        return {mart: self.execute(f"select * from marts.{mart} order by all") for mart in MARTS}

    def people(self) -> dict[str, str]:
        return dict(
            self.execute(
                "select contact_reference, contact_id from intermediate.int_contacts_resolved"
            )
        )


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory):
    monkeypatch = pytest.MonkeyPatch()
    made = Contacts(Paths(tmp_path_factory.mktemp("identity")))
    monkeypatch.setenv("PLUMBLINE_DATA", str(made.paths.data))
    made.settings()
    made.contact("1", email_hash="anna", phone_hash="switchboard")
    made.contact("2", email_hash="anna", phone_hash="switchboard")
    made.contact("3", email_hash="berta", phone_hash="switchboard")
    made.say("touchpoints", system="web", touchpoint_id="t1", occurred_at="2026-01-02 08:00",
             visitor_id_hash="browser", contact_email_hash="anna")  # fmt: skip
    made.dbt("seed")
    yield made
    monkeypatch.undo()


def test_a_decision_is_applied_on_the_next_build_seen_in_the_audit_and_undone(warehouse):
    before = warehouse.build()
    assert warehouse.people() == {"crm:1": "crm:1", "crm:2": "crm:1", "crm:3": "crm:3"}
    kinds = "select exception_kind, review_status from marts.fct_identity_exceptions order by all"
    assert warehouse.execute(kinds) == [("same_crm_twice", "open"), ("same_phone", "open")]

    decision = {"decision_id": "d1", "decided_on": "2026-01-20", "decision": "apart",
                "contact": "crm:2", "other_contact": "crm:1", "reason": "Sisters."}  # fmt: skip
    warehouse.say("identity_decisions", **decision)
    warehouse.build()
    assert warehouse.people() == {"crm:1": "crm:1", "crm:2": "crm:2", "crm:3": "crm:3"}
    audit = ("select kept_reference, merged_reference, merge_status, decision_reason, "
             "cast(undone_date as varchar) from marts.fct_identity_merges")  # fmt: skip
    assert warehouse.execute(audit) == [("crm:2", "crm:1", "undone", "Sisters.", "2026-01-20")]
    # The address stays with the record that was named first, and so does its browser.
    tied = "select contact_id from marts.bridge_contact_identities where system = 'web'"
    assert warehouse.execute(tied) == [("crm:2",), ("crm:2",)]

    warehouse.say("identity_decisions", **decision, withdrawn_on="2026-01-31")
    assert warehouse.build() == before
    assert warehouse.build() == before  # the same rows and clock, the same marts


def test_a_reviewer_joins_what_no_key_joins_and_is_told_when_a_record_is_gone(warehouse):
    warehouse.say("identity_decisions", decision_id="d2", decided_on="2026-01-20", decision="join",
                  contact="crm:3", other_contact="crm:1")  # fmt: skip
    warehouse.say("identity_decisions", decision_id="d3", decided_on="2026-01-20", decision="join",
                  contact="crm:3", other_contact="crm:404")  # fmt: skip
    warehouse.build()
    assert set(warehouse.people().values()) == {"crm:1"}
    told = warehouse.execute(
        "select exception_kind, other_reference from marts.fct_identity_exceptions "
        "where review_status = 'open' and key_kind = 'decision'"
    )
    assert told == [("decision_not_honoured", "crm:404")]
    for number in ("d2", "d3"):
        warehouse.say("identity_decisions", decision_id=number, decided_on="2026-01-20",
                      decision="join", contact="crm:3", withdrawn_on="2026-01-21")  # fmt: skip


def test_rounds_that_did_not_suffice_stop_the_build(warehouse):
    warehouse.build()
    check = ("test", "--select", "identity_clusters_have_converged")
    assert warehouse.dbt(*check) == [("identity_clusters_have_converged", "pass")]
    warehouse.execute("update intermediate.int_contacts_clustered set contact_id = "
                      "contact_reference where contact_reference = 'crm:2'")  # fmt: skip
    assert warehouse.dbt(*check) == [("identity_clusters_have_converged", "fail")]


# --- desks ---------------------------------------------------------------------------------------


def test_a_desks_mailbox_is_known_before_the_address_is_hashed(warehouse):
    info = privacy.digest(KEY, "Info@Karst.example")
    warehouse.say("companies", system="crm", company_id="9", domain="https://www.karst.example/x")
    warehouse.contact("4", email_hash=info)
    warehouse.contact("5", email_hash=info)
    warehouse.contact("6", email_hash=privacy.digest(KEY, "ida@karst.example"))
    with duckdb.connect(str(warehouse.paths.warehouse)) as con:
        identity.write(con, Identity(), KEY)
    assert warehouse.execute("from ingest.shared_mailboxes") == [(info, "info")]
    warehouse.build()
    assert {reference: person for reference, person in warehouse.people().items()
            if reference in ("crm:4", "crm:5")} == {"crm:4": "crm:4", "crm:5": "crm:5"}  # fmt: skip
    found = warehouse.execute(
        "select contact_reference, other_reference, is_merged from marts.fct_identity_exceptions "
        "where exception_kind = 'shared_mailbox'"
    )
    assert found == [("crm:4", "crm:5", False)]
    # Without the word it would be one person: that is what the list is for.
    with duckdb.connect(str(warehouse.paths.warehouse)) as con:
        identity.write(con, Identity(shared_mailboxes=()), KEY)
    warehouse.build()
    assert warehouse.people()["crm:5"] == "crm:4"


# --- the sample's truth --------------------------------------------------------------------------


def test_stable_keys_find_the_planted_people_and_nobody_else(built):
    from bench.identity import measured

    found = {row.what: row for row in measured(built)}
    records = found["CRM records of one person"]
    assert records.precision == 1.0
    # The twin whom nobody has noticed yet shares no key with the first record.
    assert (records.pairs - records.found, records.pairs > 350) == (1, True)
    assert found["addresses"].precision == found["addresses"].recall == 1.0
    browsers = found["browsers"]
    assert browsers.precision == 1.0
    assert 0.6 < browsers.recall < 1  # who never filled in a form stays unknown


def test_the_table_of_the_page_is_that_of_this_sample(built):
    from bench import identity as bench
    from bench.marked import differing, within

    stored = within(bench.PAGE, "identity")
    assert not differing(stored, bench.page(built)), "run `python -m bench --only identity`"


def test_splink_finds_who_lost_an_address_and_says_what_agrees(built):
    pytest.importorskip("splink", reason="the extra [identity] is not installed")
    from bench.identity import probabilistic

    keys, _, both = probabilistic(built, 1, 0.9)
    assert keys.recall < 0.7
    assert both.recall > 0.97
    assert both.precision > 0.99
    with duckdb.connect(str(built.warehouse), read_only=True) as con:
        records = con.sql(identity.RECORDS).to_arrow_table()
    once = identity.proposals(records, 0.9)
    assert once.column_names == [
        "contact_reference", "other_reference", "match_probability", "agrees"]  # fmt: skip
    assert identity.proposals(records, 0.9) == once
    # No pair of the sample is proposed: what lacks an address lacks all else too.
    assert once.num_rows == 0
    emails = records.schema.get_field_index("email_hash")
    rows = records.column("email_hash").to_pylist()
    dealer = records.column("source_system").to_pylist().index("dealer_crm")
    rows[dealer] = None
    lost = identity.proposals(records.set_column(emails, "email_hash", [rows]), 0.9)
    assert lost.num_rows == 1
    assert "company_domain" in lost.column("agrees")[0].as_py()


def test_splink_is_off_unless_asked_for_and_says_how_to_get_it(warehouse, monkeypatch):
    assert Identity().splink == "off"
    monkeypatch.setitem(sys.modules, "splink", None)
    monkeypatch.setitem(sys.modules, "splink.comparison_library", None)
    with (
        duckdb.connect(str(warehouse.paths.warehouse)) as con,
        pytest.raises(ConfigError, match=r"install the extra .*\[identity\]"),
    ):
        identity.write(con, Identity(splink="propose"), KEY)


def test_a_proposal_is_listed_and_applied_only_when_the_settings_say_so(warehouse):
    pair = "insert into ingest.identity_proposals values ('crm:1', 'crm:3', 0.995, 'phone')"
    warehouse.execute(pair)
    listed = ("select exception_kind, is_merged, confidence from marts.fct_identity_exceptions "
              "where key_kind = 'proposal'")  # fmt: skip
    warehouse.settings(splink="propose", apply_from=0.99)
    warehouse.build()
    assert warehouse.people()["crm:3"] == "crm:3"
    assert warehouse.execute(listed) == [("proposed", False, 0.995)]
    for apply_from, person, kind in (
        (0.999, "crm:3", ("proposed", False, 0.995)),
        (0.99, "crm:1", ("probable_match_applied", True, 0.995)),
    ):
        warehouse.settings(splink="apply", apply_from=apply_from)
        warehouse.build()
        assert warehouse.people()["crm:3"] == person
        assert warehouse.execute(listed) == [kind]
    warehouse.execute("delete from ingest.identity_proposals")
    warehouse.settings()


def test_no_key_leaves_the_build(built, served):
    with duckdb.connect(str(built.warehouse), read_only=True) as con:
        hashes = [row[0] for row in con.execute(
            "select key_value from intermediate.int_identities_seen where key_kind <> 'crm_id'"
        ).fetchall()]  # fmt: skip
    assert len(hashes) > 5_000
    with duckdb.connect(str(served / "plumbline.duckdb"), read_only=True) as con:
        for mart in MARTS:
            columns = con.execute(f"describe marts.{mart}").fetchall()
            for name, kind, *_ in columns:
                if kind == "VARCHAR":
                    leaked = con.execute(
                        f"select count(*) from marts.{mart} where {name} in (select unnest(?))",
                        [hashes],
                    ).fetchone()
                    assert leaked == (0,), (mart, name)


def test_names_are_compared_nowhere():
    """Not in the models of identity, not in what Splink sees (law: never by name)."""
    assert not re.search(r"\bname\b", identity.RECORDS.split("select", 1)[1])
    models = ROOT / "dbt_project" / "models"
    for path in [*models.rglob("int_identity_*.sql"), *models.rglob("int_contact*.sql")]:
        assert not re.search(r"\b(first_|last_|full_)?name\b", code(path)), path


def code(path: Path) -> str:
    return re.sub(r"\{#.*?#\}|--[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.S)


def test_the_truth_is_read_as_it_is_written(built):
    with (built.sample / "truth" / "identities.csv").open(encoding="utf-8") as file:
        systems = {row["system"] for row in csv.DictReader(file)}
    assert systems == {"hubspot", "dealer_crm", "e-mail", "visitor"}
