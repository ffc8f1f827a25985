"""The real Python package proves who it is: every handshake of a component with this broker, unchanged (protocol.md §7)."""

import asyncio
from pathlib import Path

import pytest
import rembus

from support.keys import Key, write_trust
from support.python_package import asynchronous, eventually
from support.wire import OK, Peer

PIN = "11223344"
SCHEMES = pytest.mark.parametrize("scheme", [rembus.SIG_RSA, rembus.SIG_ECDSA], ids=["rsa", "ecdsa"])
ENCODINGS = pytest.mark.parametrize("enc", [rembus.CBOR, rembus.JSON], ids=["cbor", "json"])


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path / "client"))


@pytest.fixture
def tenants(tmp_path):
    write_trust(tmp_path / "broker-state", tenants=[{"tenant": ".", "pin": PIN}, {"tenant": "acme", "pin": "99887766"}])
    return tmp_path / "broker-state"


@pytest.fixture(params=["anonymous", "authenticated"])
def broker_in_each_mode(request, start_broker, tenants):
    # Time enough for a machine that is busy with other tests.
    return start_broker(folder=tenants, options=["--authenticated"] if request.param == "authenticated" else [],
                        REMBUS_CHALLENGE_TIMEOUT=20, REMBUS_RECORD="none")


@SCHEMES
@ENCODINGS
@asynchronous
async def test_register_log_in_call_and_unregister(broker_in_each_mode, scheme, enc):
    broker = broker_in_each_mode
    is_authenticated = "--authenticated" in broker.options
    url = f"{broker.url}/pump7"
    await asyncio.to_thread(rembus.register, url, PIN, scheme, enc)
    keys = Path(broker.folder) / "broker" / "keys"
    assert [file.name for file in keys.glob("pump7.*")] == [f"pump7.{'rsa' if scheme == rembus.SIG_RSA else 'ecdsa'}.pem"]
    component = await rembus.component(url, enc=enc, authenticated=is_authenticated)
    assert await component.rpc("rid") == "broker"
    await component.unregister()
    assert not list(keys.glob("pump7.*"))
    await component.close()


@asynchronous
async def test_the_mode_of_the_client_may_come_from_the_environment(start_broker, tenants, monkeypatch):
    broker = start_broker(folder=tenants, options=["--authenticated"])
    url = f"{broker.url}/pump7"
    await asyncio.to_thread(rembus.register, url, PIN, rembus.SIG_ECDSA)
    monkeypatch.setenv("REMBUS_CONNECTION_MODE", "authenticated")
    component = await rembus.component(url)
    assert await component.rpc("rid") == "broker"
    await component.close()


@asynchronous
async def test_a_wrong_pin_registers_nothing(broker_in_each_mode):
    with pytest.raises(rembus.RembusError):
        await asyncio.to_thread(rembus.register, f"{broker_in_each_mode.url}/pump7", "00000000", rembus.SIG_ECDSA)
    with pytest.raises(rembus.RembusError):
        await asyncio.to_thread(rembus.register, f"{broker_in_each_mode.url}/pump7.acme", PIN, rembus.SIG_ECDSA)
    assert not (Path(broker_in_each_mode.folder) / "broker" / "keys").exists()


@asynchronous
async def test_a_name_cannot_be_registered_twice(broker_in_each_mode, monkeypatch, tmp_path):
    url = f"{broker_in_each_mode.url}/pump7"
    await asyncio.to_thread(rembus.register, url, PIN, rembus.SIG_ECDSA)
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path / "other-client"))
    with pytest.raises(rembus.RembusError):
        await asyncio.to_thread(rembus.register, url, PIN, rembus.SIG_ECDSA)


@SCHEMES
@asynchronous
async def test_a_wrong_key_does_not_get_the_name(broker_in_each_mode, scheme):
    broker = broker_in_each_mode
    url = f"{broker.url}/pump7"
    await asyncio.to_thread(rembus.register, url, PIN, scheme)
    for file in (Path(broker.folder) / "broker" / "keys").glob("pump7.*"):
        file.unlink()
    Key.make("ecdsa", 5).give(broker, "pump7")
    with pytest.raises(rembus.RembusError):
        await rembus.component(url, authenticated="--authenticated" in broker.options)


@asynchronous
async def test_who_has_no_key_does_not_get_in(start_broker, tenants):
    broker = start_broker(folder=tenants, options=["--authenticated"])
    with pytest.raises(rembus.RembusError):
        await rembus.component(f"{broker.url}/pump7", authenticated=True)
    with pytest.raises(rembus.RembusError):
        await rembus.component(f"{broker.url}/pump7")


@asynchronous
async def test_an_administrator_makes_topics_private_and_authorizes(start_broker, tenants):
    write_trust(tenants, tenants=[{"tenant": ".", "pin": PIN}], admins=["boss"])
    broker = start_broker(folder=tenants)
    await asyncio.to_thread(rembus.register, f"{broker.url}/boss", PIN, rembus.SIG_ECDSA)
    await asyncio.to_thread(rembus.register, f"{broker.url}/friend", PIN, rembus.SIG_ECDSA)
    boss, friend = await rembus.component(f"{broker.url}/boss"), await rembus.component(f"{broker.url}/friend")
    stranger = await rembus.component(f"{broker.url}/stranger")

    async def vault():
        return "open"

    await boss.private_topic("vault")
    await boss.authorize("friend", "vault")
    await boss.authorize("boss", "vault")
    await boss.expose(vault)
    assert await friend.rpc("vault") == "open"
    with pytest.raises(rembus.RembusError):
        await stranger.rpc("vault")
    with pytest.raises(rembus.RembusError):
        await stranger.private_topic("other")
    await boss.unauthorize("friend", "vault")
    with pytest.raises(rembus.RembusError):
        await friend.rpc("vault")
    for peer in (boss, friend, stranger):
        await peer.close()


@asynchronous
async def test_a_name_with_a_key_reconnects_with_its_key(start_broker, tenants):
    broker = start_broker(folder=tenants)
    url = f"{broker.url}/pump7"
    await asyncio.to_thread(rembus.register, url, PIN, rembus.SIG_ECDSA)
    component = await rembus.component(url)
    broker.port = int(broker.url.rsplit(":", 1)[1])
    broker.kill()
    broker.start()

    async def is_back():
        try:
            return await component.rpc("rid") == "broker"
        except Exception:
            return False

    assert await eventually(is_back)
    await component.close()
