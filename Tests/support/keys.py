"""Keys of components, for tests that prove who they are: made, put where a broker looks, and used to sign (protocol.md §7.4)."""

import hashlib
import json
import os
from pathlib import Path

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from support.wire import ATTESTATION, ERROR, IDENTITY, OK, REGISTER, Peer, new_id

CHALLENGE = 11
CONNECTION_ID = bytes.fromhex("efbeadde78563412")
RSA, ECDSA = 1, 2
SCHEMES = {"rsa": RSA, "ecdsa": ECDSA}

#: Making an RSA key takes long enough to share one among tests.
_keys = {}


class Key:
    """A key pair, or a shared secret."""

    def __init__(self, scheme, private=None, secret=None):
        self.scheme, self.private, self.secret = scheme, private, secret

    @classmethod
    def make(cls, scheme, number=0):
        if (scheme, number) not in _keys:
            private = (rsa.generate_private_key(65537, 2048) if scheme == "rsa" else ec.generate_private_key(ec.SECP256R1()))
            _keys[scheme, number] = cls(scheme, private)
        return _keys[scheme, number]

    def public(self, form="pem"):
        encoding = serialization.Encoding.PEM if form == "pem" else serialization.Encoding.DER
        return self.private.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, challenge: bytes, name: str) -> bytes:
        if self.scheme == "secret":
            return hashlib.sha256(cbor2.dumps([challenge, self.secret])).digest()
        message = cbor2.dumps([challenge, name])
        if self.scheme == "rsa":
            return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(message, ec.ECDSA(hashes.SHA256()))

    def give(self, broker, name, form="pem"):
        """Puts the key where a broker looks for that of `name`."""
        folder = Path(broker.folder) / broker.name / "keys"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / (name if self.scheme == "secret" else f"{name}.{self.scheme}.{form}")
        write_secret(file, self.secret.encode() if self.scheme == "secret" else self.public(form))


def write_secret(file, content: bytes):
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
        target.write(content)


def shared_secret(text="a secret of some length"):
    return Key("secret", secret=text)


def write_trust(broker_folder, name="broker", **fields):
    """What an administrator would have set up before the broker starts."""
    folder = Path(broker_folder) / name
    folder.mkdir(parents=True, exist_ok=True)
    write_secret(folder / "trust.json", json.dumps(fields).encode())


def challenged(peer: Peer, name) -> bytes:
    """Sends the identity of a name with a key; gives the challenge."""
    status, challenge = peer.identify(name)
    assert status == CHALLENGE, (status, challenge)
    return challenge


def attest(peer: Peer, name, signature, identifier=None, meta=None):
    """(status, data) of the answer to an attestation."""
    return peer.request(ATTESTATION, name, signature, meta or {}, identifier=identifier)


def log_in(peer: Peer, name, key: Key, meta=None):
    """The whole handshake of free mode."""
    status, exports = attest(peer, name, key.sign(challenged(peer, name), name), meta=meta)
    assert status == OK, (status, exports)
    return exports


def greeting(peer: Peer) -> bytes:
    """The challenge that a broker in authenticated mode sends first."""
    message = cbor2.loads(peer.receive_raw())
    assert message[:3] == [4, CONNECTION_ID, CHALLENGE], message
    return message[3]


def log_in_first(peer: Peer, name, key: Key):
    """The whole handshake of authenticated mode."""
    status, exports = attest(peer, name, key.sign(greeting(peer), name), identifier=CONNECTION_ID)
    assert status == OK, (status, exports)
    return exports


def register(peer: Peer, name, pin, key: Key, form="pem", keytype=None):
    return peer.request(REGISTER, name, pin, key.public(form), keytype or SCHEMES[key.scheme])
