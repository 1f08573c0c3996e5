"""Every exception class of the Kafka client, turned into one of ours."""

from __future__ import annotations

import aiokafka.errors as kafka
from faust.exceptions import FaustError

from stream.errors import FencedError, InputError, LayoutError, SettingsError, StateError, StreamError, UnavailableError

UNAVAILABLE = "kafka-unavailable"
REFUSED = "kafka-refused"
RECORD = "kafka-record"
FENCED = "kafka-fenced"
LAYOUT = "kafka-layout"
STATE = "kafka-state"

# What each class means for us.  Retriable ones are not listed: they say so themselves.
_MEANING: dict[str, tuple[type[BaseException], ...]] = {
    # the broker or the way to it: back off, try again
    UNAVAILABLE: (
        kafka.KafkaUnavailableError,
        kafka.KafkaTimeoutError,
        kafka.KafkaConnectionError,
        kafka.QuotaViolationError,
        kafka.BrokerNotAvailableError,
        kafka.ReplicaNotAvailableError,
        kafka.StaleControllerEpochError,
        kafka.StaleLeaderEpochCodeError,
        kafka.CorruptRecordException,
        kafka.UnknownError,
        kafka.ProducerClosed,
        kafka.ConsumerStoppedError,
        kafka.LogDirNotFound,
        kafka.ReassignmentInProgress,
        kafka.FetchSessionIdNotFound,
        kafka.InvalidFetchSessionEpoch,
        kafka.ListenerNotFound,
        kafka.OperationNotAttempted,
        kafka.OutOfOrderSequenceNumber,
        kafka.DuplicateSequenceNumber,
        kafka.UnknownProducerId,
        kafka.InvalidProducerIdMapping,
        kafka.ConcurrentTransactions,
        kafka.TransactionCoordinatorFenced,
        kafka.MemberIdRequired,
    ),
    # somebody else holds what we thought was ours: take it again
    FENCED: (
        kafka.CommitFailedError,
        kafka.ProducerFenced,
        kafka.InvalidProducerEpoch,
        kafka.IllegalGenerationError,
        kafka.UnknownMemberIdError,
        kafka.RebalanceInProgressError,
        kafka.InvalidTxnState,
    ),
    # log and state do not belong together
    LAYOUT: (kafka.OffsetOutOfRangeError, kafka.NoOffsetForPartitionError),
    # this record cannot be written as it is
    RECORD: (
        kafka.RecordTooLargeError,
        kafka.MessageSizeTooLargeError,
        kafka.RecordListTooLargeError,
        kafka.InvalidTimestampError,
        kafka.UnsupportedForMessageFormatError,
    ),
    # the operator: versions, rights, names, sizes
    REFUSED: (
        kafka.UnrecognizedBrokerVersion,
        kafka.IncompatibleBrokerVersion,
        kafka.AuthenticationMethodNotSupported,
        kafka.AuthenticationFailedError,
        kafka.UnsupportedCodecError,
        kafka.KafkaConfigurationError,
        kafka.IllegalArgumentError,
        kafka.InvalidTopicError,
        kafka.InvalidRequiredAcksError,
        kafka.InconsistentGroupProtocolError,
        kafka.InvalidGroupIdError,
        kafka.InvalidSessionTimeoutError,
        kafka.InvalidCommitOffsetSizeError,
        kafka.OffsetMetadataTooLargeError,
        kafka.TopicAuthorizationFailedError,
        kafka.GroupAuthorizationFailedError,
        kafka.ClusterAuthorizationFailedError,
        kafka.UnsupportedSaslMechanismError,
        kafka.IllegalSaslStateError,
        kafka.UnsupportedVersionError,
        kafka.TopicAlreadyExistsError,
        kafka.InvalidPartitionsError,
        kafka.InvalidReplicationFactorError,
        kafka.InvalidReplicationAssignmentError,
        kafka.InvalidConfigurationError,
        kafka.PolicyViolationError,
        kafka.InvalidTransactionTimeout,
        kafka.TransactionalIdAuthorizationFailed,
        kafka.SecurityDisabled,
        kafka.SaslAuthenticationFailed,
        kafka.DelegationTokenAuthDisabled,
        kafka.DelegationTokenNotFound,
        kafka.DelegationTokenOwnerMismatch,
        kafka.DelegationTokenRequestNotAllowed,
        kafka.DelegationTokenAuthorizationFailed,
        kafka.DelegationTokenExpired,
        kafka.InvalidPrincipalType,
        kafka.NonEmptyGroup,
        kafka.GroupIdNotFound,
    ),
    # a mistake of this program in how it uses the client: stop, say so
    STATE: (
        kafka.IllegalStateError,
        kafka.IllegalOperation,
        kafka.InvalidFetchRequestError,
        kafka.InvalidRequestError,
        kafka.NoError,
    ),
}
_CODE_OF = {each: code for code, classes in _MEANING.items() for each in classes}

# What the client raises besides its own classes when a connection dies or a call takes too long.
CLIENT_ERRORS: tuple[type[BaseException], ...] = (
    kafka.KafkaError,
    kafka.ConsumerStoppedError,
    kafka.IllegalOperation,
    FaustError,
    TimeoutError,
    OSError,
)


def code_for(error: BaseException) -> str:
    """Return the code of `error`: the nearest class of its family that is listed, else retriable or not."""
    for each in type(error).__mro__:
        if each in _CODE_OF:
            return _CODE_OF[each]
    retriable = getattr(error, "retriable", False) or isinstance(error, (TimeoutError, OSError))
    return UNAVAILABLE if retriable else STATE


def translated(error: BaseException, doing: str) -> StreamError:
    """Return our error for `error`, which happened while `doing` something; raise it `from` the original."""
    code = code_for(error)
    sentence = f"Kafka: {doing}: {type(error).__name__}: {error} [{code}]"
    if code == RECORD:
        return InputError(code, sentence)
    if code == REFUSED:
        return SettingsError([sentence])
    simple = {UNAVAILABLE: UnavailableError, FENCED: FencedError, LAYOUT: LayoutError, STATE: StateError}
    return simple[code](sentence)
