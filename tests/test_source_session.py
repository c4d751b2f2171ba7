"""What every API source can rely on: bounded patience, clear errors, no secret in a message."""

import logging
import types

import pytest
from api_sources import TOKEN, context

from ingestion import session
from ingestion.sample.vendors.server import Answer, running

PATH = "api/people/17/records"


def people(tables):
    """A vendor with one listing of three pages, next page by cursor."""

    def answer(request):
        if TOKEN not in request.headers.get("Authorization", ""):
            return Answer({"error": "The token of ann@example.org is invalid"}, 401)
        page = int(request.query.get("after", "0"))
        after = {"after": str(page + 1)} if page < 2 else {}
        return Answer({"results": [page * 2, page * 2 + 1], "paging": {"next": after}})

    return answer


@pytest.fixture
def waits(monkeypatch):
    """Seconds that the session would have waited."""
    asked = []
    monkeypatch.setattr(session, "pause", asked.append)
    return asked


@pytest.fixture(scope="module")
def vendor():
    with running(people, {}) as server:
        yield server


@pytest.fixture(autouse=True)
def clean(vendor):
    vendor.faults.clear()
    vendor.requests.clear()


def read(vendor, token=TOKEN, **options):
    from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

    asked = context("people", vendor.base_url)
    client = session.connect(asked, headers={"Authorization": f"Bearer {token}"}, **options)
    paginator = JSONResponseCursorPaginator("paging.next.after", cursor_param="after")
    params = {"email": "ann@example.org"}
    found = session.pages(client, "people", PATH, paginator, params=params, selector="results")
    return [row for page in found for row in page]


def test_a_listing_is_read_to_its_end(vendor, waits):
    assert read(vendor) == [0, 1, 2, 3, 4, 5]
    assert len(vendor.requests) == 3 and waits == []


@pytest.mark.parametrize("type", ["malformed", "truncated", "drop"])
def test_half_an_answer_is_asked_for_again(vendor, waits, type):
    vendor.fault(type, count=2)
    assert read(vendor) == [0, 1, 2, 3, 4, 5]
    assert len(vendor.requests) == 5 and waits == [1, 2]


def test_a_server_error_is_waited_out_twice_as_long_each_time(vendor, waits):
    vendor.fault("status", status=503, count=3)
    assert read(vendor) == [0, 1, 2, 3, 4, 5]
    assert waits == [1, 2, 4]


def test_a_rate_limit_is_waited_out_as_long_as_the_vendor_says(vendor, waits):
    vendor.fault("ratelimit", headers={"Retry-After": "7"}, count=2)
    assert read(vendor) == [0, 1, 2, 3, 4, 5]
    assert waits == [7, 7]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Retry-After", "Thu, 01 Jan 1970 00:17:10 GMT"),
        ("X-RateLimit-Reset", "1970-01-01T00:17:10.000Z"),
        ("X-RateLimit-Reset", "1030"),
    ],
)
def test_a_moment_to_wait_for_is_understood(vendor, waits, monkeypatch, header, said):
    monkeypatch.setattr(session, "time", types.SimpleNamespace(time=lambda: 1000.0))
    vendor.fault("ratelimit", headers={header: said})
    assert read(vendor) == [0, 1, 2, 3, 4, 5]
    assert waits == [30]


def test_a_throttle_that_says_200_is_waited_out_when_the_source_knows_it(vendor, waits):
    vendor.fault("status", status=200, body={"error": {"code": 429}})
    found = read(vendor, throttled=lambda status, body: "error" in body)
    assert found == [0, 1, 2, 3, 4, 5] and waits == [1]


def test_patience_ends_and_the_error_says_what_to_do(vendor, waits):
    vendor.fault("status", status=502, count=None)
    with pytest.raises(session.SourceError) as error:
        read(vendor)
    assert len(vendor.requests) == session.TRIES == len(waits) + 1
    assert str(error.value) == (
        "people: GET /api/people/{id}/records: answered 502, 6 times in a row. What was loaded "
        "before stays; run again later, and see the vendor's status page if it stays."
    )


def test_a_vendor_that_wants_an_hour_is_left_for_the_next_run(vendor, waits):
    vendor.fault("ratelimit", headers={"Retry-After": "3600"})
    with pytest.raises(session.SourceError, match="asks to wait 3600 s"):
        read(vendor)
    assert len(vendor.requests) == 1 and waits == []


def test_a_refused_token_is_named_but_nothing_personal_or_secret_is(vendor, waits):
    with pytest.raises(session.SourceError) as error:
        read(vendor, token="stale-secret")
    text = str(error.value)
    assert "people: GET /api/people/{id}/records: answered 401" in text
    assert "$PEOPLE_TOKEN" in text
    for hidden in ("stale-secret", "ann@", "17", "?", vendor.base_url):
        assert hidden not in text, text
    assert error.value.status == 401 and len(vendor.requests) == 1


def test_no_log_of_dlts_holds_the_query(vendor, waits, caplog, monkeypatch):
    from dlt.common import logger

    read(vendor)  # dlt sets its own logger up once
    monkeypatch.setattr(logger, "LOGGER", logging.getLogger("dlt-in-a-test"))
    with caplog.at_level("DEBUG", logger="dlt-in-a-test"):
        read(vendor)
    told = " ".join(r.getMessage() for r in caplog.records if r.name == "dlt-in-a-test")
    assert "Paginator" in told  # it does speak
    assert "ann" not in told and TOKEN not in told


def test_a_missing_right_is_named(vendor, waits):
    vendor.fault("status", status=403, body={"message": "This app lacks the scope owners.read"})
    with pytest.raises(session.SourceError, match=r"403 \(This app lacks the scope owners.read\)"):
        read(vendor)


def test_a_page_that_comes_twice_is_harmless(vendor, waits):
    vendor.fault("duplicate", skip=1)
    assert read(vendor) == [0, 1, 0, 1, 2, 3, 4, 5]


def test_a_vendor_that_sends_us_in_a_circle_is_left(waits):
    def circle(tables):
        return lambda request: Answer({"results": [1], "paging": {"next": {"after": "1"}}})

    with running(circle, {}) as vendor:
        with pytest.raises(session.SourceError, match="the same next page again"):
            read(vendor)
        assert len(vendor.requests) == session.SAME_PAGE + 1


def test_the_token_never_goes_to_another_host(waits):
    from dlt.sources.helpers.rest_client.paginators import HeaderLinkPaginator

    with running(people, {}) as other:

        def elsewhere(tables):
            link = {"Link": f'<{other.base_url}/next>; rel="next"'}
            return lambda request: Answer([1], headers=link)

        with running(elsewhere, {}) as vendor:
            client = session.connect(
                context("people", vendor.base_url), headers={"Authorization": f"Bearer {TOKEN}"}
            )
            found = session.pages(client, "people", "first", HeaderLinkPaginator(), selector="$")
            with pytest.raises(session.SourceError, match="points to another host"):
                list(found)
        assert other.requests == []


def test_a_netrc_of_the_machine_does_not_replace_the_token(vendor, waits, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert read(vendor) == [0, 1, 2, 3, 4, 5]


def test_the_company_is_filled_into_the_address():
    asked = context("people", "https://{company}.example.org", company="harbour")
    assert session.connect(asked).base_url == "https://harbour.example.org"
