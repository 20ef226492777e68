"""How long a prescriber waits for a card: many patients, several clients at once, over loopback."""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import polars as pl

from pgx.reports import write
from pgx.reports.tables import TABLES
from tests.reports.test_speed import large

PATIENTS, CLIENTS, REQUESTS, BUDGET_MS = 60, 4, 200, 50.0


def stored(folder: Path) -> None:
    """Write results of 100 drugs and 30 genes each."""
    result = large()
    for i in range(PATIENTS):
        frames = {name: getattr(result, name).with_columns(sample=pl.lit(f"P{i}")) for name in TABLES}
        write(type(result)((f"P{i}",), **frames, provenance=result.provenance), folder, ["json"])


def wait(port: int, process: subprocess.Popen[str]) -> None:
    """Return when the service answers."""
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit(f"the service ended: {process.stderr.read() if process.stderr else ''}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise SystemExit("the service did not start")


def prescribe(port: int, number: int, times: list[float], failures: list[bytes]) -> None:
    """Sign orders for one patient after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    concepts = [{"text": "codeine 30 MG Oral Tablet"}, {"text": "clopidogrel 75 mg"}]
    entries = [
        {"resource": {"resourceType": "MedicationRequest", "id": "1", "medicationCodeableConcept": c}} for c in concepts
    ]
    for i in range(REQUESTS):
        context = {"patientId": f"P{(i * CLIENTS + number) % PATIENTS}", "draftOrders": {"entry": entries}}
        start = time.perf_counter()
        connection.request(
            "POST", "/cds-services/pgx-order-sign", json.dumps({"hook": "order-sign", "context": context})
        )
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.perf_counter() - start) * 1000)
        if answer.status != 200 or len(json.loads(body)["cards"]) != len(concepts):
            failures.append(body)
    connection.close()


def main() -> None:
    """Print percentiles; end with 1 if the budget is not kept."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        stored(Path(folder))
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, "-m", "pgx.cli.main", "serve", folder, "--port", str(port)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            wait(port, process)
            times: list[float] = []
            failures: list[bytes] = []
            clients = [threading.Thread(target=prescribe, args=(port, n, times, failures)) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
        finally:
            process.terminate()
            process.communicate(timeout=20)
    cuts = statistics.quantiles(times, n=100)
    print(
        f"pgx serve, {len(times)} requests of 2 cards, {PATIENTS} patients, {CLIENTS} clients: "
        f"median {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms (budget p95 {BUDGET_MS:.0f} ms)"
    )
    sys.exit(bool(failures) or cuts[94] > BUDGET_MS)


if __name__ == "__main__":
    main()
