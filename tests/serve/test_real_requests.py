"""The service over a socket: what a client sees who sends HTTP, with and without a token, from a page or not."""

import json
import threading
import time
import urllib.error
import urllib.request
from importlib import import_module

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from pgx.serve.app import create_app
from tests.reports import example
from tests.reports.rendered import LEXICON, write
from tests.serve.client import Client
from tests.serve.test_service import TOKEN, order

ORIGIN = "https://ehr.example"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    write(example.build(), folder, ["json"])
    app = create_app(folder, LEXICON, token=TOKEN, origins=(ORIGIN,))
    uvicorn = import_module("uvicorn")
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


def ask(url, *, method="GET", body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        url, method=method, data=None if body is None else json.dumps(body).encode(), headers=named
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def test_a_request_with_the_token_gets_its_card(address):
    body = order("clopidogrel")
    status, headers, content = ask(
        f"{address}/cds-services/pgx-order-sign", method="POST", body=body, Authorization=f"Bearer {TOKEN}"
    )
    assert status == 200
    assert json.loads(content)["cards"][0]["indicator"] == "critical"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}"])
def test_a_request_without_the_token_gets_nothing(address, given):
    headers = {} if given is None else {"Authorization": given}
    for path, method in (("cds-services", "GET"), ("cds-services/pgx-order-sign", "POST"), ("fhir/metadata", "GET")):
        status, answer, content = ask(
            f"{address}/{path}", method=method, body=order("clopidogrel") if method == "POST" else None, **headers
        )
        assert status == 401, path
        assert answer["www-authenticate"] == "Bearer"
        assert b"clopidogrel" not in content
    assert ask(f"{address}/health")[0] == 200


def test_a_page_of_a_named_origin_may_ask_and_another_may_not(address):
    url = f"{address}/cds-services/pgx-order-sign"
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization,content-type"}
    status, headers, _ = ask(url, method="OPTIONS", Origin=ORIGIN, **asked)
    assert status == 200
    assert headers["access-control-allow-origin"] == ORIGIN
    assert "POST" in headers["access-control-allow-methods"]
    assert "authorization" in headers["access-control-allow-headers"].lower()
    _, headers, _ = ask(url, method="OPTIONS", Origin="https://x.example", **asked)
    assert "access-control-allow-origin" not in headers
    status, headers, _ = ask(url, method="POST", body=order("codeine"), Origin=ORIGIN, Authorization=f"Bearer {TOKEN}")
    assert (status, headers["access-control-allow-origin"]) == (200, ORIGIN)


def test_without_an_origin_option_no_page_may_ask(tmp_path):
    write(example.build(), tmp_path, ["json"])
    client = Client(create_app(tmp_path, LEXICON))
    answer = client.get("/cds-services", headers={"Origin": ORIGIN})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
