"""A broker as a hospital runs it: TLS on every port for clients, SCRAM or client certificates, and nothing allowed by default.

KRaft in one process. The SCRAM users are created when the storage is formatted; a certificate's CN and a SCRAM user's name
are the same principal, so that one list of rights serves both. Only the controller's own port, on loopback, is plain: what
comes in there is Kafka itself.
"""

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from streams.kafka.broker import maven, properties
from streams.kafka.broker.guard import die_with_parent
from streams.kafka.broker.properties import HOST, Ports, free_ports
from streams.kafka.broker.readiness import wait_until_ready
from streams.kafka.rights import Kind, Operation, Principal
from streams.settings import default_state_dir
from tests.support.certificates import LONG_AGO, Authority

ADMIN: Final = "admin"
_MECHANISM: Final = "SCRAM-SHA-512"
_RESOURCES: Final = {
    Kind.TOPIC: ResourceType.TOPIC,
    Kind.GROUP: ResourceType.GROUP,
    Kind.TRANSACTIONAL_ID: ResourceType.TRANSACTIONAL_ID,
}
_OPERATIONS: Final = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.CREATE: AclOperation.CREATE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS: AclOperation.DESCRIBE_CONFIGS,
}


class SecuredKafka:
    """``users``: who has a password and a certificate. ``with`` starts it, and ends it with the test."""

    def __init__(self, directory: Path, users: Iterable[str]) -> None:
        self._directory = directory
        self._storage = directory / "storage"
        self._log = directory / "broker.log"
        self.authority = Authority(directory / "certificates")
        self._certificates = {name: self.authority.issue(name) for name in (*users, ADMIN)}
        self.expired = self.authority.issue("heed-worker", expires=LONG_AGO)
        self._passwords = {name: f"{name}-secret-{os.urandom(6).hex()}" for name in self._certificates}
        self._process: subprocess.Popen[bytes] | None = None
        self.scram, self.mutual = "", ""  # host:port of the two doors

    @property
    def passwords(self) -> Mapping[str, str]:
        return self._passwords

    # Settings of a client, as HEED_* variables.

    def by_password(self, user: str, folder: Path) -> dict[str, str]:
        """SASL/SCRAM over TLS, the password in a file."""
        file = folder / f"{user}.password"
        file.write_text(self._passwords[user] + "\n")
        return {
            "HEED_BOOTSTRAP_SERVERS": self.scram,
            "HEED_SECURITY_PROTOCOL": "SASL_SSL",
            "HEED_SASL_MECHANISM": _MECHANISM,
            "HEED_SASL_PLAIN_USERNAME": user,
            "HEED_SASL_PLAIN_PASSWORD_FILE": str(file),
            "HEED_SSL_CAFILE": str(self.authority.file),
        }

    def by_certificate(self, user: str) -> dict[str, str]:
        """Mutual TLS."""
        certificate, key = self._certificates[user]
        return {
            "HEED_BOOTSTRAP_SERVERS": self.mutual,
            "HEED_SECURITY_PROTOCOL": "SSL",
            "HEED_SSL_CAFILE": str(self.authority.file),
            "HEED_SSL_CERTFILE": str(certificate),
            "HEED_SSL_KEYFILE": str(key),
        }

    def client(self, user: str) -> dict[str, str]:
        """What confluent-kafka takes."""
        return {
            "bootstrap.servers": self.scram,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": _MECHANISM,
            "sasl.username": user,
            "sasl.password": self._passwords[user],
            "ssl.ca.location": str(self.authority.file),
        }

    def allow(self, principals: Iterable[Principal]) -> None:
        """Create their access-control lists, and no others."""
        bindings = [
            AclBinding(
                _RESOURCES[right.kind],
                right.name,
                ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL,
                f"User:{principal.name}",
                "*",
                _OPERATIONS[operation],
                AclPermissionType.ALLOW,
            )
            for principal in principals
            for right in principal.rights
            for operation in right.operations
        ]
        admin = AdminClient(self.client(ADMIN))
        for created in admin.create_acls(bindings).values():
            created.result(30)

    # Running.

    def __enter__(self) -> Self:
        command = maven.java()
        assert command is not None, maven.INSTALL
        jars = maven.class_path(default_state_dir() / "cache", lambda _: None)
        plain, (mutual, scram) = free_ports(), free_ports()
        self.mutual, self.scram = f"localhost:{mutual}", f"localhost:{scram}"
        settings = self._directory / "server.properties"
        settings.write_text("".join(f"{k}={v}\n" for k, v in self._properties(plain, mutual, scram).items()))
        java = [
            command,
            "-XX:TieredStopAtLevel=1",
            f"-Dlog4j2.configurationFile={maven.LOGGING.as_uri()}",
            "-cp",
            jars,
        ]
        users = [
            word
            for name, password in self._passwords.items()
            for word in ("--add-scram", f"{_MECHANISM}=[name={name},password={password},iterations=4096]")
        ]
        subprocess.run(
            [*java, "kafka.tools.StorageTool", "format", "--standalone", "--cluster-id", maven._CLUSTER_ID,
             "--config", str(settings), *users],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*java[:1], "-Xmx512m", *java[1:], "kafka.Kafka", str(settings)],
                stdout=log, stderr=log, preexec_fn=die_with_parent,
            )  # fmt: skip
        try:
            wait_until_ready(
                self._log,
                0,
                Ports(scram, plain.controller),
                lambda: self._process is not None and self._process.poll() is None,
            )
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _properties(self, plain: Ports, mutual: int, scram: int) -> dict[str, str]:
        certificate, key = self._certificates[ADMIN]
        both = self._directory / "broker.pem"  # Kafka wants the key and its chain in one file
        both.write_bytes(key.read_bytes() + certificate.read_bytes())
        return properties.NODE | {
            "listeners": f"MUTUAL://{HOST}:{mutual},SCRAM://{HOST}:{scram},CONTROLLER://{HOST}:{plain.controller}",
            "advertised.listeners": f"MUTUAL://localhost:{mutual},SCRAM://localhost:{scram}",
            "controller.quorum.bootstrap.servers": f"{HOST}:{plain.controller}",
            "listener.security.protocol.map": "MUTUAL:SSL,SCRAM:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "MUTUAL",
            "listener.name.mutual.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": _MECHANISM,
            "listener.name.scram.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(both),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.file),
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]*).*$/$1/",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:{ADMIN};User:ANONYMOUS",
            "log.dirs": str(self._storage),
        }
