-- What routing decided. Offset is the place in the routing domain's partition: the order of what happened there.
CREATE TABLE IF NOT EXISTS offers{on_cluster} (
    tenant           LowCardinality(String),
    contact          String CODEC(ZSTD(1)),
    offer            String CODEC(ZSTD(1)),
    conversation     String CODEC(ZSTD(1)),
    customer         String CODEC(ZSTD(1)),
    agent            LowCardinality(String),
    queue            LowCardinality(String),
    channel          LowCardinality(String),
    state            LowCardinality(String),
    reason           LowCardinality(String),
    offered_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    closed_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    expires_after_ms Int64 CODEC(T64, ZSTD(1)),
    candidates Nested (
        agent  LowCardinality(String),
        chosen UInt8,
        reason LowCardinality(String),
        score  Int64
    ),
    passed_over      UInt32 CODEC(T64, ZSTD(1)),
    version          UInt64 CODEC(T64, ZSTD(1)),
    offset           UInt64 CODEC(Delta, ZSTD(1)),
    at               DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    cut              UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_cut cut TYPE minmax GRANULARITY 1
) ENGINE = {engine}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, contact, offer, version)
SETTINGS {settings};

CREATE TABLE IF NOT EXISTS agent_states{on_cluster} (
    tenant    LowCardinality(String),
    agent     LowCardinality(String),
    status    LowCardinality(String),
    reason    LowCardinality(String),
    activity  LowCardinality(String),
    connected Bool,
    gateway   LowCardinality(String),
    contacts  Array(String),
    since_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version   UInt64 CODEC(T64, ZSTD(1)),
    offset    UInt64 CODEC(Delta, ZSTD(1)),
    at        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    cut       UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_cut cut TYPE minmax GRANULARITY 1
) ENGINE = {engine}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, agent, at, version)
SETTINGS {settings};

CREATE TABLE IF NOT EXISTS queue_entries{on_cluster} (
    tenant       LowCardinality(String),
    queue        LowCardinality(String),
    contact      String CODEC(ZSTD(1)),
    conversation String CODEC(ZSTD(1)),
    channel      LowCardinality(String),
    state        LowCardinality(String),
    agent        LowCardinality(String),
    reason       LowCardinality(String),
    waiting      UInt32 CODEC(T64, ZSTD(1)),
    enqueued_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    changed_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version      UInt64 CODEC(T64, ZSTD(1)),
    offset       UInt64 CODEC(Delta, ZSTD(1)),
    at           DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    cut          UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_changed changed_at TYPE minmax GRANULARITY 1,
    INDEX by_cut cut TYPE minmax GRANULARITY 1
) ENGINE = {engine}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, queue, contact, version)
SETTINGS {settings};
