-- Every fact as it stood in the log, and the cuts that brought it. A statement may only create or add what is not there yet:
-- several processes may run it at the same time.
-- {engine} and {settings} depend on whether the tables are replicated, {on_cluster} on whether there is a cluster.
CREATE TABLE IF NOT EXISTS events{on_cluster} (
    tenant       LowCardinality(String),
    topic        LowCardinality(String),
    kind         LowCardinality(String),
    at           DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    id           String CODEC(ZSTD(1)),
    partition    UInt32 CODEC(ZSTD(1)),
    offset       UInt64 CODEC(Delta, ZSTD(1)),
    conversation String CODEC(ZSTD(1)),
    customer     String CODEC(ZSTD(1)),
    contact      String CODEC(ZSTD(1)),
    agent        LowCardinality(String),
    version      UInt64 CODEC(T64, ZSTD(1)),
    body         String CODEC(ZSTD(1)),
    cut          UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_conversation conversation TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_contact contact TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_cut cut TYPE minmax GRANULARITY 1
) ENGINE = {engine}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, topic, kind, at, id)
SETTINGS {settings};

-- One row per cut, the last row that a cut writes: what it announced for each table.
CREATE TABLE IF NOT EXISTS cuts{on_cluster} (
    number UInt64,
    offset UInt64,
    writer String,
    tables Array(LowCardinality(String)),
    rows   Array(UInt64),
    tokens Array(String),
    at     DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {engine}
ORDER BY number
SETTINGS {settings};
