"""Two machines that share PostgreSQL and a bucket, and no disk: what one makes the other serves."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from PIL import Image

from accounts.bucket import Bucket
from tests import machines, meltflex_server, real_stack
from tests.factories import data_url
from tests.meltflex_server import MeltFlexServer
from tests.operations.incidents import TOKEN, ended, eventually, firing, nothing_is_lost
from tests.real_stack import SAMPLE, Caller, RealStack
from tests.scale.bucket_server import KEY, SECRET, BucketServer
from tests.scale.conftest import environ_of

pytestmark = pytest.mark.slow

BODY = {"prompt": "Oak", "image": data_url(SAMPLE.read_bytes())}
PICTURES = 48
Pair = tuple[RealStack, RealStack]


@pytest.fixture(scope="module")
def pair(
    bucket: BucketServer,
    upstream: MeltFlexServer,
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("machines")
    with ExitStack() as stack:
        started = []
        for name in ("one", "two"):
            more = bucket.environ | {"DATABASE_URL": database_url, "METRICS_TOKEN": TOKEN}
            environ = environ_of(folder / name, upstream, **more)
            started.append(stack.enter_context(machines.machine(environ, folder / f"{name}.log")))
        yield started[0], started[1]


def at(stack: RealStack, url: str) -> bytes:
    """The file behind an address that another machine may have given."""
    answer = requests.get(f"{stack.address}/{url.split('/', 3)[3]}", timeout=60)
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["Content-Length"] == str(len(answer.content))
    return answer.content


def kept(bucket: BucketServer) -> Bucket:
    keys = {"access_key_id": KEY, "secret_access_key": SECRET, "region": "us-east-1"}
    return Bucket(bucket="rooms", endpoint=bucket.address, **keys)


def slowly(handler: Any) -> None:
    """Long enough for both workers to have some in hand."""
    time.sleep(0.3)
    meltflex_server.picture()(handler)


def test_pictures_of_either_machine_are_read_through_either(
    pair: Pair, bucket: BucketServer, upstream: MeltFlexServer, database_url: str
) -> None:
    upstream.answers, upstream.keeps_bodies = [slowly], False
    one = pair[0].provision("Harbour", 1000)
    doors = [one, Caller(pair[1].address, one.key)]
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda n: doors[n % 2].api("POST", "generations", json=BODY), range(PICTURES)))
    names = [answer.json()["id"] for answer in asked]
    assert eventually(lambda: all(ended(one, name) for name in names), 180)
    assert [ended(one, name) for name in names] == ["succeeded"] * PICTURES

    seen = set()
    for name in names:
        told = [door.api("GET", f"generations/{name}").json()["pictures"][0] for door in doors]
        for what in ("url", "thumbnail_url"):
            contents = {at(machine, each[what]) for machine in pair for each in told}
            assert len(contents) == 1, f"{name} is not the same everywhere"
            Image.open(io.BytesIO(contents.pop())).verify()
        seen.add(told[0]["url"])
    assert len(seen) == PICTURES
    with psycopg.connect(database_url) as database:
        database.execute("SET app.system = 'on'")
        rows = database.execute("SELECT image, bytes, worker FROM generations_picture p"
                                " JOIN generations_generation g ON g.id = p.generation_id").fetchall()  # fmt: skip
    assert len({worker for _image, _bytes, worker in rows}) == 2, "both workers made some"
    stored = kept(bucket)
    assert all(stored.size(image) == size for image, size, _worker in rows)
    for machine in pair:
        data = Path(machine.environ["DATA_DIR"])
        assert not (data / "media").exists()
        assert not list((data / "scratch").rglob("*.png")), "nothing is left of calls that have ended"
    nothing_is_lost(pair[1], one, balance=1000 - 10 * PICTURES)


def test_from_the_call_to_the_end_of_the_file(pair: Pair, bucket: BucketServer) -> None:
    """The contract's own call, a copy, a download, the ZIP's way in, deletion: byte for byte what the bucket has."""
    one = pair[0].provision("Lighthouse", 100)
    two = Caller(pair[1].address, one.key)
    made = one.api("POST", "generate", json=BODY)
    assert made.status_code == 200, made.text
    png = base64.b64decode(made.json()["image"].removeprefix("data:image/png;base64,"))
    name = made.headers["X-Generation-Id"]
    picture = two.api("GET", f"generations/{name}").json()["pictures"][0]
    assert at(pair[1], picture["url"]) == png
    saved = requests.get(f"{pair[1].address}/{picture['url'].split('/', 3)[3]}?download", timeout=60)
    assert saved.content == png
    assert saved.headers["Content-Disposition"].startswith("attachment; filename*=")
    copy = two.api("GET", f"pictures/{picture['id']}/renditions/jpeg").json()
    again = one.api("GET", f"pictures/{picture['id']}/renditions/jpeg").json()
    assert at(pair[0], copy["url"]) == at(pair[1], again["url"])

    files = set(kept(bucket).names())
    assert one.api("DELETE", f"generations/{name}").status_code == 204
    assert requests.get(f"{pair[1].address}/{picture['url'].split('/', 3)[3]}", timeout=60).status_code == 404
    assert eventually(lambda: len(files - set(kept(bucket).names())) >= 3, 60), "picture, thumbnail, copy"
    nothing_is_lost(pair[0], one, balance=90)


def test_a_bucket_that_is_away_loses_nothing(
    pair: Pair, bucket: BucketServer, upstream: MeltFlexServer
) -> None:
    """What is asked for meanwhile is refused and costs nothing; what is being made waits for the bucket."""
    one = pair[0].provision("Reef", 1000)
    release: list[bool] = []

    def answer(handler: Any) -> None:
        upstream.waiting = True  # type: ignore[attr-defined]
        while not release:
            time.sleep(0.05)
        meltflex_server.picture()(handler)

    upstream.waiting = False  # type: ignore[attr-defined]
    upstream.answers = [answer]
    under_way = one.api("POST", "generations", json=BODY).json()["id"]
    assert eventually(lambda: upstream.waiting, 60)  # type: ignore[attr-defined]
    bucket.stop()
    release.append(True)
    refused = one.api("POST", "generations", json=BODY)
    assert (refused.status_code, refused.json()["code"]) == (503, "restarting"), refused.text
    assert "Retry-After" in refused.headers
    assert "FilesAway" in firing(pair[1].address)
    time.sleep(8)
    assert ended(one, under_way) == "", "its picture waits for the bucket"
    bucket.start()
    assert eventually(lambda: ended(one, under_way) != "", 90)
    assert ended(one, under_way) == "succeeded"
    assert "FilesAway" not in firing(pair[1].address)
    assert len(one.api("GET", "generations").json()["results"]) == 1, "what was refused left no trace"
    nothing_is_lost(pair[0], one, balance=990)


def test_a_stack_of_a_clone_works_with_a_bucket(bucket: BucketServer, tmp_path: Path) -> None:
    """`make run` with four variables more, the preview engine and its photo of the room."""
    with real_stack.running(tmp_path / "data", **bucket.environ, S3_PREFIX="clone") as stack:
        caller = stack.provision("Clone", 100)
        made = caller.api("POST", "generate", json=BODY)
        assert made.status_code == 200, made.text
        png = base64.b64decode(made.json()["image"].removeprefix("data:image/png;base64,"))
        found = caller.api("GET", f"generations/{made.headers['X-Generation-Id']}").json()["pictures"][0]
        assert at(stack, found["url"]) == png
        nothing_is_lost(stack, caller, balance=90)
        assert not (tmp_path / "data/media").exists()
