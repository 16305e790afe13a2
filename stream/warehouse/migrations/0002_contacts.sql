-- A contact as its fold last stated it; the highest version wins. Times that have not come yet are 1970-01-01.
CREATE TABLE IF NOT EXISTS contacts{on_cluster} (
    tenant            LowCardinality(String),
    contact           String CODEC(ZSTD(1)),
    conversation      String CODEC(ZSTD(1)),
    customer          String CODEC(ZSTD(1)),
    address           String CODEC(ZSTD(1)),
    initial           String CODEC(ZSTD(1)),
    previous          String CODEC(ZSTD(1)),
    next              String CODEC(ZSTD(1)),
    channel           LowCardinality(String),
    entry_point       LowCardinality(String),
    initiation        LowCardinality(String),
    state             LowCardinality(String),
    queue             LowCardinality(String),
    agent             LowCardinality(String),
    end_reason        LowCardinality(String),
    wrap_up_code      LowCardinality(String),
    customer_messages UInt32 CODEC(T64, ZSTD(1)),
    agent_messages    UInt32 CODEC(T64, ZSTD(1)),
    connected         Bool,
    started_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    enqueued_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    assigned_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    first_response_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    ended_at          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    wrapped_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    changed_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version           UInt64 CODEC(T64, ZSTD(1)),
    cut               UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_conversation conversation TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_enqueued enqueued_at TYPE minmax GRANULARITY 1
) ENGINE = {replacing:version}
ORDER BY (tenant, contact)
SETTINGS {settings};

-- What was said, masked. It is the one table that holds what people say, so it is the one to delete from at an erasure.
CREATE TABLE IF NOT EXISTS messages{on_cluster} (
    tenant       LowCardinality(String),
    conversation String CODEC(ZSTD(1)),
    sequence     UInt64 CODEC(Delta, ZSTD(1)),
    message      String CODEC(ZSTD(1)),
    contact      String CODEC(ZSTD(1)),
    customer     String CODEC(ZSTD(1)),
    address      String CODEC(ZSTD(1)),
    channel      LowCardinality(String),
    author       LowCardinality(String),
    agent        LowCardinality(String),
    client_id    String CODEC(ZSTD(1)),
    text         String CODEC(ZSTD(3)),
    text_state   LowCardinality(String),
    sent_at      DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    at           DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    cut          UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_cut cut TYPE minmax GRANULARITY 1
) ENGINE = {engine}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, conversation, sequence)
SETTINGS {settings};

-- What became of a message: one row per change.
CREATE TABLE IF NOT EXISTS message_marks{on_cluster} (
    tenant       LowCardinality(String),
    conversation String CODEC(ZSTD(1)),
    message      String CODEC(ZSTD(1)),
    state        LowCardinality(String),
    rank         UInt8,
    at           DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    cut          UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_cut cut TYPE minmax GRANULARITY 1
) ENGINE = {engine}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, conversation, message, at)
SETTINGS {settings};
