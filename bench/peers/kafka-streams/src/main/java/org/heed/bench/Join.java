package org.heed.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Workload 1, the plain join, with Kafka Streams: exactly once, one thread, an in-memory store with its changelog.
 *
 * <p>The same records and the same rule as bench/join.py. Tuned: one commit in 100 ms (the default with exactly once), the
 * store cached, so that a patient touched often between two commits is logged once, as Heed does; Avro readers and
 * writers kept.
 */
public final class Join {
    private static final long DAY_MS = 86_400_000L;

    private Join() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, String> environment = System.getenv();
        String prefix = environment.get("BENCH_PREFIX");
        Schemas schemas = new Schemas(Path.of(environment.get("BENCH_SCHEMAS")));

        StoreBuilder<KeyValueStore<String, byte[]>> store = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore("patients"), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled();
        var strings = Serdes.String();
        var bytes = Serdes.ByteArray();
        Topology topology = new Topology();
        topology.addSource("in", strings.deserializer(), bytes.deserializer(), prefix + "appointments")
                .addProcessor("join", () -> new Decide(schemas), "in")
                .addStateStore(store, "join")
                .addSink("decisions", prefix + "decisions", strings.serializer(), bytes.serializer(), "join")
                .addSink("commands", prefix + "send-commands", strings.serializer(), bytes.serializer(), "join");

        KafkaStreams streams = new KafkaStreams(topology, settings(environment));
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private static Properties settings(Map<String, String> environment) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, environment.get("BENCH_GROUP"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, environment.get("BENCH_BROKER"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, environment.get("BENCH_STATE_DIR"));
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
        settings.put(StreamsConfig.producerPrefix("batch.size"), 1 << 20);
        settings.put(StreamsConfig.producerPrefix("linger.ms"), 5);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 5_000);
        settings.put(StreamsConfig.consumerPrefix("fetch.max.wait.ms"), 50);
        settings.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), 4 << 20);
        return settings;
    }

    /** The schemas of the file that the bench writes, and their ids. */
    private static final class Schemas {
        private final Map<String, Schema> byName = new java.util.HashMap<>();
        private final Map<String, Integer> ids = new java.util.HashMap<>();

        Schemas(Path file) throws IOException {
            var all = new com.fasterxml.jackson.databind.ObjectMapper().readTree(Files.readString(file));
            all.fields().forEachRemaining(entry -> {
                byName.put(entry.getKey(), new Schema.Parser().parse(entry.getValue().get("schema").toString()));
                ids.put(entry.getKey(), entry.getValue().get("id").asInt());
            });
        }

        Schema of(String name) {
            return byName.get(name);
        }

        byte[] header(String name) {
            return ByteBuffer.allocate(5).put((byte) 0).putInt(ids.get(name)).array();
        }
    }

    /** Encodes records of one schema, framed. */
    private static final class Writer {
        private final GenericDatumWriter<GenericRecord> writer;
        private final ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
        private final byte[] header;
        private BinaryEncoder encoder;

        Writer(Schemas schemas, String name) {
            writer = new GenericDatumWriter<>(schemas.of(name));
            header = schemas.header(name);
        }

        byte[] write(GenericRecord record) {
            try {
                out.reset();
                out.writeBytes(header);
                encoder = EncoderFactory.get().directBinaryEncoder(out, encoder);
                writer.write(record, encoder);
                return out.toByteArray();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    private static final class Decide implements Processor<String, byte[], String, byte[]> {
        private final GenericDatumReader<GenericRecord> reader;
        private final Writer decisions;
        private final Writer commands;
        private final Schema decision;
        private final Schema command;
        private BinaryDecoder decoder;
        private GenericRecord event;
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, byte[]> patients;

        Decide(Schemas schemas) {
            reader = new GenericDatumReader<>(schemas.of("AppointmentEvent"));
            decision = schemas.of("Decision");
            command = schemas.of("SendCommand");
            decisions = new Writer(schemas, "Decision");
            commands = new Writer(schemas, "SendCommand");
        }

        @Override
        public void init(ProcessorContext<String, byte[]> given) {
            context = given;
            patients = given.getStateStore("patients");
        }

        @Override
        public void process(Record<String, byte[]> record) {
            try {
                decoder = DecoderFactory.get().binaryDecoder(record.value(), 5, record.value().length - 5, decoder);
                event = reader.read(event, decoder);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            byte[] packed = patients.get(record.key());
            ByteBuffer before = packed == null ? null : ByteBuffer.wrap(packed);
            long seen = before == null ? 1 : before.getLong(0) + 1;
            boolean send = event.get("status").toString().equals("BOOKED");
            long startsAt = (Long) event.get("starts_at");
            long occurredAt = (Long) event.get("occurred_at");
            long now = System.currentTimeMillis();
            String eventId = event.get("event_id").toString();

            GenericRecord made = decide(record.key(), eventId, seen, send, occurredAt, now);
            made.put("hold_until", before == null ? null : before.getLong(8));
            patients.put(
                    record.key(),
                    ByteBuffer.allocate(24).putLong(seen).putLong(startsAt).putLong(occurredAt).array());
            context.forward(new Record<>(record.key(), decisions.write(made), record.timestamp()), "decisions");
            if (send) {
                GenericRecord ordered = order(made, seen, startsAt, occurredAt, now);
                context.forward(new Record<>(record.key(), commands.write(ordered), record.timestamp()), "commands");
            }
        }

        private GenericRecord decide(
                String patient, String eventId, long seen, boolean send, long occurredAt, long now) {
            RecordMetadata at = context.recordMetadata().orElseThrow();
            GenericRecord input = new GenericData.Record(decision.getField("input").schema());
            input.put("topic", "appointments");
            input.put("partition", at.partition());
            input.put("offset", at.offset());
            GenericRecord subject = new GenericData.Record(decision.getField("subject").schema());
            subject.put("kind", symbol(subject.getSchema(), "kind", "appointment"));
            subject.put("id", event.get("appointment_id"));
            subject.put("version", event.get("version"));
            GenericRecord made = new GenericData.Record(decision);
            made.put("decision_id", "d-" + eventId);
            made.put("event_id", eventId);
            made.put("input", input);
            made.put("patient_id", patient);
            made.put("outcome", symbol(decision, "outcome", send ? "SEND" : "SUPPRESS"));
            made.put("reason", send ? "preferred" : "stale_version");
            made.put("rule", send ? "7.1" : "4.1");
            made.put("rule_path", List.of("4.1", "7.1"));
            made.put("purpose", symbol(decision, "purpose", "APPT_CONFIRM"));
            made.put("subject", subject);
            made.put("level", new GenericData.EnumSymbol(decision.getField("level").schema().getTypes().get(1), "L2"));
            made.put("command_id", send ? "c-" + eventId : null);
            made.put("task_ids", List.of());
            made.put("state_version", seen);
            made.put("policy_version", "join");
            made.put("occurred_at", occurredAt);
            made.put("decided_at", now);
            return made;
        }

        private GenericRecord order(GenericRecord made, long seen, long startsAt, long occurredAt, long now) {
            GenericRecord basis = new GenericData.Record(command.getField("basis").schema());
            GenericRecord template = new GenericData.Record(basis.getSchema().getField("template").schema());
            template.put("id", "appt_confirm");
            template.put("version", 1L);
            template.put("hash", "0000000000000000");
            GenericRecord ordered = new GenericData.Record(command);
            for (GenericRecord both : List.of(basis, ordered)) {
                Schema schema = both.getSchema();
                both.put("recipient_role", symbol(schema, "recipient_role", "PATIENT"));
                both.put("purpose", symbol(schema, "purpose", "APPT_CONFIRM"));
                both.put("level", symbol(schema, "level", "L2"));
                both.put("selection_reason", "preferred");
                both.put("policy_version", "join");
                both.put("state_version", seen);
                both.put("valid_until", startsAt - DAY_MS);
            }
            basis.put("gdpr_art6", "6(1)(e)");
            basis.put("gdpr_art9", "9(2)(h)");
            basis.put("cldc_basis", "direct care");
            basis.put("objections_considered", List.of());
            basis.put("template", template);
            basis.put("rule_path", made.get("rule_path"));
            basis.put("config_version", "join");
            basis.put("occurred_at", occurredAt);
            basis.put("decided_at", now);
            ordered.put("command_id", made.get("command_id"));
            ordered.put("decision_id", made.get("decision_id"));
            ordered.put("patient_id", made.get("patient_id"));
            ordered.put("subject", made.get("subject"));
            ordered.put("channel", symbol(command, "channel", "sms"));
            ordered.put("address", "+447700900001");
            ordered.put("template_id", "appt_confirm");
            ordered.put("template_version", 1L);
            ordered.put("parameters", Map.of("site", event.get("generic_site"), "starts_at", Long.toString(startsAt)));
            ordered.put("language", "en");
            ordered.put("basis", basis);
            ordered.put("not_before", now);
            ordered.put("provider_fallback", symbol(command, "provider_fallback", "FORBIDDEN"));
            ordered.put("created_at", now);
            return ordered;
        }

        private static GenericData.EnumSymbol symbol(Schema record, String field, String name) {
            return new GenericData.EnumSymbol(record.getField(field).schema(), name);
        }
    }
}
