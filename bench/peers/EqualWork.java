import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Kafka Streams doing the equal work: state in RocksDB, cached, with a changelog topic. The rules are those of fold.py. */
public final class EqualWork {
    private static final int REGULAR_COUNT = 3;
    private static final long BIG_SUM = 150;
    private static final long LAST = 1;
    private static final String STORE = "totals";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One purchase after the other: count, sum and last of the customer, and a record for each rule that is entered. */
    private static final class Fold extends ContextualProcessor<String, byte[], String, byte[]> {
        private KeyValueStore<String, byte[]> store;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            super.init(context);
            store = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<String, byte[]> record) {
            try {
                JsonNode event = JSON.readTree(record.value());
                fold(record, event.get("customer_id").asText(), event.get("properties").get("amount").asLong());
            } catch (java.io.IOException error) {
                throw new IllegalStateException(error);
            }
        }

        private void fold(Record<String, byte[]> record, String customer, long amount) throws java.io.IOException {
            byte[] stored = store.get(customer);
            ByteBuffer before = stored == null ? ByteBuffer.allocate(24) : ByteBuffer.wrap(stored);
            long count = before.getLong(0);
            long sum = before.getLong(8);
            boolean wasBig = sum >= BIG_SUM && before.getLong(16) >= LAST;
            ByteBuffer after = ByteBuffer.allocate(24).putLong(count + 1).putLong(sum + amount).putLong(amount);
            store.put(customer, after.array());
            if (count < REGULAR_COUNT && count + 1 >= REGULAR_COUNT) {
                tell(record, customer, "regular", after);
            }
            if (!wasBig && sum + amount >= BIG_SUM && amount >= LAST) {
                tell(record, customer, "big_spender", after);
            }
        }

        private void tell(Record<String, byte[]> record, String customer, String rule, ByteBuffer state)
                throws java.io.IOException {
            byte[] value = JSON.writeValueAsBytes(Map.of("customer_id", customer, "rule", rule,
                    "count", state.getLong(0), "sum", state.getLong(8), "last", state.getLong(16)));
            context().forward(record.withKey(customer).withValue(value));
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray()).withCachingEnabled());
        builder.stream(System.getenv("PEER_INPUT"), Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .process(Fold::new, STORE)
                .to(System.getenv("PEER_OUTPUT"), Produced.with(Serdes.String(), Serdes.ByteArray()));
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, System.getenv("PEER_GROUP"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("PEER_BOOTSTRAP"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("PEER_FOLDER"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, System.getenv("PEER_GUARANTEE"));
        settings.put("auto.offset.reset", "earliest");
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        CountDownLatch over = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            over.countDown();
        }));
        streams.start();
        over.await();
    }
}
