"""What each exception of redis-py means to us: one row per class, and a test that no class is missing."""

from __future__ import annotations

from typing import NamedTuple

from redis import exceptions

from stream.errors import StateError, StreamError, UnavailableError


class Meaning(NamedTuple):
    """Which of our errors it is, its code, and what to do about it."""

    error: type[StreamError]
    code: str
    advice: str


_AWAY = Meaning(UnavailableError, "redis-away", "is the server running, and is REDIS_URL right?")
_SLOW = Meaning(UnavailableError, "redis-timeout", "the server is overloaded, stopped or cut off")
_LOGIN = Meaning(UnavailableError, "redis-login", "check user and password in REDIS_URL")
_RIGHTS = Meaning(UnavailableError, "redis-rights", "let this user read and write seg:* (ACL SETUSER … ~seg:* +@all)")
_FULL = Meaning(UnavailableError, "redis-memory", "raise maxmemory or free memory; nothing was written")
_DISK = Meaning(UnavailableError, "redis-disk", "make room on the server's disk; nothing was written")
_LOADING = Meaning(UnavailableError, "redis-loading", "wait until the server has read its append-only file")
_REPLICA = Meaning(UnavailableError, "redis-replica", "REDIS_URL must name the primary, with enough replicas")
_CLUSTER = Meaning(UnavailableError, "redis-cluster", "use one primary (with Sentinel or a proxy), not a Redis Cluster")
_BUSY = Meaning(UnavailableError, "redis-busy", "another client blocks the server with a script or function")
_CHANGED = Meaning(UnavailableError, "redis-changed", "another client wrote the same key; read it again")
_ABORTED = Meaning(UnavailableError, "redis-aborted", "the server refused the transaction; nothing was written")
_TYPE = Meaning(StateError, "redis-type", "another program wrote this key; restore or rebuild the partition")
_REFUSED = Meaning(StateError, "redis-refused", "the server does not know this; use Redis 6.2, Valkey 7.2 or later")
_OURS = Meaning(StateError, "redis-call", "this is a mistake in the program; please report it")

MEANINGS: dict[type[Exception], Meaning] = {
    exceptions.ConnectionError: _AWAY,
    exceptions.MaxConnectionsError: _AWAY,
    exceptions.TimeoutError: _SLOW,
    exceptions.InvalidResponse: _AWAY,
    exceptions.AuthenticationError: _LOGIN,
    exceptions.AuthenticationWrongNumberOfArgsError: _LOGIN,
    exceptions.AuthorizationError: _LOGIN,
    exceptions.ExternalAuthProviderError: _LOGIN,
    exceptions.NoPermissionError: _RIGHTS,
    exceptions.BusyLoadingError: _LOADING,
    exceptions.OutOfMemoryError: _FULL,
    exceptions.ReadOnlyError: _REPLICA,
    exceptions.MasterDownError: _REPLICA,
    exceptions.ExecAbortError: _ABORTED,
    exceptions.WatchError: _CHANGED,
    exceptions.AskError: _CLUSTER,
    exceptions.MovedError: _CLUSTER,
    exceptions.TryAgainError: _CLUSTER,
    exceptions.ClusterError: _CLUSTER,
    exceptions.ClusterDownError: _CLUSTER,
    exceptions.ClusterCrossSlotError: _CLUSTER,
    exceptions.CrossSlotTransactionError: _CLUSTER,
    exceptions.RedisClusterException: _CLUSTER,
    exceptions.SlotNotCoveredError: _CLUSTER,
    exceptions.ResponseError: _REFUSED,
    exceptions.NoScriptError: _REFUSED,
    exceptions.ModuleError: _REFUSED,
    exceptions.NoSuchFieldsetError: _REFUSED,
    exceptions.RedisError: _REFUSED,
    exceptions.DataError: _OURS,
    exceptions.PubSubError: _OURS,
    exceptions.LockError: _OURS,
    exceptions.LockNotOwnedError: _OURS,
    exceptions.ChildDeadlockedError: _OURS,
    exceptions.InvalidPipelineStack: _OURS,
    exceptions.IncorrectPolicyType: _OURS,
}

# answers for which redis-py has no class of its own: the first word says what they are
_FIRST_WORDS = {
    "WRONGTYPE": _TYPE,
    "MISCONF": _DISK,
    "NOREPLICAS": _REPLICA,
    "NOGOODSLAVE": _REPLICA,
    "BUSY": _BUSY,
    "UNKILLABLE": _BUSY,
}


def translate(error: Exception, where: str, *, connecting: bool = False) -> StreamError:
    """Return our error for one of redis-py's; `where` names the server or the key.

    While `connecting` nothing of ours was at stake, so whatever the server objects to, trying again later is safe.
    """
    meaning = _meaning(error)
    kind = UnavailableError if connecting else meaning.error
    return kind(f"Redis at {where}: {str(error).rstrip('.')}; {meaning.advice} [{meaning.code}]")


def _meaning(error: Exception) -> Meaning:
    by_word = _FIRST_WORDS.get(str(error).partition(" ")[0])
    if by_word is not None:
        return by_word
    return next(MEANINGS[kind] for kind in type(error).__mro__ if kind in MEANINGS)
