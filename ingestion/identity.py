"""What ingestion knows of who is who before the models join records: role mailboxes, and, if the
settings ask for it, likely pairs that share no key.

Only here are addresses seen in clear, and only here stands the key: `info@` of every company that
the CRMs know is hashed and kept if a contact has it, so that models can tell a desk from a person.
"""

from __future__ import annotations

import logging
import typing

from ingestion import privacy
from settings import ConfigError, Identity

if typing.TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

DOMAIN = "split_part(regexp_replace(lower(trim(domain)), '^(https?://)?(www[.])?', ''), '/', 1)"

MAILBOXES = f"""
insert into ingest.shared_mailboxes
with domains as (
    select distinct {DOMAIN} as domain
    from (select domain from raw_hubspot.companies union all select domain from raw_feeds.companies)
    where trim(domain) <> ''
),
desks as (
    select {{digest}} as email_hash, words.word as mailbox
    from domains, (select unnest(?) as word) as words
),
known as (
    select email_hash from raw_hubspot.contacts union select email_hash from raw_feeds.contacts
)
select distinct email_hash, mailbox from desks where email_hash in (select email_hash from known)
order by all
"""

# What may be compared: keyed hashes, companies, countries and days. There is no name, so no
# spelling can be compared either: a mistyped address has an unlike hash.
RECORDS = f"""
with companies as (
    select 'hubspot:' || company_id as company, {DOMAIN} as domain from raw_hubspot.companies
    union all
    select system || ':' || company_id, {DOMAIN}
    from (select *, row_number() over (partition by _row_key order by _loaded_at desc,
                                       _dlt_load_id desc, _file_row desc) as version
          from raw_feeds.companies)
    where version = 1
),
contacts as (
    select
        'hubspot:' || contact_id as unique_id, 'hubspot' as source_system, email_hash, phone_hash,
        handle_hash, 'hubspot:' || company_id as company, upper(trim(country)) as country,
        created_at
    from raw_hubspot.contacts
    where is_archived is distinct from true
    union all
    select
        system || ':' || contact_id, system, email_hash, phone_hash, handle_hash,
        system || ':' || company_id, upper(trim(country)), created_at
    from (select *, row_number() over (partition by _row_key order by _loaded_at desc,
                                       _dlt_load_id desc, _file_row desc) as version
          from raw_feeds.contacts)
    where version = 1
)
select
    contacts.unique_id, contacts.source_system, contacts.email_hash, contacts.phone_hash,
    contacts.handle_hash, nullif(companies.domain, '') as company_domain, contacts.country,
    cast(contacts.created_at as date) as created_date
from contacts
left join companies on contacts.company = companies.company
order by contacts.unique_id
"""


def write(con: duckdb.DuckDBPyConnection, settings: Identity, key: bytes) -> None:
    """Rewrite `ingest.shared_mailboxes` and `ingest.identity_proposals` from what is loaded.

    Raises ConfigError when Splink is asked for and not installed.
    """
    privacy.arm(con, key)
    digest = privacy.sql_digest("words.word || '@' || domains.domain")
    con.execute("begin")
    con.execute("delete from ingest.shared_mailboxes")
    con.execute(MAILBOXES.format(digest=digest), [list(settings.shared_mailboxes)])
    con.execute("delete from ingest.identity_proposals")
    if settings.splink != "off":
        pairs = proposals(con.sql(RECORDS).to_arrow_table(), settings.propose_from)
        con.register("likely", pairs)
        con.execute("insert into ingest.identity_proposals from likely order by all")
        con.unregister("likely")
    con.execute("commit")


COMPARED = ("phone_hash", "handle_hash", "company_domain", "country")
NEEDED = 50  # pairs with one address, from which Splink learns what else agrees
MOST_OF_ONE = 12  # a switchboard or a concern makes no candidates; pairs grow with the square


def proposals(records: pa.Table, from_probability: float) -> pa.Table:
    """Pairs of records that Splink takes for one person and that do not share an address, which
    needs no probability: contact_reference, other_reference, match_probability, agrees.

    Raises ConfigError when Splink is not installed or has too little to learn from.
    """
    import duckdb

    pairs = likely_pairs(records, from_probability)
    agrees = ", ".join(
        f"case when {name}_l = {name}_r then '{name.removesuffix('_hash')}' end"
        for name in (*COMPARED, "created_date")
    )
    with duckdb.connect() as con:
        con.register("pairs", pairs)
        return con.sql(
            f"select least(unique_id_l, unique_id_r) as contact_reference, greatest(unique_id_l, "
            "unique_id_r) as other_reference, round(match_probability, 6) as match_probability, "
            f"concat_ws(', ', {agrees}) as agrees from pairs "
            "where email_hash_l is distinct from email_hash_r or email_hash_l is null order by all"
        ).to_arrow_table()


def likely_pairs(records: pa.Table, from_probability: float) -> pa.Table:
    """Every pair from `from_probability` on, as Splink tells them: a Fellegi-Sunter model of
    address, phone, handle, company, country and day of creation, learnt from the records without
    labels, alike for the same records. Candidates share a phone, a handle or a company that only
    few share.

    `records` are the rows of RECORDS. Raises ConfigError as `proposals` does.
    """
    import duckdb

    try:
        import splink.comparison_library as compare
        from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    except ImportError:
        raise ConfigError(
            "[identity] splink is asked for and not installed: install the extra "
            '(pip install ".[identity]"), or set splink = "off".'
        ) from None
    with duckdb.connect() as con:
        con.register("given", records)
        con.execute("set threads = 1")  # the same input, the same sample, the same probabilities
        con.execute("create table records as from given")
        [(alike,)] = con.execute(
            "select count(*) from records as a join records as b using (email_hash) "
            "where a.unique_id < b.unique_id"
        ).fetchall()
        if alike < NEEDED:
            raise ConfigError(
                f"[identity] splink has {alike} pairs of records with one address to learn from, "
                f'and needs {NEEDED}: set splink = "off" until there are more.'
            )
        candidates = [
            f"l.{name} = r.{name} and l.{name} in (select {name} from records "
            f"group by {name} having count(*) <= {MOST_OF_ONE})"
            for name in COMPARED[:3]
        ]
        days = compare.AbsoluteDateDifferenceAtThresholds(
            "created_date", input_is_string=False, metrics=["day", "day"], thresholds=[1, 30]
        )
        exact = [compare.ExactMatch(name) for name in ("email_hash", *COMPARED)]
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=[*exact, days],
            blocking_rules_to_generate_predictions=[block_on("email_hash"), *candidates],
            retain_matching_columns=True,
        )
        api = DuckDBAPI(con)
        linker = Linker(api.register("records"), settings, log_level=logging.ERROR)
        training = linker.training
        training.estimate_probability_two_random_records_match([block_on("email_hash")], recall=0.9)
        training.estimate_u_using_random_sampling(max_pairs=2_000_000, seed=7)
        training.estimate_parameters_using_expectation_maximisation(block_on("email_hash"))
        training.estimate_parameters_using_expectation_maximisation(block_on("phone_hash"))
        found = linker.inference.predict(threshold_match_probability=from_probability)
        return con.sql(f"from {found.physical_name}").to_arrow_table()
