"""A real Kafka that asks who is there: logins over TLS (PLAIN and SCRAM), and certificates on both sides."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.brokers.kafka_broker import KafkaBroker, ServersMissingError, free_ports

PASSWORD = "right-horse"
KEY_PASSWORD = "key-to-the-key"
SCRAM = "SCRAM-SHA-256"
JAAS = "org.apache.kafka.common.security"
DAYS = ["-days", "2"]

LISTENERS = """\
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port},SASL_SSL://127.0.0.1:{login_port},\
SSL://127.0.0.1:{certificate_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{login_port},SSL://127.0.0.1:{certificate_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
ssl.keystore.type=PEM
ssl.keystore.location={folder}/papers/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/papers/authority.pem
listener.name.ssl.ssl.client.auth=required
listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN,{scram}
listener.name.sasl_ssl.plain.sasl.jaas.config={jaas}.plain.PlainLoginModule required user_ann="{password}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={jaas}.scram.ScramLoginModule required;
# a wrong password is told at once
connection.failed.authentication.delay.ms=0
"""


class Papers:
    """Keys and certificates, made with openssl: of an authority, of another one, of the broker, and of a worker."""

    def __init__(self, folder: Path) -> None:
        """Make them; raises ServersMissingError where there is no openssl."""
        if shutil.which("openssl") is None:
            raise ServersMissingError("no secured broker: there is no `openssl` on the path")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.authority = self._authority("authority")
        self.stranger = self._authority("stranger")
        self.garbage = folder / "garbage.pem"
        self.garbage.write_text("no certificate at all")
        self.broker_key, self.broker = self._signed("broker", "subjectAltName=IP:127.0.0.1")
        (folder / "broker.pem").write_text(self.broker_key.read_text() + self.broker.read_text())
        plain_key, self.worker = self._signed("worker", "extendedKeyUsage=clientAuth")
        self.worker_key = folder / "worker-locked.key"
        lock = ["pkcs8", "-topk8", "-in", plain_key, "-out", self.worker_key, "-passout", f"pass:{KEY_PASSWORD}"]
        self._openssl(*lock)

    def _authority(self, name: str) -> Path:
        certificate = self._folder / f"{name}.pem"
        self._openssl("req", "-x509", *self._new_key(name), *DAYS, "-subj", f"/CN={name}", "-out", certificate)
        return certificate

    def _signed(self, name: str, extension: str) -> tuple[Path, Path]:
        """Return the key and the certificate of somebody whom the authority vouches for."""
        folder, key = self._folder, self._folder / f"{name}.key"
        asked, certificate, more = folder / f"{name}.csr", folder / f"{name}.crt", folder / f"{name}.ext"
        more.write_text(extension)
        self._openssl("req", *self._new_key(name), "-subj", f"/CN={name}", "-out", asked)
        signer = ["-CA", self.authority, "-CAkey", folder / "authority.key", "-CAcreateserial"]
        self._openssl("x509", "-req", "-in", asked, *signer, *DAYS, "-extfile", more, "-out", certificate)
        return key, certificate

    def _new_key(self, name: str) -> list[str | Path]:
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        return [*curve, "-keyout", self._folder / f"{name}.key"]

    def _openssl(self, *arguments: str | Path) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class SecuredBroker(KafkaBroker):
    """One node with an open listener, one that asks for a login over TLS, and one that asks for a certificate."""

    def __init__(self, folder: Path) -> None:
        """Make the papers; `start` starts the node."""
        super().__init__(folder)
        self.papers = Papers(folder / "papers")
        self.login_port, self.certificate_port = free_ports(2)

    def by_login(self, name: str = "ann", password: str = PASSWORD, mechanism: str = "PLAIN") -> dict[str, str]:
        """Return the settings of a worker that logs in over TLS."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{self.login_port}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": mechanism,
            "KAFKA_SASL_USERNAME": name,
            "KAFKA_SASL_PASSWORD": password,
            "KAFKA_SSL_CAFILE": str(self.papers.authority),
        }

    def by_certificate(self, key_password: str = KEY_PASSWORD) -> dict[str, str]:
        """Return the settings of a worker that shows its certificate."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{self.certificate_port}",
            "KAFKA_SECURITY_PROTOCOL": "SSL",
            "KAFKA_SSL_CAFILE": str(self.papers.authority),
            "KAFKA_SSL_CERTFILE": str(self.papers.worker),
            "KAFKA_SSL_KEYFILE": str(self.papers.worker_key),
            "KAFKA_SSL_PASSWORD": key_password,
        }

    def _properties(self) -> str:
        lines = super()._properties().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(("listeners=", "advertised.", "listener.security"))]
        ports = {name: getattr(self, name) for name in ("port", "controller_port", "login_port", "certificate_port")}
        return "".join(kept) + LISTENERS.format(folder=self.folder, scram=SCRAM, jaas=JAAS, password=PASSWORD, **ports)

    def _format_options(self) -> list[str]:
        return ["--add-scram", f"{SCRAM}=[name=sam,password={PASSWORD}]"]
