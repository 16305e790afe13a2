-- Columns for what facts say since, and the tables that numbers are counted from.
ALTER TABLE contacts{on_cluster}
    ADD COLUMN IF NOT EXISTS intent LowCardinality(String),
    ADD COLUMN IF NOT EXISTS confidence UInt16 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS language LowCardinality(String),
    ADD COLUMN IF NOT EXISTS tier LowCardinality(String),
    ADD COLUMN IF NOT EXISTS survey UInt8,
    ADD COLUMN IF NOT EXISTS turns UInt32 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS response_ms Int64 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS max_response_ms Int64 CODEC(T64, ZSTD(1));

-- Kind is empty for what was said, else transfer_note or wrap_up_note. Internal is a note that the customer never sees.
ALTER TABLE messages{on_cluster}
    ADD COLUMN IF NOT EXISTS kind LowCardinality(String),
    ADD COLUMN IF NOT EXISTS internal Bool,
    ADD COLUMN IF NOT EXISTS `attachments.file` Array(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS `attachments.media_type` Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS `attachments.size` Array(UInt64);

ALTER TABLE offers{on_cluster}
    ADD COLUMN IF NOT EXISTS policy_version UInt64 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS rule LowCardinality(String),
    ADD COLUMN IF NOT EXISTS step UInt32 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS need LowCardinality(String),
    ADD COLUMN IF NOT EXISTS intent LowCardinality(String),
    ADD COLUMN IF NOT EXISTS confidence UInt16 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS language LowCardinality(String),
    ADD COLUMN IF NOT EXISTS tier LowCardinality(String),
    ADD COLUMN IF NOT EXISTS priority Int32 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS virtual_age_ms Int64 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS preferred LowCardinality(String);

ALTER TABLE queue_entries{on_cluster}
    ADD COLUMN IF NOT EXISTS cohort UInt32 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS next_queue LowCardinality(String),
    ADD COLUMN IF NOT EXISTS policy_version UInt64 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS rule LowCardinality(String),
    ADD COLUMN IF NOT EXISTS step UInt32 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS need LowCardinality(String),
    ADD COLUMN IF NOT EXISTS intent LowCardinality(String),
    ADD COLUMN IF NOT EXISTS confidence UInt16 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS language LowCardinality(String),
    ADD COLUMN IF NOT EXISTS tier LowCardinality(String),
    ADD COLUMN IF NOT EXISTS priority Int32 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS virtual_age_ms Int64 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS preferred LowCardinality(String);

ALTER TABLE agent_states{on_cluster}
    ADD COLUMN IF NOT EXISTS capacity UInt32 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS next_status LowCardinality(String),
    ADD COLUMN IF NOT EXISTS next_reason LowCardinality(String),
    ADD COLUMN IF NOT EXISTS by String CODEC(ZSTD(1));

-- The three tables that follow hold what changes as it last stood, in the order of the time that numbers go by, which never changes of a
-- row: so a query of a day reads that day. The ids of contacts and offers are random, and the tables above are ordered by them.

-- One row per enqueueing of a contact in a queue: the highest offset wins, the order of what happened in the queue's domain.
CREATE TABLE IF NOT EXISTS queue_cohorts{on_cluster} (
    tenant       LowCardinality(String),
    enqueued_at  DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    queue        LowCardinality(String),
    contact      String CODEC(ZSTD(1)),
    cohort       UInt32 CODEC(T64, ZSTD(1)),
    conversation String CODEC(ZSTD(1)),
    channel      LowCardinality(String),
    state        LowCardinality(String),
    agent        LowCardinality(String),
    reason       LowCardinality(String),
    next_queue   LowCardinality(String),
    changed_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    offset       UInt64 CODEC(Delta, ZSTD(1)),
    cut          UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = {replacing:offset}
PARTITION BY toYYYYMM(enqueued_at)
ORDER BY (tenant, enqueued_at, queue, contact, cohort)
SETTINGS {settings};

-- One row per offer, in the order of when it was made.
CREATE TABLE IF NOT EXISTS offer_outcomes{on_cluster} (
    tenant       LowCardinality(String),
    offered_at   DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    offer        String CODEC(ZSTD(1)),
    contact      String CODEC(ZSTD(1)),
    conversation String CODEC(ZSTD(1)),
    queue        LowCardinality(String),
    agent        LowCardinality(String),
    channel      LowCardinality(String),
    state        LowCardinality(String),
    reason       LowCardinality(String),
    closed_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version      UInt64 CODEC(T64, ZSTD(1)),
    cut          UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = {replacing:version}
PARTITION BY toYYYYMM(offered_at)
ORDER BY (tenant, offered_at, offer)
SETTINGS {settings};

-- One row per contact whose talk has ended, in the order of when it did.
CREATE TABLE IF NOT EXISTS contact_ends{on_cluster} (
    tenant            LowCardinality(String),
    ended_at          DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    contact           String CODEC(ZSTD(1)),
    conversation      String CODEC(ZSTD(1)),
    customer          String CODEC(ZSTD(1)),
    channel           LowCardinality(String),
    queue             LowCardinality(String),
    agent             LowCardinality(String),
    initiation        LowCardinality(String),
    state             LowCardinality(String),
    end_reason        LowCardinality(String),
    wrap_up_code      LowCardinality(String),
    intent            LowCardinality(String),
    survey            UInt8,
    started_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    enqueued_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    assigned_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    first_response_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    wrapped_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    customer_messages UInt32 CODEC(T64, ZSTD(1)),
    agent_messages    UInt32 CODEC(T64, ZSTD(1)),
    turns             UInt32 CODEC(T64, ZSTD(1)),
    response_ms       Int64 CODEC(T64, ZSTD(1)),
    max_response_ms   Int64 CODEC(T64, ZSTD(1)),
    version           UInt64 CODEC(T64, ZSTD(1)),
    cut               UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = {replacing:version}
PARTITION BY toYYYYMM(ended_at)
ORDER BY (tenant, ended_at, contact)
SETTINGS {settings};

-- A customer's latest profile. Name and own fields are sealed and stay in the log.
CREATE TABLE IF NOT EXISTS customers{on_cluster} (
    tenant     LowCardinality(String),
    customer   String CODEC(ZSTD(1)),
    address    String CODEC(ZSTD(1)),
    tier       LowCardinality(String),
    language   LowCardinality(String),
    tags       Array(String) CODEC(ZSTD(1)),
    source     LowCardinality(String),
    by         String CODEC(ZSTD(1)),
    changed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version    UInt64 CODEC(T64, ZSTD(1)),
    cut        UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = {replacing:version}
ORDER BY (tenant, customer)
SETTINGS {settings};

-- What customers did on the site: a page looked at, or an event by its code. Where and with what is sealed.
CREATE TABLE IF NOT EXISTS behaviours{on_cluster} (
    tenant       LowCardinality(String),
    customer     String CODEC(ZSTD(1)),
    at           DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    address      String CODEC(ZSTD(1)),
    kind         LowCardinality(String),
    name         LowCardinality(String),
    channel      LowCardinality(String),
    entry_point  LowCardinality(String),
    conversation String CODEC(ZSTD(1)),
    cut          UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_cut cut TYPE minmax GRANULARITY 1
) ENGINE = {engine}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, customer, at)
SETTINGS {settings};

-- Answers of customers about a contact, one row each time.
CREATE TABLE IF NOT EXISTS surveys{on_cluster} (
    tenant       LowCardinality(String),
    at           DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    contact      String CODEC(ZSTD(1)),
    conversation String CODEC(ZSTD(1)),
    customer     String CODEC(ZSTD(1)),
    queue        LowCardinality(String),
    agent        LowCardinality(String),
    score        UInt8,
    offset       UInt64 CODEC(Delta, ZSTD(1)),
    cut          UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_cut cut TYPE minmax GRANULARITY 1
) ENGINE = {engine}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, at, contact)
SETTINGS {settings};

-- What models said that customers want. Intent is empty where the model was not sure.
CREATE TABLE IF NOT EXISTS intents{on_cluster} (
    tenant        LowCardinality(String),
    at            DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    contact       String CODEC(ZSTD(1)),
    conversation  String CODEC(ZSTD(1)),
    customer      String CODEC(ZSTD(1)),
    message       String CODEC(ZSTD(1)),
    intent        LowCardinality(String),
    confidence    UInt16 CODEC(T64, ZSTD(1)),
    guesses Nested (
        intent     LowCardinality(String),
        confidence UInt16
    ),
    language      LowCardinality(String),
    model         LowCardinality(String),
    model_version LowCardinality(String),
    prompt        LowCardinality(String),
    stage         LowCardinality(String),
    reason        LowCardinality(String),
    latency_us    UInt32 CODEC(T64, ZSTD(1)),
    tokens_in     UInt32 CODEC(T64, ZSTD(1)),
    tokens_out    UInt32 CODEC(T64, ZSTD(1)),
    cost_micros   UInt64 CODEC(T64, ZSTD(1)),
    offset        UInt64 CODEC(Delta, ZSTD(1)),
    cut           UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_contact contact TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_cut cut TYPE minmax GRANULARITY 1
) ENGINE = {engine}
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, at, contact)
SETTINGS {settings};
