"""The access log of the service: a chain that `pgx audit verify` reads, and nothing in it that tells of a patient."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from pgx.errors import InputError
from pgx.protect import Log, Run, verify
from pgx.serve.access import Logged
from pgx.serve.app import create_app
from tests.outside import ROOT
from tests.reports import example
from tests.reports.rendered import LEXICON, write
from tests.serve.client import Client
from tests.serve.test_service import TOKEN, order

NAME = "Annelise Quark"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write(example.build(NAME), folder, ["json"])
    return folder


def records(folder: Path) -> list[dict]:
    return [json.loads(line) for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]


def logged(results: Path, folder: Path, **more: object) -> Client:
    return Client(Logged(create_app(results, LEXICON, **more), Log(folder)))


def test_a_request_is_a_record_of_what_was_read_and_answered(results: Path, tmp_path: Path) -> None:
    client = logged(results, tmp_path)
    stored = hashlib.sha256(next(results.iterdir()).read_bytes()).hexdigest()
    card = client.post("/cds-services/pgx-order-sign", json=order("clopidogrel", patient=NAME))
    bundle = client.get(f"/fhir/Patient/{NAME}/$pgx", params={"drug": "clopidogrel"})
    assert card.json()["cards"] and bundle.status_code == 200
    found = records(tmp_path)
    assert [one["command"] for one in found] == [
        "serve POST /cds-services/pgx-order-sign", "serve GET /fhir/Patient/{patient}/$pgx"]  # fmt: skip
    for one, answer in zip(found, (card, bundle), strict=True):
        assert (one["inputs"], one["exit_code"], one["client"]) == ([stored], 200, "127.0.0.1")
        assert one["outputs"] == [hashlib.sha256(answer.content).hexdigest()]
    checked = verify(tmp_path)
    assert (checked.records, checked.faults) == (2, ())


def test_nothing_that_a_client_chose_is_in_the_log(results: Path, tmp_path: Path) -> None:
    client = logged(results, tmp_path, token=TOKEN)
    with_token = {"Authorization": f"Bearer {TOKEN}"}
    client.get(f"/fhir/Patient/{NAME}/$pgx", headers=with_token)
    client.get(f"/fhir/Patient/{NAME}/$pgx", params={"drug": NAME}, headers={"Authorization": f"Bearer {NAME}"})
    client.get(f"/{NAME}", headers=with_token)
    client.post(f"/cds-services/{NAME}", json={"hook": NAME}, headers=with_token)
    client.request(NAME.partition(" ")[0], "/cds-services", headers=with_token)
    Client(client.app, host=f"{NAME.partition(' ')[0]}.example").get("/cds-services", headers=with_token)
    found = records(tmp_path)
    assert [one["exit_code"] for one in found] == [200, 401, 404, 404, 405, 400]
    assert found[0]["inputs"] and not any(one["inputs"] for one in found[1:])
    text = json.dumps(found).casefold()
    assert not re.search("annelise|quark|clopidogrel|bearer|length-24", text)


def test_whoever_only_asks_whether_it_runs_fills_no_log(results: Path, tmp_path: Path) -> None:
    assert logged(results, tmp_path).get("/health").status_code == 200
    assert records(tmp_path) == []


def test_what_cannot_be_logged_is_not_answered(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    class Full(Log):
        def add(self, run: Run) -> str:
            raise InputError("the audit log cannot be written (No space left on device)", file=self.path)

    client = Client(Logged(create_app(results, LEXICON), Full(tmp_path)))
    answer = client.get(f"/fhir/Patient/{NAME}/$pgx")
    assert answer.status_code == 500
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert NAME not in answer.text
    assert "No space left" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_service_logs_from_its_start_to_its_end(results: Path, tmp_path: Path, ending: signal.Signals) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pgx", "serve", str(results), "--open", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--audit", str(tmp_path / "log")], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    for _ in range(300):
        time.sleep(0.1)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/fhir/metadata", headers={"X-Forwarded-For": NAME})
            assert connection.getresponse().status == 200
            break
        except OSError:
            assert process.poll() is None, process.stderr.read()
        finally:
            connection.close()
    process.send_signal(ending)
    _, told = process.communicate(timeout=60)
    heads = re.findall(r"head ([0-9a-f]{64})", told)
    checked = verify(tmp_path / "log", heads=heads)
    assert (checked.records, checked.faults, len(heads)) == (3, (), 2), told
    found = records(tmp_path / "log")
    assert found[0]["versions"] == found[-1]["versions"] != {}
    assert found[1]["client"] == "127.0.0.1"
    assert process.returncode == found[-1]["exit_code"] == 0
