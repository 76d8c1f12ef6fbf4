"""A Kafka of one's own: for the demo, for tests, and for `heed kafka up`.

Never for production: one node (or three on one machine), no security. It runs in Docker where an engine
answers, else on the machine's Java with what Maven fetched, always on free loopback ports.

    local.py       LocalKafka: start, stop, kill, restart; ends with the process that started it
    cluster.py     LocalCluster: three brokers, for tests that kill one
    background.py  the broker of `heed kafka up`, which stays until `heed kafka down`
    engines.py     what to run: Docker or Java
    maven.py       Java, Maven, the class path, and a storage folder formatted once
    properties.py  the broker's settings
    guard.py       a small process that ends the broker when its parent is gone
"""

from .background import BackgroundKafka, running
from .cluster import Listener, LocalCluster
from .local import LocalKafka

__all__ = ["BackgroundKafka", "Listener", "LocalCluster", "LocalKafka", "running"]
