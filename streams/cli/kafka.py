"""``heed kafka``: a broker of one's own, in the background."""

import argparse
import sys
from typing import Final

from streams.settings import Settings

NAME: Final = "kafka"
HELP: Final = "start, stop or look at a Kafka on this machine, for trying things out"

EXAMPLES: Final = """\
It runs in Docker where an engine answers, else on Java 17 or newer with Maven, and keeps its data in
.heed/kafka. Every other command finds it while HEED_BOOTSTRAP_SERVERS is not set. Not for production.

examples:
  heed kafka up          start it and print its address
  heed kafka status      print where it is; exit code 1 when it does not run
  heed kafka down        stop it; its data stay for the next `up`
  rm -r .heed/kafka      forget its data, once it is down
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("what", metavar="ACTION", choices=("up", "down", "status"), help="up, down or status")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.kafka.broker import BackgroundKafka, running

    directory = settings.state_dir / "kafka"
    if args.what == "status":
        known = running(directory)
        print(f"up at {known.bootstrap} ({known.engine}, pid {known.pid})" if known else "down")
        return 0 if known else 1
    kafka = BackgroundKafka(directory, cache=settings.state_dir / "cache", say=_say)
    if args.what == "up":
        started = kafka.up()
        print(f"up at {started.bootstrap} ({started.engine}, pid {started.pid})")
    else:
        print("stopped" if kafka.down() else "was not running")
    return 0


def _say(what: str) -> None:
    print(f"heed: {what}", file=sys.stderr, flush=True)
