"""Every exception class of the Kafka client means something to us."""

from __future__ import annotations

import inspect

import aiokafka.errors
import pytest

from stream.adapters.kafka_errors import _CODE_OF, LAYOUT, REFUSED, STATE, UNAVAILABLE, code_for, translated
from stream.errors import FencedError, InputError, LayoutError, SettingsError, StateError, StreamError, UnavailableError

ALL = sorted(
    {
        each
        for each in vars(aiokafka.errors).values()
        if inspect.isclass(each)
        and issubclass(each, Exception)
        and each.__module__ == aiokafka.errors.__name__
        # the abstract one of all answers of a broker: it has no number and is never raised
        and each is not aiokafka.errors.BrokerResponseError
    },
    key=lambda each: each.__name__,
)
CLASS_OF = {
    "kafka-unavailable": UnavailableError,
    "kafka-refused": SettingsError,
    "kafka-record": InputError,
    "kafka-fenced": FencedError,
    "kafka-layout": LayoutError,
    "kafka-state": StateError,
}


def test_the_client_has_the_classes_this_was_written_for() -> None:
    assert len(ALL) > 90


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.__name__)
def test_is_listed_or_says_itself_that_trying_again_helps(each: type[Exception]) -> None:
    assert each in _CODE_OF or each is aiokafka.errors.KafkaError or each.retriable
    error = translated(each("why"), "doing something")
    assert type(error) is CLASS_OF[code_for(each("why"))]
    assert isinstance(error, StreamError)
    assert f"Kafka: doing something: {each.__name__}: " in str(error)
    assert f"[{code_for(each('why'))}]" in str(error)


def test_a_retriable_class_is_never_the_operators_fault() -> None:
    for each in ALL:
        if getattr(each, "retriable", False):
            assert code_for(each("why")) == UNAVAILABLE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), UNAVAILABLE),
        (ConnectionResetError(), UNAVAILABLE),
        (aiokafka.errors.KafkaError("odd"), STATE),
        (aiokafka.errors.OffsetOutOfRangeError(), LAYOUT),
        (aiokafka.errors.TopicAuthorizationFailedError(), REFUSED),
    ],
)
def test_examples(error: Exception, code: str) -> None:
    assert code_for(error) == code
