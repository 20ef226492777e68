"""Who may ask, for how long, and whose identifiers count; an answer to a mistake tells nothing of a patient."""

from __future__ import annotations

import socket
import threading
import time
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from pgx.cli import serve
from pgx.errors import UsageError
from pgx.serve import connections
from pgx.serve.app import create_app
from pgx.serve.patients import patient_of
from tests.reports import example
from tests.reports.rendered import LEXICON, write
from tests.serve.client import Client
from tests.serve.test_patients import MRN, person, request


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    for name in ("anna", "berta"):
        write(example.build(name), folder, ["json"])
    return folder


def test_loopback_asks_for_a_token_too_unless_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(serve.TOKEN_VARIABLE, raising=False)
    with pytest.raises(UsageError, match="everybody on this machine could ask"):
        serve.serve(tmp_path, port=0)
    with pytest.raises(UsageError, match="lets others in"):
        serve.serve(tmp_path, host="0.0.0.0", port=0, open_=True)
    monkeypatch.setenv(serve.TOKEN_VARIABLE, "0123456789abcdef")
    with pytest.raises(UsageError, match="leave out one"):
        serve.serve(tmp_path, port=0, open_=True)


@pytest.mark.parametrize(
    ("identifiers", "names"),
    [
        ([{"system": MRN, "value": "anna"}], ["anna"]),
        ([{"system": "urn:oid:9", "value": "anna"}], []),
        (["anna"], []),
        ([{"system": MRN, "value": "anna"}, {"system": "urn:oid:9", "value": "berta"}], ["anna"]),
    ],
)
def test_only_the_configured_system_says_whose_result_is_meant(identifiers: list, names: list[str]) -> None:
    found = patient_of(request("berta", prefetched=person("berta", *identifiers)), MRN)
    assert found.names == names


def test_an_id_of_another_system_gets_nobody_s_card(results: Path) -> None:
    open_client = Client(create_app(results, LEXICON, tell_untested=False))
    bound = Client(create_app(results, LEXICON, tell_untested=False, system=MRN))
    asked = request("anna", prefetched=person("anna"))
    path = "/cds-services/pgx-order-sign"
    assert open_client.post(path, json=asked).json()["cards"]
    assert not bound.post(path, json=asked).json()["cards"]
    asked = request("7", prefetched=person("7", {"system": MRN, "value": "anna"}))
    assert bound.post(path, json=asked).json()["cards"]


def test_a_mistake_in_the_service_tells_no_name(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("anna has CYP2D6 *4/*4")

    monkeypatch.setattr("pgx.serve.cards.cards", fails)
    answer = Client(create_app(results, LEXICON)).post("/cds-services/pgx-order-sign", json=request("anna"))
    told = answer.text + capsys.readouterr().err
    assert answer.status_code == 500 and answer.json()["resourceType"] == "OperationOutcome"
    assert "RuntimeError in test_doors.py" in told and "anna" not in told and "CYP2D6" not in told


@pytest.mark.parametrize(
    "body", [b'{"hook": "order-sign", "hook": "x"}', b"[" * 100_000, b'{"a": ' + b"9" * 9999 + b"}"]
)
def test_a_body_that_says_two_things_or_has_no_bottom_is_refused(results: Path, body: bytes) -> None:
    answer = Client(create_app(results, LEXICON)).post("/cds-services/pgx-order-sign", content=body)
    assert answer.status_code == 400


def test_half_a_request_does_not_hold_its_place_and_one_too_large_is_not_waited_for(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "WAIT", 0.2)
    monkeypatch.setattr("pgx.serve.app.WAIT", 0.2)
    uvicorn = import_module("uvicorn")
    app = create_app(results, LEXICON)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", http=connections.TimedProtocol))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    head = b"POST /cds-services/pgx-order-sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    whole = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answers = []
    large = head.replace(b" 100\r", b" 99999999999\r") + b"\r\n{"
    for said in (b"", head, head + b"\r\n{", whole, whole + head, large):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(said)
            answer = b""
            while part := client.recv(4096):
                answer += part
            answers.append(answer)
    server.should_exit = True
    thread.join(timeout=10)
    assert answers[:2] == [b"", b""]
    assert [answer[9:12] for answer in answers[2:]] == [b"408", b"200", b"200", b"413"]


def test_orders_that_are_no_list_are_refused(results: Path) -> None:
    asked = request("anna")
    asked["context"]["draftOrders"]["entry"] = {"0": asked["context"]["draftOrders"]["entry"]}
    answer = Client(create_app(results, LEXICON)).post("/cds-services/pgx-order-sign", json=asked)
    assert answer.status_code == 400 and "no list of orders" in answer.text
