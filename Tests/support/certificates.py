"""Authorities and certificates that live as long as a test."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def _name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


class Authority:
    """Signs certificates: `Authority().issue(folder / "rembus", hosts=["localhost"])` writes `rembus.crt` and `rembus.key`."""

    def __init__(self, name="Test authority"):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(
            _name(name), _name(name), self._key, dt.timedelta(days=-1), dt.timedelta(days=30), [
                (x509.BasicConstraints(ca=True, path_length=None), True),
                (x509.KeyUsage(key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
                               key_encipherment=False, data_encipherment=False, key_agreement=False,
                               encipher_only=False, decipher_only=False), True),
            ])

    def _sign(self, subject, issuer, key, start, end, extensions):
        now = dt.datetime.now(dt.timezone.utc)
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = x509.CertificateBuilder(
            issuer_name=issuer, subject_name=subject, public_key=key.public_key(),
            serial_number=x509.random_serial_number(), not_valid_before=now + start, not_valid_after=now + end)
        for extension, is_critical in [*extensions, (own, False), (signer, False)]:
            builder = builder.add_extension(extension, is_critical)
        return builder.sign(self._key, hashes.SHA256())

    def write(self, file) -> Path:
        """The authority's own certificate, which clients trust."""
        file = Path(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def issue(self, base, name="localhost", hosts=("localhost",), addresses=("127.0.0.1",),
              start=dt.timedelta(hours=-1), end=dt.timedelta(days=29)) -> Path:
        """Writes `<base>.crt` and `<base>.key`; new files take the place of old ones, as tools do that renew."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.DNSName(host) for host in hosts]
        alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        extensions = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        ]
        if alternatives:
            extensions.append((x509.SubjectAlternativeName(alternatives), False))
        certificate = self._sign(_name(name), self.certificate.subject, key, start, end, extensions)
        _replace(Path(f"{base}.key"), key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        _replace(Path(f"{base}.crt"), certificate.public_bytes(serialization.Encoding.PEM))
        return Path(f"{base}.crt")


def _replace(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(file.name + ".new")
    fresh.write_bytes(content)
    fresh.chmod(0o600)
    fresh.replace(file)
