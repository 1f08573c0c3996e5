"""Which partition a customer belongs to: Kafka's own murmur2 of the key, as the Java client has it."""

from __future__ import annotations

MASK = 0xFFFFFFFF
SEED = 0x9747B28C
M = 0x5BD1E995


def murmur2(key: bytes) -> int:
    """Return the 32-bit murmur2 of Kafka's Java client (org.apache.kafka.common.utils.Utils.murmur2)."""
    length = len(key)
    h = SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(key[start : start + 4], "little") * M & MASK
        h = (h * M & MASK) ^ ((k ^ k >> 24) * M & MASK)
    if length > whole:
        h = (h ^ int.from_bytes(key[whole:], "little")) * M & MASK
    h = (h ^ h >> 13) * M & MASK
    return h ^ h >> 15


def partition_of(customer_id: str, partitions: int) -> int:
    """Return the partition of a customer among so many."""
    return (murmur2(customer_id.encode()) & 0x7FFFFFFF) % partitions
