"""The simulated vendors answer as the real ones: by their contracts and their own clients."""

import datetime as dt
import importlib
import json
import urllib.error
import urllib.request

import pytest
from api_sources import AS_OF, TOKEN, context, extract
from test_source_bamboohr import company
from test_source_hubspot import portal
from test_source_mastodon import rows as accounts_and
from test_source_mastodon import status

from ingestion.rows import to_arrow, turned
from ingestion.sample.organization import generate
from ingestion.sample.vendors import bamboohr, hubspot, mastodon, names, serve
from ingestion.sample.vendors.server import Answer, moment, running, text
from ingestion.specs import table, tables
from settings import ROOT

CONTRACTS = ROOT.parent / "shared" / "contracts"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SOURCES = sorted(p.stem for p in (ROOT / "ingestion" / "sources").glob("*.py")
                 if p.stem != "__init__")  # fmt: skip


def get(base_url, path, headers=BEARER, body=None):
    """(status, headers, parsed answer) of a plain request, without our session."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{base_url}/{path}", data=data, headers={**headers, "Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            content = error.read()
            return error.code, error.headers, json.loads(content) if content else None


def contract(name):
    path = CONTRACTS / name
    if not path.exists():
        pytest.skip(f"{path} is absent: nothing outside to check the answers against")
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    import yaml

    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def strictly(document, schema):
    """A validator for one schema of an OpenAPI document; formats count too."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(
        {**schema, "components": document["components"]},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


# What must hold of every vendor, also of those that come later.


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_tables_and_a_simulated_vendor(source):
    assert source in names()
    assert [table for table in tables() if table.source == source]
    assert callable(importlib.import_module(f"ingestion.sources.{source}").extract)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_brings_nothing_when_its_vendor_holds_nothing(source):
    empty = {"accounts": accounts_and()["accounts"]} if source == "mastodon" else {}
    with serve({source: empty}) as at:
        found = extract(context(source, at[source], accounts=("harbour",), company="harbour"))
    assert found.keys() <= {"accounts"}


def test_what_the_sample_holds_comes_through_its_vendors_unchanged(tmp_path):
    generate(tmp_path, AS_OF, seed=7, scale=1)
    held = {path.stem: json.loads(path.read_bytes()) for path in tmp_path.glob("vendors/*.json")}
    assert held and held.keys() <= set(SOURCES)
    with serve(held) as at:
        for source, tables_held in held.items():
            names_held = tuple(row["acct"] for row in tables_held.get("accounts", ()))
            found = extract(context(source, at[source], accounts=names_held, company="harbour"))
            assert found.keys() == tables_held.keys()
            for name, rows in tables_held.items():
                declared = table(source, name)
                wanted = stored(declared, rows)
                got = stored(declared, found[name])
                assert len(got) == len(rows) > 0
                assert [k for k, row in wanted.items() if got[k] != row] == [], (source, name)


def stored(declared, rows):
    """Rows as the warehouse would have them, by key, but for hashing."""
    taken, refused = to_arrow(declared, turned(declared, rows), hashed=lambda value: value)
    assert not refused
    found = {tuple(row[k] for k in declared.stored_key): row for row in taken.to_pylist()}
    for row in found.values():
        if row.get("valid_until"):  # BambooHR says how many months a training holds, not till when
            row["valid_until"] = row["valid_until"].replace(day=1)
    return found


def test_vendors_are_served_together_each_on_its_own_port():
    with serve({"mastodon": {}, "hubspot": {}, "bamboohr": {}}) as at:
        assert at.keys() == {"mastodon", "hubspot", "bamboohr"}
        assert len(set(at.values())) == 3
        assert all(url.startswith("http://127.0.0.1:") for url in at.values())
        assert get(at["hubspot"], "crm/v3/objects/contacts")[2] == {"results": []}
    with pytest.raises(urllib.error.URLError):
        get(at["hubspot"], "crm/v3/objects/contacts")


def test_a_vendor_that_nobody_simulates_is_refused():
    refused = pytest.raises(ValueError, match="no simulated vendor friendster; known: bamboohr")
    with refused, serve({"friendster": {}}):
        pass


def test_ids_that_no_vendor_makes_are_refused():
    with pytest.raises(ValueError, match="row 1: contact_id 'c-1' is not a number"):
        hubspot.build({"contacts": [{"contact_id": "c-1"}]})


@pytest.mark.parametrize(
    ("effect", "status", "count"),
    [("status", 500, 2), ("ratelimit", 429, 1), ("malformed", 200, 1)],
)
def test_faults_are_given_in_the_words_of_mastodon_mock(effect, status, count):
    with running(lambda tables: lambda request: Answer({"fine": True}), {}) as vendor:
        rule = {"match": {"path_regex": "^/here"}, "effect": {"type": effect}, "count": count}
        assert get(vendor.base_url, "api/v1/_mock/faults", body=rule)[0] == 200
        assert get(vendor.base_url, "there")[2] == {"fine": True}
        for _ in range(count):
            if effect == "malformed":
                with pytest.raises(json.JSONDecodeError):
                    get(vendor.base_url, "here")
            else:
                assert get(vendor.base_url, "here")[0] == status
        assert get(vendor.base_url, "here")[2] == {"fine": True}
        wrong = {"effect": {"type": "earthquake"}}
        assert get(vendor.base_url, "api/v1/_mock/faults", body=wrong)[0] == 422


def test_values_are_written_as_vendors_write_them():
    assert moment("2026-03-01") == "2026-03-01T00:00:00.000Z"
    assert moment("2026-03-01T10:00:00+02:00") == "2026-03-01T08:00:00.000Z"
    assert moment(dt.datetime(2026, 3, 1, 8, 0, 0, 5000)) == "2026-03-01T08:00:00.005Z"  # noqa: DTZ001
    assert moment(None) is None
    assert [text(v) for v in (None, "", True, 3, 2.0, 2.5, "x")] == [
        None, None, "true", "3", "2", "2.5", "x",
    ]  # fmt: skip


# Mastodon: abraham/mastodon-openapi (MIT).


def test_mastodon_answers_by_its_contract():
    document = contract("mastodon.json")
    schema = {name: strictly(document, document["components"]["schemas"][name])
              for name in ("Account", "Status")}  # fmt: skip
    several = [status(3, 0, is_reblog=True, edited_at="2026-09-30T10:00:00"),
               status(2, 1, in_reply_to_id="1", tags="a b"),
               status(1, 2, media_type="image", quotes_count=4, language="de")]  # fmt: skip
    with running(mastodon.build, accounts_and(*several)) as vendor:
        _, _, account = get(vendor.base_url, "api/v1/accounts/lookup?acct=harbour")
        _, _, shown = get(vendor.base_url, "api/v1/accounts/5/statuses")
    schema["Account"].validate(account)
    assert len(shown) == 3
    for item in shown:
        schema["Status"].validate(item)
    spoiled = {key: value for key, value in account.items() if key != "followers_count"}
    assert not schema["Account"].is_valid(spoiled)


def test_mastodon_pages_back_with_next_and_forth_with_prev():
    several = [status(number, 100 - number) for number in range(1, 101)]
    with running(mastodon.build, accounts_and(*several)) as vendor:
        path = "api/v1/accounts/5/statuses"

        def ids(query):
            _, headers, shown = get(vendor.base_url, f"{path}?{query}")
            return [int(item["id"]) for item in shown], headers.get("Link", "")

        newest, link = ids("limit=500")
        assert newest == list(range(100, 60, -1)) and 'max_id=61>; rel="next"' in link
        assert len(ids("")[0]) == 20
        assert ids("since_id=90")[0] == list(range(100, 90, -1))
        assert ids("min_id=90&limit=4")[0] == [94, 93, 92, 91]
        _, link = ids("since_id=10&limit=40")
        assert "since_id" not in link  # as the real one: who follows it must stop by itself
        assert get(vendor.base_url, "api/v1/accounts/6/statuses")[0] == 404
        assert get(vendor.base_url, path, headers={})[0] == 401


# HubSpot: the vendor's own client.


@pytest.fixture(scope="module")
def crm():
    """HubSpot's own client, pointed at the simulated portal."""
    client = pytest.importorskip("hubspot", reason="hubspot-api-client is not installed")
    with running(hubspot.build, portal()) as vendor:
        made = client.HubSpot(access_token=TOKEN)

        def api(package, name):
            module = importlib.import_module(f"hubspot.crm.{package}")
            configuration = module.Configuration()
            configuration.host = vendor.base_url
            configuration.access_token = TOKEN
            return getattr(module, name)(module.ApiClient(configuration))

        assert made.config["access_token"] == TOKEN
        yield vendor, api


def test_hubspots_client_reads_the_lists(crm):
    _, api = crm
    page = api("contacts", "BasicApi").get_page(limit=100, properties=["email", "country"])
    assert len(page.results) == 100 and page.paging.next.after == "200"
    assert page.results[0].properties["email"] == "person101@example.org"
    assert page.results[0].created_at == dt.datetime(2025, 1, 1, 8, tzinfo=dt.UTC)
    rest = api("contacts", "BasicApi").get_page(limit=100, after="300")
    assert len(rest.results) == 30 and rest.paging is None
    assert len(api("companies", "BasicApi").get_page().results) == 2


def test_hubspots_client_reads_history_and_associations(crm):
    _, api = crm
    page = api("deals", "BasicApi").get_page(
        limit=50,
        properties=["amount"],
        properties_with_history=["dealstage"],
        associations=["contacts", "companies"],
    )
    deal = page.results[0]
    assert [entry.value for entry in deal.properties_with_history["dealstage"]] == ["offer", "lead"]
    assert deal.associations["contacts"].results[0].id == "105"
    kinds = {link.type for link in deal.associations["companies"].results}
    assert kinds == {"deal_to_company", "deal_to_company_unlabeled"}


def test_hubspots_client_searches(crm):
    _, api = crm
    from hubspot.crm.deals import Filter, FilterGroup, PublicObjectSearchRequest

    wanted = Filter(property_name="hs_object_id", operator="GT", value="610")
    found = api("deals", "SearchApi").do_search(
        PublicObjectSearchRequest(
            filter_groups=[FilterGroup(filters=[wanted])],
            sorts=["hs_object_id"],
            properties=["dealname"],
            limit=4,
            after=0,
        )
    )
    assert found.total == 10 and [item.id for item in found.results] == ["611", "612", "613", "614"]
    assert found.paging.next.after == "4"


def test_hubspots_client_reads_batches_and_who_belongs_to_whom(crm):
    _, api = crm
    from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
    from hubspot.crm.associations.v4 import PublicFetchAssociationsBatchRequest as Wanted
    from hubspot.crm.deals import BatchReadInputSimplePublicObjectId, SimplePublicObjectId

    read = api("deals", "BatchApi").read(
        BatchReadInputSimplePublicObjectId(
            inputs=[SimplePublicObjectId(id="501"), SimplePublicObjectId(id="999")],
            properties=["amount"],
            properties_with_history=["dealstage"],
        )
    )
    assert [item.properties["amount"] for item in read.results] == ["1250.5"]
    assert read.num_errors == 1
    links = api("associations.v4", "BatchApi").get_page(
        from_object_type="deals",
        to_object_type="contacts",
        batch_input_public_fetch_associations_batch_request=(
            BatchInputPublicFetchAssociationsBatchRequest(inputs=[Wanted(id="501")])
        ),
    )
    assert str(links.results[0].to[0].to_object_id) == "105"


def test_hubspots_client_reads_owners_and_pipelines(crm):
    _, api = crm
    owners = api("owners", "OwnersApi").get_page(limit=100, archived=False)
    assert [owner.email for owner in owners.results] == ["ann@harbour.example"]
    assert owners.results[0].teams[0].primary is True
    (pipeline,) = api("pipelines", "PipelinesApi").get_all("deals").results
    assert [stage.label for stage in pipeline.stages] == ["Lead", "Offer", "Won"]
    assert pipeline.stages[2].metadata == {"isClosed": "true", "probability": "1.0"}


def test_hubspots_client_understands_the_errors(crm):
    vendor, api = crm
    from hubspot.crm.contacts import ApiException

    with pytest.raises(ApiException) as error:
        api("contacts", "BasicApi").get_page(limit=101)
    assert error.value.status == 400
    assert json.loads(error.value.body)["category"] == "VALIDATION_ERROR"
    assert get(vendor.base_url, "crm/v3/objects/contacts", headers={})[2]["category"] == (
        "INVALID_AUTHENTICATION"
    )
    assert get(vendor.base_url, "crm/v3/objects/unicorns")[0] == 404
    too_many = "crm/v3/objects/0-3?limit=100&propertiesWithHistory=dealstage"
    assert get(vendor.base_url, too_many)[0] == 400


# BambooHR: its own OpenAPI contract (MIT).

BASIC = {"Authorization": "Basic YS1rZXk6eA=="}  # a-key:x
DATASET = {"fields": ["eeid", "email", "terminationDate"], "orderBy": "eeid asc", "pageSize": 3}
ANSWERS = [
    ("get", "/api/v1_2/datasets/{datasetName}/fields", "api/v1_2/datasets/employee/fields", None),
    ("post", "/api/v2/datasets/{datasetName}/data", "api/v2/datasets/employee/data", DATASET),
    ("get", "/api/v1/employees/{id}/tables/{table}", "api/v1/employees/all/tables/jobInfo", None),
    ("get", "/api/v1/employees/{id}/tables/{table}",
     "api/v1/employees/4006/tables/employmentStatus", None),
    ("get", "/api/v1/time_off/requests",
     "api/v1/time_off/requests?start=2024-01-01&end=2027-12-31", None),
    ("get", "/api/v1/training/type", "api/v1/training/type", None),
    ("get", "/api/v1/training/record/employee/{employeeId}",
     "api/v1/training/record/employee/4001", None),
    ("get", "/api/v1/training/record/employee/{employeeId}",
     "api/v1/training/record/employee/4002", None),
]  # fmt: skip


@pytest.fixture(scope="module")
def hr():
    document = contract("bamboohr.yaml")
    with running(bamboohr.build, company()) as vendor:
        yield vendor, document


def resolved(document, node):
    while isinstance(node, dict) and "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/")]
        node = target
    return node


@pytest.mark.parametrize(("method", "entry", "path", "body"), ANSWERS, ids=lambda v: str(v)[-30:])
def test_bamboohr_answers_by_its_contract(hr, method, entry, path, body):
    vendor, document = hr
    code, _, shown = get(vendor.base_url, path, headers=BASIC, body=body)
    assert code == 200 and shown is not None
    responses = document["paths"][entry][method]["responses"]
    response = resolved(document, responses.get("200") or responses[200])
    schema = response["content"]["application/json"]["schema"]
    validator = strictly(document, schema)
    # The contract says that a dataset's values are text; the vendor's unknown ones are null.
    wrong = [error for error in validator.iter_errors(shown)
             if "data" not in error.absolute_path or error.instance is not None]  # fmt: skip
    assert not wrong, wrong
    assert not validator.is_valid("spoiled")


def test_bamboohr_takes_only_what_the_contract_offers(hr):
    vendor, document = hr
    security = document["paths"]["/api/v2/datasets/{datasetName}/data"]["post"]["security"]
    assert {"basic": []} in security  # while GET /employees would want OAuth
    assert {"basic": []} not in document["paths"]["/api/v1/employees"]["get"]["security"]
    path = "api/v2/datasets/employee/data"
    assert get(vendor.base_url, path, headers={}, body=DATASET)[0] == 401
    for wrong in ({"fields": ["salary"]}, {"pageSize": 1001}, {"orderBy": "hireDate asc"}):
        code, headers, problem = get(vendor.base_url, path, BASIC, {**DATASET, **wrong})
        assert code == 422 and headers["Content-Type"] == "application/problem+json"
        assert problem["status"] == 422
    asked = "api/v1/time_off/requests?start=2026-01-01"
    assert get(vendor.base_url, asked, headers=BASIC)[0] == 400
