"""Probes of real servers: quick, slow, failing, broken, speaking TLS."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.adapters.sources.build import SourceFactory
from core.errors import SourceFailed
from tests.fakes import FakeClock
from tests.integration.sources.servers import OK, bind, free_port, read_once, says, serving


async def never(_request: bytes, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def test_a_good_answer_is_up_and_has_a_latency() -> None:
    async with serving(says(OK)) as url:
        up = await read_once(Path(), source="http_probe", url=url, measure="up")
        took = await read_once(Path(), source="http_probe", url=url, measure="latency_ms")
        status = await read_once(Path(), source="http_probe", url=url, measure="status")
    assert (up.value, status.value) == (1, 200)
    assert took.value is not None
    assert 0 < took.value < 5_000
    assert "first byte after" in took.note


async def test_a_probe_that_names_no_measure_measures_nothing() -> None:
    async with serving(says(OK)) as url:
        with pytest.raises(SourceFailed, match="no measure is named"):
            await read_once(Path(), source="http_probe", url=url)


@pytest.mark.parametrize(
    ("data", "statuses", "up"),
    [
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", (), 0),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", (503,), 1),
        (b"HTTP/1.1 302 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", (), 1),
        (b"HTTP/1.1 302 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", (200,), 0),
        (b"this is no HTTP\r\n\r\n", (), 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\ncut", (), 0),
        (b"", (), 0),
    ],
)
async def test_whether_it_is_up_is_what_the_status_says(
    data: bytes, statuses: tuple[int, ...], up: float
) -> None:
    async with serving(says(data)) as url:
        found = await read_once(
            Path(), source="http_probe", url=url, measure="up", statuses=statuses
        )
    assert found.value == up
    assert found.note


async def test_a_redirect_is_followed_only_when_told() -> None:
    async def moved(request: bytes, writer: asyncio.StreamWriter) -> None:
        there = b"HTTP/1.1 302 Go\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
        writer.write(OK if b"/there" in request else there)

    async with serving(moved) as url:
        values = {"source": "http_probe", "url": url, "measure": "status"}
        assert (await read_once(Path(), **values)).value == 302
        assert (await read_once(Path(), follow_redirects=True, **values)).value == 200


async def test_a_circle_of_redirects_ends() -> None:
    around = b"HTTP/1.1 302 Go\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
    async with serving(says(around)) as url:
        values = {"source": "http_probe", "url": url, "measure": "status"}
        with pytest.raises(SourceFailed, match="more than 5 redirects"):
            await read_once(Path(), follow_redirects=True, **values)


async def test_a_slow_answer_has_a_limit_and_is_down() -> None:
    async with serving(never) as url:
        values = {"source": "http_probe", "url": url, "timeout_s": 0.2}
        up = await read_once(Path(), measure="up", **values)
        assert (up.value, up.note) == (0, "no answer within 0.2 s")
        with pytest.raises(SourceFailed, match=r"no answer within 0.2 s") as caught:
            await read_once(Path(), measure="latency_ms", **values)
    assert "s3cret" not in str(caught.value)


async def test_an_answer_that_drips_for_ever_has_the_same_limit() -> None:
    async def drip(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(drip) as url:
        with pytest.raises(SourceFailed, match="no answer within"):
            await read_once(
                Path(), source="http_probe", url=url, measure="latency_ms", timeout_s=0.3
            )


async def test_a_failure_is_no_latency_and_nobody_there_is_said() -> None:
    async with serving(says(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")) as url:
        with pytest.raises(SourceFailed, match="answered 500"):
            await read_once(Path(), source="http_probe", url=url, measure="latency_ms")
    values = {"source": "http_probe", "url": f"http://127.0.0.1:{free_port()}/"}
    with pytest.raises(SourceFailed, match=r"cannot connect .*refused.*is it running there"):
        await read_once(Path(), measure="latency_ms", **values)
    down = await read_once(Path(), measure="up", **values)
    assert down.value == 0
    assert "cannot connect" in down.note
    with pytest.raises(SourceFailed, match=r"cannot connect to host\.invalid"):
        await read_once(Path(), source="http_probe", url="http://host.invalid/", measure="status")


async def test_the_token_comes_from_its_file_and_is_not_shown(tmp_path: Path) -> None:
    seen: list[bytes] = []

    async def look(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        writer.write(OK)

    (tmp_path / "token").write_text("t0ken\n", encoding="ascii")
    (tmp_path / "empty").write_text("\n", encoding="ascii")
    async with serving(look) as url:
        values = {"source": "http_probe", "url": url, "measure": "status"}
        found = await read_once(tmp_path, token_file="token", **values)
        for wrong in ("none", "empty"):
            with pytest.raises(SourceFailed, match="the token file"):
                await read_once(tmp_path, token_file=wrong, **values)
    assert b"Authorization: Bearer t0ken\r\n" in seen[0]
    assert "t0ken" not in found.note


async def test_uptime_is_the_share_of_good_probes_in_its_window() -> None:
    clock = FakeClock()
    answers = [OK, b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", OK, OK, OK]

    async def next_one(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    factory = SourceFactory(base=Path(), clock=clock)
    async with serving(next_one) as url:
        source = factory.build(bind(source="http_probe", url=url, measure="uptime", window_s=100))
        shares: list[float | None] = []
        while answers:
            shares.append((await source.read()).value)
            clock.advance(40)
    await factory.close()
    assert shares == [1, 1 / 2, 2 / 3, 2 / 3, 1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that nobody but its holder vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


async def test_a_certificate_that_is_not_trusted_is_said(certificate: Path) -> None:
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(certificate)
    async with serving(says(OK), trust) as url:
        values = {"source": "http_probe", "url": url, "measure": "status"}
        with pytest.raises(SourceFailed, match=r"TLS: the certificate of .* is not trusted"):
            await read_once(Path(), **values)
        assert (await read_once(Path(), ca_file=certificate, **values)).value == 200
        with pytest.raises(SourceFailed, match=r"ca_file .*none.pem cannot be read"):
            await read_once(Path(), ca_file="none.pem", **values)


async def test_a_server_that_does_not_speak_tls_is_said() -> None:
    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(SourceFailed, match=r"does 127.* speak https there"):
            await read_once(Path(), source="http_probe", url=url, measure="status")
