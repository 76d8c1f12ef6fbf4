"""Whether a group has no members now."""

from aiokafka.admin import AIOKafkaAdminClient

from streams.errors import BadUsage


async def nobody_works(admin: AIOKafkaAdminClient, group: str) -> None:
    """Raises BadUsage while somebody does."""
    for answer in await admin.describe_consumer_groups([group]):
        for described in answer.groups:
            if described[5]:  # its members
                raise BadUsage(
                    f"workers are running in group {group}: stop them all first, then call this again"
                )
