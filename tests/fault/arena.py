"""Everything that can be hit, and how each blow is dealt."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import msgspec

from streams.domain.time import MINUTE
from streams.errors import BrokerUnreachable
from streams.kafka.broker import LocalCluster, LocalKafka
from tests.support.registry import RegistryStandIn

from .blows import BROKERS, Blow
from .clocks import Clocks
from .cluster_state import ClusterState
from .network import Network, State
from .processes import Victim
from .small_disk import SmallDisk

#: Longer than the session time-out of 10 s, and not always by as much.
_FROZEN_S: Final = (11.0, 16.0)
_BROKER_AWAY_S: Final = (0.5, 4.0)
_CUT_S: Final = (5.0, 30.0)
_JITTER_S: Final = (5.0, 15.0)
_DISK_FULL_S: Final = (4.0, 10.0)
_CLOCK_OFF_S: Final = (5.0, 15.0)
_CLOCK_OFF: Final = 5 * MINUTE
#: A process starts and joins in so much time. Seconds.
_JOINING_S: Final = 6.0
_DYING_S: Final = 20.0
_STARTS: Final = 3
_EVERY_S: Final = 10.0
_MOST: Final = 4


class Means(msgspec.Struct):
    """What there is beside the processes; without it, the blows that need it are left out."""

    broker: LocalKafka | None = None
    cluster: LocalCluster | None = None
    state: ClusterState | None = None
    network: Network | None = None
    disk: SmallDisk | None = None
    registry: RegistryStandIn | None = None
    registry_away_s: float = 120.0
    swing_s: float = 300.0


class Hit(msgspec.Struct, frozen=True):
    """A blow that is over. ``partitions`` None: all. ``begun`` and ``ended`` in monotonic seconds."""

    target: str
    partitions: frozenset[int] | None
    begun: float
    ended: float


class Arena:
    """The processes and the means. One blow at a time."""

    def __init__(
        self, rng: Random, workers: list[Victim], recorder: Victim, means: Means, clocks: Clocks,
        spare: Callable[[], Victim],
    ) -> None:  # fmt: skip
        self._rng = rng
        self._means = means
        self._clocks = clocks
        self._spare = spare
        self._asked = 0
        self.workers = workers
        self.recorder = recorder
        self.extras: list[Victim] = []
        self._blows: dict[Blow, Callable[[], Any]] = {
            Blow.KILL: lambda: self._signal(signal.SIGKILL, self._one()),
            Blow.KILL_BEFORE_COMMIT: lambda: self._die_in_commit(signal.SIGUSR1),
            Blow.KILL_AFTER_COMMIT: lambda: self._die_in_commit(signal.SIGUSR2),
            Blow.KILL_RECORDER: lambda: self._signal(signal.SIGKILL, recorder),
            Blow.KILL_ALL: lambda: self._signal(signal.SIGKILL, *self.running, recorder),
            Blow.TERM: lambda: self._signal(signal.SIGTERM, self._one()),
            Blow.FREEZE: self._freeze,
            Blow.BROKER: self._kill_broker,
            Blow.COORDINATOR: self._move_coordinator,
            Blow.DISK_FULL: self._fill_disk,
            Blow.CUT: lambda: self._disturb(self._rng.choice((State.RESET, State.HOLE)), _CUT_S),
            Blow.JITTER: lambda: self._disturb(State.JITTER, _JITTER_S),
            Blow.CLOCK: self._jump_clock,
            Blow.REGISTRY: self._lose_registry,
            Blow.SCALE: self._scale,
            Blow.SWING: self._swing,
        }

    @property
    def victims(self) -> list[Victim]:
        return [*self.workers, *self.extras]

    @property
    def running(self) -> list[Victim]:
        return [victim for victim in self.victims if victim.wanted]

    async def deal(self, blow: Blow) -> Hit:
        """Do it, and return when its cause is over; what it costs may only begin then."""
        hit: Hit = await self._blows[blow]()
        if blow in BROKERS and self._means.state is not None:
            await self._means.state.until_replicated()
        return hit

    def _one(self) -> Victim:
        return self._rng.choice([v for v in self.running if v.partitions()] or self.running)

    # Processes.

    async def _signal(self, number: signal.Signals, *victims: Victim) -> Hit:
        hit = frozenset[int]().union(*(v.partitions() for v in victims if v is not self.recorder))
        begun = time.monotonic()
        for victim in victims:
            victim.send(number)
        return Hit(",".join(v.name for v in victims), hit, begun, begun)

    async def _die_in_commit(self, number: signal.Signals) -> Hit:
        victim = self._one()
        hit, starts = victim.partitions(), victim.starts
        victim.send(number)
        end = time.monotonic() + _DYING_S
        while victim.starts == starts and time.monotonic() < end:
            await asyncio.sleep(0.05)
        died = victim.died if victim.starts > starts else time.monotonic()
        return Hit(victim.name, hit, died, died)

    async def _freeze(self) -> Hit:
        victim = self._one()
        hit, begun = victim.partitions(), time.monotonic()
        victim.send(signal.SIGSTOP)
        await asyncio.sleep(self._rng.uniform(*_FROZEN_S))
        victim.send(signal.SIGCONT)
        return Hit(victim.name, hit, begun, begun)  # others take over while it is frozen

    async def _scale(self) -> Hit:
        begun = time.monotonic()
        if self.extras:
            extra = self.extras.pop()
            await extra.stop()
            return Hit(f"-{extra.name}", None, begun, time.monotonic())
        extra = self._spare()
        extra.start()
        self.extras.append(extra)
        await asyncio.sleep(_JOINING_S)
        return Hit(f"+{extra.name}", None, begun, time.monotonic())

    async def _swing(self) -> Hit:
        """One worker, two, three, four, three, two, one, ... a step every ten seconds; then as before."""
        begun, before = time.monotonic(), len(self.running)
        while len(self.victims) < _MOST:
            self.extras.append(self._spare())
        wanted = [*range(1, _MOST), *range(_MOST, 1, -1)]
        step = 0
        while time.monotonic() - begun < self._means.swing_s:
            await self._have(wanted[step % len(wanted)])
            step += 1
            await asyncio.sleep(max(0.0, begun + step * _EVERY_S - time.monotonic()))
        await self._have(before)
        return Hit(f"{step} steps between 1 and {_MOST} workers", None, begun, time.monotonic())

    async def _have(self, count: int) -> None:
        for victim in self.victims[:count]:
            if not victim.wanted:
                victim.start()
        await asyncio.gather(*(victim.stop() for victim in self.victims[count:] if victim.wanted))

    # Brokers.

    async def _kill_broker(self) -> Hit:
        nodes: Sequence[LocalKafka] = [self._means.broker] if self._means.broker else []
        nodes = self._means.cluster.nodes if self._means.cluster else nodes
        number = self._rng.randrange(len(nodes))
        begun = time.monotonic()
        await asyncio.to_thread(nodes[number].kill)
        return await self._back(number, nodes[number], begun, self._rng.uniform(*_BROKER_AWAY_S))

    async def _move_coordinator(self) -> Hit:
        assert self._means.cluster is not None
        assert self._means.state is not None
        self._asked += 1
        number = await self._means.state.coordinator(of_transactions=self._asked % 2 == 0)
        begun = time.monotonic()
        await asyncio.to_thread(self._means.cluster.nodes[number].stop)
        return await self._back(number, self._means.cluster.nodes[number], begun, 0.0)

    async def _fill_disk(self) -> Hit:
        assert self._means.cluster is not None
        assert self._means.disk is not None
        node, begun = self._means.cluster.nodes[-1], time.monotonic()
        await asyncio.to_thread(self._means.disk.fill)
        end = begun + self._rng.uniform(*_DISK_FULL_S)
        while node.pid and time.monotonic() < end:
            await asyncio.sleep(0.1)
        died = not node.pid
        await asyncio.to_thread(node.kill)
        await asyncio.to_thread(self._means.disk.repair)
        hit = await self._back(len(self._means.cluster.nodes) - 1, node, begun, 0.0)
        return msgspec.structs.replace(hit, target=f"{hit.target}, {'it died' if died else 'it lived on'}")

    async def _back(self, number: int, node: LocalKafka, begun: float, after_s: float) -> Hit:
        await asyncio.sleep(after_s)
        for tries_left in reversed(range(_STARTS)):
            try:
                await asyncio.to_thread(node.start)
            except BrokerUnreachable:  # on a machine that does too much at once a minute may not be enough
                if not tries_left:
                    raise
            else:
                break
        return Hit(f"broker-{number + 1}", None, begun, time.monotonic())

    # What lies between.

    async def _disturb(self, state: State, seconds: tuple[float, float]) -> Hit:
        """The links of one zone to every broker, or of every zone to one broker."""
        network, cluster = self._means.network, self._means.cluster
        assert network is not None
        assert cluster is not None
        zone: str | None = self._rng.choice(network.zones)
        broker: int | None = self._rng.randrange(len(cluster.nodes))
        if self._rng.random() < 0.6:
            broker = None
            hit = frozenset[int]().union(*(v.partitions() for v in self.running if v.zone == zone))
        else:
            zone, hit = None, None
        begun = time.monotonic()
        network.set(zone, broker, state)
        await asyncio.sleep(self._rng.uniform(*seconds))
        network.set(zone, broker, State.OPEN)
        where = f"zone {zone}" if broker is None else f"broker-{broker + 1}"
        return Hit(f"{where} {state}", hit, begun, time.monotonic())

    async def _jump_clock(self) -> Hit:
        victim = self._one()
        off = self._rng.choice((_CLOCK_OFF, -_CLOCK_OFF))
        hit, begun = victim.partitions(), time.monotonic()
        self._clocks.jump(victim.name, off)
        await asyncio.sleep(self._rng.uniform(*_CLOCK_OFF_S))
        self._clocks.jump(victim.name, 0)
        return Hit(f"{victim.name} {'+' if off > 0 else '-'}5 min", hit, begun, time.monotonic())

    async def _lose_registry(self) -> Hit:
        registry, begun = self._means.registry, time.monotonic()
        assert registry is not None
        registry.away = True
        await asyncio.sleep(self._means.registry_away_s)
        registry.away = False
        return Hit("registry", None, begun, time.monotonic())
