"""REST to one Jupyter server that may be stopped, strange or hostile."""

from __future__ import annotations

import json
import ssl
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.model.addresses import RoomAddress
from ltt_collab.model.errors import LttError, RoomRefusedError, RoomUnreachableError
from ltt_collab.model.ids import FileId
from ltt_collab.ports.rooms import RoomOpened, RoomServer, Session
from tests.support.fake_jupyter import Behaviour, FakeJupyter, Request, Response, fake_jupyter
from tests.support.listening import Recorder

TOKEN = "s3cret-of-alice"
SESSION = {"format": "json", "type": "notebook", "fileId": "1f0c", "sessionId": "5e55"}


def server_at(fake: FakeJupyter) -> JupyterServer:
    return JupyterServer.at(fake.url, TOKEN)


async def open_notebook(server: RoomServer, path: str = "a.ipynb") -> Session:
    return await server.open_session(path, format="json", type="notebook")


def routed(routes: dict[str, Response]) -> Behaviour:
    """Answers by path, 404 for the rest."""

    def answer(request: Request) -> Response:
        path = request.target.split("?", 1)[0].lstrip("/")
        return routes.get(f"{request.method} {path}", Response(404, body=b"<html>"))

    return answer


async def test_a_session_is_asked_for_with_the_token_and_without_counting_as_activity() -> None:
    async with fake_jupyter(lambda _: Response(201, SESSION)) as fake, server_at(fake) as server:
        session = await open_notebook(server, "week 1/ü#1?.ipynb")
    assert session == Session(address=RoomAddress("json", "notebook", FileId("1f0c")), session_id="5e55")
    (request,) = fake.requests
    assert request.method == "PUT"
    assert request.target == "/api/collaboration/session/week%201/%C3%BC%231%3F.ipynb?no_track_activity=1"
    assert request.headers["authorization"] == f"token {TOKEN}"
    assert json.loads(request.body) == {"format": "json", "type": "notebook"}


async def test_the_server_is_known_by_its_base_url() -> None:
    async with JupyterServer.at("http://H:1/user/alice/lab?token=abc") as server:
        assert server.id == "http://h:1/user/alice/"


@pytest.mark.proves("rooms:no-redirect-with-credentials")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_stopped_server_behind_a_hub_is_refused_and_the_token_goes_nowhere(status: int) -> None:
    async with fake_jupyter(lambda _: Response(200, SESSION)) as elsewhere:
        redirect = Response(status, headers={"Location": elsewhere.url + "hub/login"})
        async with fake_jupyter(lambda _: redirect) as fake, server_at(fake) as server:
            for ask in (open_notebook(server), server.facts(), server.open_notebooks()):
                with pytest.raises(RoomRefusedError, match="redirect") as refused:
                    await ask
                assert refused.value.status == status
    assert elsewhere.requests == []


@pytest.mark.proves("rooms:no-redirect-with-credentials")
async def test_a_proxy_of_the_environment_never_sees_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_jupyter(lambda _: Response(201, SESSION)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        async with fake_jupyter(lambda _: Response(201, SESSION)) as fake, server_at(fake) as server:
            await open_notebook(server)
    assert (len(proxy.requests), len(fake.requests)) == (0, 1)


@pytest.mark.parametrize(("status", "word"), [(401, "token"), (403, "token"), (500, "failed"), (418, "teapot")])
async def test_a_no_is_told_with_status_and_reason(status: int, word: str) -> None:
    answer = Response(status, {"message": "because"})
    async with fake_jupyter(lambda _: answer) as fake, server_at(fake) as server:
        with pytest.raises(RoomRefusedError, match=word) as refused:
            await open_notebook(server)
    assert refused.value.status == status
    assert "because" in str(refused.value)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_not_now_is_unreachable(status: int) -> None:
    async with fake_jupyter(lambda _: Response(status)) as fake, server_at(fake) as server:
        with pytest.raises(RoomUnreachableError, match=str(status)):
            await open_notebook(server)


async def test_silence_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltt_collab.adapters.jupyter.rest.ANSWER_LIMIT", 0.1)
    async with fake_jupyter(lambda _: None) as fake, server_at(fake) as server:
        with pytest.raises(RoomUnreachableError, match="no answer in time"):
            await open_notebook(server)


async def test_an_endless_answer_is_not_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltt_collab.adapters.jupyter.rest.BODY_CAP", 1000)
    async with fake_jupyter(lambda _: Response(body=b"[" * 2000)) as fake, server_at(fake) as server:
        with pytest.raises(RoomUnreachableError, match="more than 1000 bytes"):
            await open_notebook(server)


@pytest.mark.parametrize(
    "answer", [Response(body=b"<html>"), Response(json={}), Response(json=[]), Response(json={"fileId": 7})]
)
async def test_an_answer_that_is_no_session_is_refused(answer: Response) -> None:
    async with fake_jupyter(lambda _: answer) as fake, server_at(fake) as server:
        with pytest.raises(RoomRefusedError, match="file id"):
            await open_notebook(server)


async def test_a_server_with_file_ids_but_no_sessions_opens_rooms_without_one() -> None:
    indexed = Response(json={"id": "1f0c", "path": "a b.ipynb"})
    async with fake_jupyter(routed({"POST api/fileid/index": indexed})) as fake, server_at(fake) as server:
        session = await open_notebook(server, "/a b.ipynb")
    assert session == Session(address=RoomAddress("json", "notebook", FileId("1f0c")), session_id=None)
    assert fake.requests[1].target == "/api/fileid/index?path=a+b.ipynb&no_track_activity=1"


async def test_a_server_without_rooms_refuses_with_what_is_missing() -> None:
    async with fake_jupyter(routed({})) as fake, server_at(fake) as server:
        with pytest.raises(RoomRefusedError, match="jupyter-collaboration") as refused:
            await open_notebook(server)
    assert refused.value.status == 404


async def test_a_file_that_is_not_there_is_not_taken_for_another_kind_of_server() -> None:
    missing = Response(404, {"message": "File 'a.ipynb' does not exist"})
    async with fake_jupyter(lambda _: missing) as fake, server_at(fake) as server:
        with pytest.raises(RoomRefusedError, match="does not exist"):
            await open_notebook(server)
    assert len(fake.requests) == 1


LAB = b'<script id="jupyter-config-data" type="application/json">{"appVersion": "%b"}</script>'


def versions(*, rooms: str = "5.0.4", lab: str = "4.6.6", learner: Response | None = None) -> Behaviour:
    """A server of these versions."""
    return routed(
        {
            "GET api": Response(json={"version": "2.21.1"}),
            "GET api/status": Response(json={}),
            "GET lab": Response(body=LAB % lab.encode()),
            "GET api/collaboration/session/": Response(405),
            "GET lab/extensions/@jupyter/docprovider-extension/package.json": Response(json={"version": rooms}),
            "GET api/ltt/learner": learner or Response(404),
        }
    )


async def test_the_tested_versions_are_supported() -> None:
    async with fake_jupyter(versions()) as fake, server_at(fake) as server:
        facts = await server.facts()
    assert (facts.jupyter_server, facts.jupyterlab, facts.collaboration) == ("2.21.1", "4.6.6", "5.0.4")
    assert facts.learner_extension == ""
    assert facts.supported
    assert all("no_track_activity=1" in request.target for request in fake.requests)


async def test_an_older_release_is_supported_in_each_jupyterlab_that_it_goes_with() -> None:
    told = Response(json={"version": "0.1", "versions": {"jupyter_server_ydoc": "2.4.2"}})
    for lab in ("4.4.10", "4.5.11"):
        async with fake_jupyter(versions(rooms="4.4.2", lab=lab, learner=told)) as fake, server_at(fake) as server:
            facts = await server.facts()
        assert facts.supported, lab
        assert "4.4.x with JupyterLab 4.4/4.5" in facts.tested


@pytest.mark.proves("rooms:unknown-version-unsupported")
@pytest.mark.parametrize(
    "strange",
    [
        versions(rooms="6.0.0"),
        versions(rooms="5.00.1"),
        versions(rooms=""),
        versions(lab="4.7.0"),
        versions(learner=Response(json={"version": "0.1", "versions": {"jupyter_server_ydoc": "3.1.0"}})),
        routed({"GET api": Response(json={"version": "2.21.1"}), "GET api/status": Response(json={})}),
        routed({"GET api": Response(json=[7]), "GET api/status": Response(json={})}),
    ],
)
async def test_unknown_versions_are_not_supported(strange: Behaviour) -> None:
    async with fake_jupyter(strange) as fake, server_at(fake) as server:
        assert not (await server.facts()).supported


async def test_our_learner_extension_is_recognised() -> None:
    said = {"version": "0.1.0", "versions": {"jupyter_server_ydoc": "3.0.4"}}
    async with fake_jupyter(versions(learner=Response(json=said))) as fake, server_at(fake) as server:
        facts = await server.facts()
    assert facts.learner_extension == "0.1.0"
    assert facts.supported


async def test_a_wrong_token_is_found_out_by_asking_for_facts() -> None:
    routes = {"GET api": Response(json={"version": "2"}), "GET api/status": Response(403, {"message": "Forbidden"})}
    async with fake_jupyter(routed(routes)) as fake, server_at(fake) as server:
        with pytest.raises(RoomRefusedError, match="token"):
            await server.facts()


async def test_open_notebooks_come_from_the_sessions() -> None:
    models = [{"path": "a.ipynb", "type": "notebook", "kernel": {"connections": 1}}]
    async with fake_jupyter(routed({"GET api/sessions": Response(json=models)})) as fake, server_at(fake) as server:
        assert list(await server.open_notebooks()) == [RoomOpened(path="a.ipynb", format="json", type="notebook")]


@pytest.mark.proves("rooms:found-without-a-kernel")
async def test_notebooks_without_a_kernel_are_told_by_the_learner_extension() -> None:
    models = [{"path": "a.ipynb", "type": "notebook", "kernel": {"connections": 1}}]
    rooms = [{"path": path, "format": "json", "type": "notebook"} for path in ("a.ipynb", "b.ipynb")]
    routes = {"GET api/sessions": Response(json=models), "GET api/ltt/rooms": Response(json={"rooms": rooms})}
    async with fake_jupyter(routed(routes)) as fake, server_at(fake) as server:
        assert [opened.path for opened in await server.open_notebooks()] == ["a.ipynb", "b.ipynb"]


@pytest.mark.proves("rooms:token-never-shown")
@pytest.mark.parametrize("behaviour", [lambda _: Response(403), lambda _: Response(body=b"{"), routed({})])
async def test_no_error_and_no_repr_shows_the_token(behaviour: Callable[[Request], Response]) -> None:
    async with fake_jupyter(behaviour) as fake, server_at(fake) as server:
        shown = [repr(server), str(server), repr(server.rest), repr(server.counts)]
        for ask in (open_notebook(server), server.facts(), server.dial("json:notebook:1", "5e55", Recorder())):
            with pytest.raises(LttError) as failed:
                await ask
            shown += [str(failed.value), repr(failed.value), repr(vars(failed.value))]
            shown += traceback.format_exception(failed.value)
    assert not [text for text in shown if TOKEN in text]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for ``localhost``, and a client's that trusts it."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    options = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command.split(), *options], check=True, capture_output=True)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(cert, key)
    return serving, ssl.create_default_context(cafile=str(cert))


async def test_sessions_and_rooms_work_over_tls(certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    serving, trusting = certificate
    recorder = Recorder()
    async with (
        fake_jupyter(lambda _: Response(201, SESSION), tls=serving) as fake,
        JupyterServer(JupyterAddress.parse(fake.url, TOKEN), tls=trusting) as server,
    ):
        assert (await open_notebook(server)).session_id == "5e55"
        fake.behaviour = lambda _: lambda line: line.until_gone()
        channel = await server.dial("json:notebook:1f0c", "5e55", recorder)
        channel.ping()
        channel.close()
        assert (await recorder.end()).code == 1000


async def test_a_certificate_that_is_not_trusted_is_unreachable(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async with fake_jupyter(lambda _: Response(201, SESSION), tls=certificate[0]) as fake, server_at(fake) as server:
        with pytest.raises(RoomUnreachableError, match=r"(?i)certificate"):
            await open_notebook(server)
        with pytest.raises(RoomUnreachableError, match=r"(?i)certificate"):
            await server.dial("json:notebook:1f0c", None, Recorder())
    assert fake.requests == []
