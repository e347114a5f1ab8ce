-- Made by pg_dump 15 (--inserts --no-owner --no-privileges, without comments and \restrict) from the database of a program
-- that was run by `npm start` of a release whose newest migration was 0019, with migrations of engine and product in one
-- journal. Courses, a payment and its refund, missions and messages came in by HTTP and went through its consumers; dead
-- letters, a replay, a pause and an alert were added by hand.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE SCHEMA drizzle;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE drizzle.__drizzle_migrations (
    id integer NOT NULL,
    hash text NOT NULL,
    created_at bigint
);

CREATE SEQUENCE drizzle.__drizzle_migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE drizzle.__drizzle_migrations_id_seq OWNED BY drizzle.__drizzle_migrations.id;

CREATE TABLE public.agents (
    agent_id character varying(100) NOT NULL,
    tenant_id character varying(100),
    status character varying(7) NOT NULL,
    status_since timestamp(3) with time zone NOT NULL,
    last_heartbeat timestamp(3) with time zone,
    heartbeat_seconds integer,
    offline_at timestamp(3) with time zone,
    tasks_completed integer DEFAULT 0 NOT NULL,
    tasks_failed integer DEFAULT 0 NOT NULL,
    errors integer DEFAULT 0 NOT NULL,
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT agents_counts_check CHECK (((tasks_completed >= 0) AND (tasks_failed >= 0) AND (errors >= 0))),
    CONSTRAINT agents_status_check CHECK (((status)::text = ANY ((ARRAY['online'::character varying, 'offline'::character varying])::text[]))),
    CONSTRAINT agents_watched_check CHECK (((offline_at IS NULL) OR ((status)::text = 'online'::text)))
);

CREATE TABLE public.alerts (
    id bigint NOT NULL,
    kind character varying(50) NOT NULL,
    subject character varying(255) NOT NULL,
    severity character varying(10) NOT NULL,
    message text NOT NULL,
    count integer DEFAULT 1 NOT NULL,
    first_seen_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    resolved_at timestamp(3) with time zone
);

ALTER TABLE public.alerts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alerts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.archive_days (
    day date NOT NULL,
    cursor_position bigint DEFAULT 0 NOT NULL,
    state jsonb,
    rows integer DEFAULT 0 NOT NULL,
    bytes bigint DEFAULT 0 NOT NULL,
    archived_at timestamp(3) with time zone,
    deleted_at timestamp(3) with time zone
);

CREATE TABLE public.archived_entries (
    id bigint NOT NULL,
    stream_name character varying(255) NOT NULL,
    stream_message_id character varying(50) NOT NULL,
    event_id character varying(255),
    event_type character varying(255),
    raw_fields jsonb NOT NULL,
    archived_at timestamp(3) with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.archived_entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.archived_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.consumer_pauses (
    subscriber_name character varying(255) NOT NULL,
    event_type character varying(100) DEFAULT ''::character varying NOT NULL,
    reason text NOT NULL,
    actor_id character varying(255),
    paused_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    expires_at timestamp(3) with time zone
);

CREATE TABLE public.consumer_shards (
    subscriber_name character varying(255) NOT NULL,
    shard integer NOT NULL,
    epoch bigint DEFAULT 1 NOT NULL,
    start_id character varying(50),
    claims_id character varying(50),
    claims_since jsonb
);

CREATE TABLE public.course_access (
    access_id bigint NOT NULL,
    tenant_id character varying(100),
    user_id character varying(100) NOT NULL,
    course_id character varying(100) NOT NULL,
    status character varying(7) NOT NULL,
    operator_granted boolean DEFAULT false NOT NULL,
    grant_reason character varying(500),
    payment_id character varying(100),
    granted_at timestamp(3) with time zone,
    revoked_at timestamp(3) with time zone,
    revoke_reason character varying(500),
    source_event_id character varying(255),
    version integer DEFAULT 0 NOT NULL,
    CONSTRAINT course_access_granted_check CHECK ((((status)::text <> 'active'::text) OR (granted_at IS NOT NULL))),
    CONSTRAINT course_access_operator_check CHECK (((NOT operator_granted) OR ((status)::text = 'active'::text))),
    CONSTRAINT course_access_revoked_check CHECK ((((status)::text = 'active'::text) = (revoked_at IS NULL))),
    CONSTRAINT course_access_status_check CHECK (((status)::text = ANY ((ARRAY['active'::character varying, 'revoked'::character varying])::text[])))
);

ALTER TABLE public.course_access ALTER COLUMN access_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.course_access_access_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.course_access_notifications (
    external_id character varying(400) NOT NULL,
    kind character varying(50) NOT NULL,
    source_event_id character varying(255) NOT NULL,
    sent_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.course_access_payments (
    payment_id character varying(100) NOT NULL,
    tenant_id character varying(100),
    user_id character varying(100) NOT NULL,
    course_id character varying(100),
    amount_cents bigint,
    refunded_cents bigint DEFAULT 0,
    status character varying(8) NOT NULL,
    source_event_id character varying(255),
    updated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT course_access_payments_cents_check CHECK (((amount_cents >= 0) AND (refunded_cents >= 0))),
    CONSTRAINT course_access_payments_course_check CHECK ((((status)::text = 'awaited'::text) OR (course_id IS NOT NULL))),
    CONSTRAINT course_access_payments_status_check CHECK (((status)::text = ANY ((ARRAY['paid'::character varying, 'refunded'::character varying, 'voided'::character varying, 'awaited'::character varying])::text[])))
);

CREATE TABLE public.course_access_refunds (
    payment_id character varying(100) NOT NULL,
    refund_id character varying(255) NOT NULL,
    amount_cents bigint,
    counted_at timestamp(3) with time zone NOT NULL,
    reversed_at timestamp(3) with time zone
);

CREATE TABLE public.course_distribution_courses (
    course_id character varying(255) NOT NULL,
    access jsonb,
    access_told_at timestamp(3) with time zone,
    workflow_state character varying(20) DEFAULT 'draft'::character varying NOT NULL,
    workflow_told_at timestamp(3) with time zone
);

CREATE TABLE public.course_distribution_lessons (
    course_id character varying(255) NOT NULL,
    lesson_id character varying(255) NOT NULL,
    module_id character varying(255),
    lesson_title character varying(200) NOT NULL,
    lesson_index integer NOT NULL
);

CREATE TABLE public.course_distribution_outlines (
    course_id character varying(255) NOT NULL,
    modules_count integer NOT NULL,
    total_lessons integer NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    modules jsonb,
    total_duration_minutes integer
);

CREATE TABLE public.course_distributions (
    distribution_id character varying(21) NOT NULL,
    course_id character varying(100) NOT NULL,
    tenant_id character varying(100),
    slug character varying(100) NOT NULL,
    language character varying(5) NOT NULL,
    title character varying(200) NOT NULL,
    description character varying(1000) NOT NULL,
    target_group text[] NOT NULL,
    version character varying(20) DEFAULT 'v1'::character varying NOT NULL,
    derived_from character varying(21),
    derived_content jsonb,
    seo jsonb NOT NULL,
    cta jsonb NOT NULL,
    visibility character varying(8) DEFAULT 'private'::character varying NOT NULL,
    published_at timestamp(3) with time zone,
    staging_url text,
    staging_deployed_at timestamp(3) with time zone,
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    view_count integer DEFAULT 0 NOT NULL,
    enrollment_count integer DEFAULT 0 NOT NULL,
    counted_minute timestamp(3) with time zone,
    counted_in_minute integer DEFAULT 0 NOT NULL,
    untold_views integer DEFAULT 0 NOT NULL,
    untold_clicks integer DEFAULT 0 NOT NULL,
    CONSTRAINT course_distributions_counts_check CHECK (((view_count >= 0) AND (enrollment_count >= 0))),
    CONSTRAINT course_distributions_description_check CHECK ((char_length((description)::text) >= 50)),
    CONSTRAINT course_distributions_id_check CHECK (((distribution_id)::text ~ '^dist_[0-9a-f]{16}$'::text)),
    CONSTRAINT course_distributions_language_check CHECK (((language)::text ~ '^[a-z]{2}(-[A-Z]{2})?$'::text)),
    CONSTRAINT course_distributions_published_check CHECK ((((visibility)::text <> 'public'::text) OR (published_at IS NOT NULL))),
    CONSTRAINT course_distributions_slug_check CHECK ((((slug)::text ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text) AND (char_length((slug)::text) >= 5))),
    CONSTRAINT course_distributions_title_check CHECK ((char_length((title)::text) >= 10)),
    CONSTRAINT course_distributions_visibility_check CHECK (((visibility)::text = ANY ((ARRAY['public'::character varying, 'unlisted'::character varying, 'private'::character varying])::text[])))
);

CREATE TABLE public.course_factory_approvals (
    approval_id uuid NOT NULL,
    tenant_id text NOT NULL,
    ir_hash text NOT NULL,
    consumed_by text,
    consumed_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    used_for text
);

CREATE TABLE public.course_factory_artifacts (
    artifact_id uuid NOT NULL,
    course_id uuid NOT NULL,
    kind text NOT NULL,
    "position" integer NOT NULL,
    content jsonb NOT NULL,
    fallback boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT course_factory_artifacts_kind CHECK ((kind = ANY (ARRAY['lesson'::text, 'quiz'::text, 'landing_page'::text])))
);

CREATE TABLE public.course_factory_certificate_keys (
    key_id character varying(16) NOT NULL,
    public_key character varying(43) NOT NULL,
    first_used_at timestamp(0) with time zone NOT NULL
);

CREATE TABLE public.course_factory_certificates (
    certificate_id character varying(21) NOT NULL,
    enrollment_id character varying(20) NOT NULL,
    course_id uuid NOT NULL,
    payload jsonb NOT NULL,
    signature character varying(128) NOT NULL,
    key_id character varying(16) NOT NULL,
    issued_at timestamp(0) with time zone NOT NULL
);

CREATE TABLE public.course_factory_completions (
    enrollment_id character varying(20) NOT NULL,
    course_id uuid NOT NULL,
    course_version character varying(20) NOT NULL,
    completed_at timestamp(0) with time zone NOT NULL,
    completion_hash character varying(64) NOT NULL
);

CREATE TABLE public.course_factory_courses (
    course_id uuid NOT NULL,
    tenant_id text NOT NULL,
    title text NOT NULL,
    language text NOT NULL,
    version text DEFAULT '1.0.0'::text NOT NULL,
    status text DEFAULT 'generating'::text NOT NULL,
    workflow_state text DEFAULT 'draft'::text NOT NULL,
    last_transition_id uuid,
    request jsonb NOT NULL,
    outline jsonb,
    result jsonb,
    generation_owner uuid,
    generating_until timestamp with time zone,
    takeovers integer DEFAULT 0 NOT NULL,
    error_message text,
    error_type text,
    correlation_id text NOT NULL,
    requested_by text,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT course_factory_courses_status CHECK ((status = ANY (ARRAY['generating'::text, 'completed'::text, 'failed'::text]))),
    CONSTRAINT course_factory_courses_workflow_state CHECK ((workflow_state = ANY (ARRAY['draft'::text, 'review'::text, 'publish_ready'::text, 'published'::text, 'archived'::text])))
);

CREATE TABLE public.course_factory_deliveries (
    delivery_id uuid NOT NULL,
    payment_id text NOT NULL,
    course_id uuid NOT NULL,
    status text DEFAULT 'requested'::text NOT NULL,
    distribution_id text,
    slug text,
    error text,
    requested_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    intent_id text,
    amount_cents bigint,
    currency text,
    CONSTRAINT course_factory_deliveries_status CHECK ((status = ANY (ARRAY['requested'::text, 'delivered'::text, 'failed'::text])))
);

CREATE TABLE public.course_factory_deployments (
    deployment_id uuid NOT NULL,
    course_id uuid NOT NULL,
    course_version text NOT NULL,
    distribution_id text NOT NULL,
    staging_url text NOT NULL,
    staging_domain text NOT NULL,
    job jsonb NOT NULL,
    deployed_at timestamp with time zone NOT NULL
);

CREATE TABLE public.course_factory_enhancements (
    enhancement_id uuid NOT NULL,
    course_id uuid NOT NULL,
    lesson_id uuid NOT NULL,
    version integer NOT NULL,
    enhancement_types jsonb NOT NULL,
    base_hash text NOT NULL,
    diff_hash text NOT NULL,
    fingerprint text NOT NULL,
    content_markdown text NOT NULL,
    flashcards jsonb NOT NULL,
    generator text NOT NULL,
    created_by text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT course_factory_enhancements_counts CHECK ((version > 0))
);

CREATE TABLE public.course_factory_enrollments (
    enrollment_id character varying(20) NOT NULL,
    course_id uuid NOT NULL,
    language character varying(5) NOT NULL,
    actor_id character varying(100),
    enrolled_at timestamp(0) with time zone NOT NULL,
    CONSTRAINT course_factory_enrollments_id CHECK (((enrollment_id)::text ~ '^enr_[0-9a-f]{16}$'::text))
);

CREATE TABLE public.course_factory_learning_progress (
    enrollment_id character varying(20) NOT NULL,
    course_id uuid NOT NULL,
    kind character varying(7) NOT NULL,
    target_id uuid NOT NULL,
    status character varying(9) NOT NULL,
    started_at timestamp(0) with time zone NOT NULL,
    completed_at timestamp(0) with time zone,
    CONSTRAINT course_factory_learning_progress_kind CHECK (((kind)::text = ANY ((ARRAY['chapter'::character varying, 'module'::character varying])::text[]))),
    CONSTRAINT course_factory_learning_progress_status CHECK (((((status)::text = 'started'::text) AND (completed_at IS NULL)) OR (((status)::text = 'completed'::text) AND (completed_at IS NOT NULL))))
);

CREATE TABLE public.course_factory_packs (
    pack_id character varying(21) NOT NULL,
    course_id uuid NOT NULL,
    target_audience character varying(100) NOT NULL,
    language character varying(5) NOT NULL,
    description character varying(1000),
    overrides jsonb NOT NULL,
    created_by text,
    created_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.course_factory_pages (
    course_id uuid NOT NULL,
    theme_id text,
    custom_colors jsonb,
    sections jsonb,
    seo_pack jsonb,
    preview_url text,
    preview_version integer,
    updated_at timestamp with time zone NOT NULL
);

CREATE TABLE public.course_factory_refunds_due (
    payment_id text NOT NULL,
    course_id text NOT NULL,
    amount_cents bigint,
    refunded_cents bigint DEFAULT 0 NOT NULL,
    reason text NOT NULL,
    noticed_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone
);

CREATE TABLE public.course_factory_stagings (
    course_id uuid NOT NULL,
    token text NOT NULL,
    given_at timestamp with time zone NOT NULL
);

CREATE TABLE public.course_factory_transitions (
    transition_id uuid NOT NULL,
    course_id uuid NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    requires_approval boolean NOT NULL,
    approval_id uuid,
    approved_by text,
    transitioned_by text NOT NULL,
    reason text,
    can_rollback boolean NOT NULL,
    rollback_state text,
    rollback_of uuid,
    transitioned_at timestamp with time zone NOT NULL,
    "position" bigint NOT NULL
);

ALTER TABLE public.course_factory_transitions ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.course_factory_transitions_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.dead_letters (
    id bigint NOT NULL,
    subscriber_name character varying(255) NOT NULL,
    stream_name character varying(255) NOT NULL,
    stream_message_id character varying(50) NOT NULL,
    event_id character varying(255),
    event_type character varying(255),
    tenant_id character varying(255),
    raw_fields jsonb,
    reason character varying(50) NOT NULL,
    error_class character varying(255) NOT NULL,
    error_message text NOT NULL,
    attempts integer NOT NULL,
    first_failed_at timestamp(3) with time zone NOT NULL,
    last_failed_at timestamp(3) with time zone NOT NULL,
    status character varying(10) DEFAULT 'open'::character varying NOT NULL,
    shard integer DEFAULT 0 NOT NULL,
    key character varying(255),
    fingerprint character varying(16) DEFAULT ''::character varying NOT NULL,
    replay_epoch integer DEFAULT 0 NOT NULL,
    job_id bigint,
    redrives integer DEFAULT 0 NOT NULL,
    resolution text,
    resolved_at timestamp(3) with time zone,
    edited_fields jsonb,
    edited_event_id character varying(255),
    error_stack text,
    correlation_id character varying(255)
);

ALTER TABLE public.dead_letters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dead_letters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.deliveries (
    place bigint NOT NULL,
    subscriber_name character varying(255) NOT NULL,
    shard integer NOT NULL,
    stream_name character varying(255) NOT NULL,
    stream_message_id character varying(50) NOT NULL,
    event_id character varying(255),
    event_type character varying(255),
    tenant_id character varying(255),
    key character varying(255),
    raw_fields jsonb,
    cause character varying(10) NOT NULL,
    job_id bigint,
    dead_letter_id bigint,
    replay_epoch integer DEFAULT 0 NOT NULL,
    begun integer DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    first_failed_at timestamp(3) with time zone,
    last_error text,
    overtakable boolean DEFAULT false NOT NULL,
    skip_reason text,
    queued_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    stream_ms numeric(20,0) GENERATED ALWAYS AS ((split_part((stream_message_id)::text, '-'::text, 1))::numeric) STORED NOT NULL,
    stream_seq numeric(20,0) GENERATED ALWAYS AS ((split_part((stream_message_id)::text, '-'::text, 2))::numeric) STORED NOT NULL
);

ALTER TABLE public.deliveries ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.deliveries_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.events (
    "position" bigint NOT NULL,
    id uuid NOT NULL,
    type character varying(100) NOT NULL,
    source character varying(255) NOT NULL,
    target character varying(255),
    tenant_id character varying(100),
    actor_id character varying(255),
    correlation_id character varying(255),
    causation_id character varying(255),
    mission_id character varying(255),
    task_id character varying(255),
    severity character varying(8),
    schema_version integer NOT NULL,
    producer character varying(255) NOT NULL,
    source_module character varying(100) NOT NULL,
    meta jsonb NOT NULL,
    payload jsonb NOT NULL,
    occurred_at timestamp(3) with time zone NOT NULL,
    stored_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    shard integer,
    key character varying(255),
    stream_message_id character varying(50),
    sent_at timestamp(3) with time zone,
    slot integer GENERATED ALWAYS AS (((('x'::text || "left"(md5((COALESCE(key, ((id)::text)::character varying))::text), 4)))::bit(16))::integer) STORED,
    origin jsonb
);

ALTER TABLE public.events ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.failing_work (
    work character varying(150) NOT NULL,
    failures integer DEFAULT 1 NOT NULL,
    first_failed_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    last_failed_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    error text NOT NULL
);

CREATE TABLE public.idempotency_keys (
    key character varying(255) NOT NULL,
    route character varying(300) NOT NULL,
    request_hash character varying(64) NOT NULL,
    status integer,
    response text,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    committed_at timestamp(3) with time zone,
    correlation_id character varying(255)
);

CREATE TABLE public.ir_governance_approvals (
    approval_id uuid NOT NULL,
    tenant_id character varying(100) NOT NULL,
    ir_hash character varying(64) NOT NULL,
    hash_scheme character varying(2) NOT NULL,
    status character varying(8) DEFAULT 'pending'::character varying NOT NULL,
    token_hash character varying(64) NOT NULL,
    ttl_seconds integer NOT NULL,
    created_at timestamp(3) with time zone NOT NULL,
    expires_at timestamp(3) with time zone NOT NULL,
    created_by character varying(100),
    consumed_at timestamp(3) with time zone,
    consumed_by character varying(100),
    acknowledged_at timestamp(3) with time zone,
    acknowledged_by character varying(100),
    correlation_id character varying(255) NOT NULL,
    created_event_id character varying(36) NOT NULL,
    consumed_event_id character varying(36),
    CONSTRAINT ir_governance_approvals_consumed_check CHECK ((((status)::text = 'consumed'::text) = ((consumed_at IS NOT NULL) AND (consumed_event_id IS NOT NULL)))),
    CONSTRAINT ir_governance_approvals_hashes_check CHECK ((((ir_hash)::text ~ '^[0-9a-f]{64}$'::text) AND ((token_hash)::text ~ '^[0-9a-f]{64}$'::text))),
    CONSTRAINT ir_governance_approvals_scheme_check CHECK (((hash_scheme)::text = ANY ((ARRAY['v1'::character varying, 'v2'::character varying])::text[]))),
    CONSTRAINT ir_governance_approvals_status_check CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'consumed'::character varying, 'expired'::character varying])::text[]))),
    CONSTRAINT ir_governance_approvals_ttl_check CHECK (((ttl_seconds >= 60) AND (ttl_seconds <= 86400)))
);

CREATE TABLE public.ir_governance_validations (
    tenant_id character varying(100) NOT NULL,
    ir_hash character varying(64) NOT NULL,
    ir_hash_v1 character varying(64),
    status character varying(8) NOT NULL,
    risk_tier smallint NOT NULL,
    violations jsonb NOT NULL,
    summary jsonb,
    ir jsonb,
    request_id character varying(36) NOT NULL,
    correlation_id character varying(255) NOT NULL,
    event_id character varying(36) NOT NULL,
    validated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT ir_governance_validations_status_check CHECK (((status)::text = ANY ((ARRAY['PASS'::character varying, 'ESCALATE'::character varying, 'REJECT'::character varying])::text[]))),
    CONSTRAINT ir_governance_validations_tier_check CHECK (((risk_tier >= 0) AND (risk_tier <= 3)))
);

CREATE TABLE public.jobs (
    id bigint NOT NULL,
    kind character varying(10) NOT NULL,
    subscriber_name character varying(255),
    name character varying(100) NOT NULL,
    status character varying(10) DEFAULT 'running'::character varying NOT NULL,
    status_reason text,
    filter jsonb NOT NULL,
    mode character varying(12),
    replay_epoch integer DEFAULT 0 NOT NULL,
    until_position bigint,
    cursor_position bigint DEFAULT 0 NOT NULL,
    total integer NOT NULL,
    queued integer DEFAULT 0 NOT NULL,
    succeeded integer DEFAULT 0 NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    skipped integer DEFAULT 0 NOT NULL,
    rate_per_second real,
    step integer DEFAULT 1 NOT NULL,
    max_step integer DEFAULT 1000 NOT NULL,
    stop_ratio real,
    step_succeeded integer DEFAULT 0 NOT NULL,
    step_failed integer DEFAULT 0 NOT NULL,
    next_step_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    reason text,
    actor_id character varying(255),
    idempotency_key character varying(255),
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    finished_at timestamp(3) with time zone
);

ALTER TABLE public.jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.mission_log (
    id bigint NOT NULL,
    mission_id uuid NOT NULL,
    at timestamp(3) with time zone NOT NULL,
    level character varying(7) NOT NULL,
    message text NOT NULL,
    data jsonb NOT NULL
);

ALTER TABLE public.mission_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.mission_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.mission_queue_pauses (
    queue character varying(20) NOT NULL,
    reason text NOT NULL,
    paused_by character varying(100),
    paused_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.mission_templates (
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    description text NOT NULL,
    category character varying(100) NOT NULL,
    steps jsonb NOT NULL,
    variables jsonb NOT NULL,
    created_by character varying(100) NOT NULL,
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.missions (
    id uuid NOT NULL,
    type character varying(100) NOT NULL,
    name character varying(200) NOT NULL,
    description text,
    tenant_id character varying(100),
    payload jsonb NOT NULL,
    priority integer NOT NULL,
    status character varying(9) NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    max_retries integer NOT NULL,
    attempt_limit integer NOT NULL,
    place bigint NOT NULL,
    due_at timestamp with time zone,
    lease_owner uuid,
    queued_at timestamp(3) with time zone,
    started_at timestamp(3) with time zone,
    attempt_started_at timestamp(3) with time zone,
    finished_at timestamp(3) with time zone,
    result jsonb,
    error text,
    error_type character varying(200),
    correlation_id character varying(255) NOT NULL,
    created_by character varying(100) NOT NULL,
    last_event_id uuid NOT NULL,
    template_id uuid,
    run_id uuid,
    step integer,
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT missions_attempts_check CHECK (((attempt >= 0) AND (attempt <= attempt_limit) AND (max_retries >= 1))),
    CONSTRAINT missions_due_check CHECK (((due_at IS NOT NULL) = ((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'paused'::character varying])::text[])))),
    CONSTRAINT missions_lease_check CHECK (((lease_owner IS NOT NULL) = ((status)::text = 'running'::text))),
    CONSTRAINT missions_priority_check CHECK ((priority = ANY (ARRAY[10, 20, 30, 40]))),
    CONSTRAINT missions_result_check CHECK (((result IS NULL) OR ((status)::text = 'completed'::text))),
    CONSTRAINT missions_status_check CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'queued'::character varying, 'running'::character varying, 'paused'::character varying, 'completed'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);

ALTER TABLE public.missions ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.missions_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.operator_actions (
    id bigint NOT NULL,
    action character varying(50) NOT NULL,
    actor_id character varying(255),
    reason text,
    subscriber_name character varying(255),
    filter jsonb,
    affected integer,
    job_id bigint,
    request_id character varying(100),
    at timestamp(3) with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.operator_actions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.operator_actions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.paycore_early_refunds (
    provider_payment_id character varying(255) NOT NULL,
    provider_refund_id character varying(255) NOT NULL,
    provider_event_id character varying(255) NOT NULL,
    refund_id uuid,
    fact character varying(10) NOT NULL,
    amount_cents integer NOT NULL,
    currency character varying(3) NOT NULL,
    failure_reason character varying(200),
    received_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.paycore_intents (
    id uuid NOT NULL,
    tenant_id character varying(100) NOT NULL,
    user_id character varying(100) NOT NULL,
    course_id character varying(100),
    provider character varying(8) NOT NULL,
    provider_intent_id character varying(255),
    provider_payment_id character varying(255),
    checkout_url character varying(2048),
    amount_cents integer NOT NULL,
    currency character varying(3) DEFAULT 'EUR'::character varying NOT NULL,
    status character varying(9) NOT NULL,
    failure_reason character varying(500),
    payment_metadata jsonb NOT NULL,
    paid_transaction_id uuid,
    success_url character varying(2048) NOT NULL,
    cancel_url character varying(2048) NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp(3) with time zone NOT NULL,
    idempotency_key character varying(255),
    request_hash character varying(64),
    source_event_id character varying(255),
    correlation_id character varying(255) NOT NULL,
    last_event_id character varying(255) NOT NULL,
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT paycore_intents_amount_check CHECK ((amount_cents > 0)),
    CONSTRAINT paycore_intents_currency_check CHECK (((currency)::text ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT paycore_intents_paid_check CHECK ((((status)::text = 'succeeded'::text) = (paid_transaction_id IS NOT NULL))),
    CONSTRAINT paycore_intents_status_check CHECK (((status)::text = ANY ((ARRAY['created'::character varying, 'pending'::character varying, 'succeeded'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);

CREATE TABLE public.paycore_provider_events (
    provider character varying(8) NOT NULL,
    event_id character varying(255) NOT NULL,
    type character varying(255) NOT NULL,
    outcome character varying(9) NOT NULL,
    intent_id uuid,
    received_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.paycore_refunds (
    id uuid NOT NULL,
    intent_id uuid NOT NULL,
    tenant_id character varying(100) NOT NULL,
    transaction_id uuid,
    amount_cents integer NOT NULL,
    reason character varying(500),
    status character varying(10) NOT NULL,
    failure_reason character varying(500),
    requested_by character varying(100) NOT NULL,
    approved_by character varying(100),
    provider_refund_id character varying(255),
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp(3) with time zone NOT NULL,
    idempotency_key character varying(255),
    request_hash character varying(64),
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT paycore_refunds_amount_check CHECK ((amount_cents > 0)),
    CONSTRAINT paycore_refunds_status_check CHECK (((status)::text = ANY ((ARRAY['requested'::character varying, 'processing'::character varying, 'succeeded'::character varying, 'failed'::character varying])::text[])))
);

CREATE TABLE public.paycore_revenue_daily (
    date date NOT NULL,
    tenant_id character varying(100) NOT NULL,
    currency character varying(3) NOT NULL,
    total_cents bigint DEFAULT 0 NOT NULL,
    transaction_count integer DEFAULT 0 NOT NULL,
    refund_count integer DEFAULT 0 NOT NULL,
    refund_total_cents bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.paycore_transactions (
    id uuid NOT NULL,
    intent_id uuid NOT NULL,
    event_type character varying(17) NOT NULL,
    provider_event_id character varying(255),
    refund_id uuid,
    amount_cents integer NOT NULL,
    currency character varying(3) NOT NULL,
    provider_data jsonb,
    created_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.processed_events (
    id bigint NOT NULL,
    subscriber_name character varying(255) NOT NULL,
    stream_name character varying(255) NOT NULL,
    stream_message_id character varying(50) NOT NULL,
    event_id character varying(50),
    event_type character varying(100),
    processed_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    tenant_id character varying(100),
    metadata jsonb,
    replay_epoch integer DEFAULT 0 NOT NULL
);

ALTER TABLE public.processed_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.processed_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.relay_layout (
    id integer DEFAULT 1 NOT NULL,
    shards integer NOT NULL,
    target integer,
    changed_at timestamp(3) with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.relay_shards (
    shard integer NOT NULL,
    lease_token uuid,
    lease_until timestamp(3) with time zone,
    marked boolean DEFAULT false NOT NULL,
    last_ms numeric(20,0) DEFAULT 0 NOT NULL,
    last_seq numeric(20,0) DEFAULT 0 NOT NULL,
    known_ms numeric(20,0) DEFAULT 0 NOT NULL,
    known_seq numeric(20,0) DEFAULT 0 NOT NULL,
    batch_positions bigint[],
    batch_ms numeric(20,0),
    batch_seq numeric(20,0),
    trimmed_ms numeric(20,0) DEFAULT 0 NOT NULL,
    trimmed_seq numeric(20,0) DEFAULT 0 NOT NULL,
    batch_number bigint DEFAULT 0 NOT NULL,
    sent_number bigint DEFAULT 0 NOT NULL,
    id_lane integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.replay_claims (
    id bigint NOT NULL,
    subscriber_name character varying(255) NOT NULL,
    replay_epoch integer NOT NULL,
    stream_name character varying(255) NOT NULL,
    stream_message_id character varying(50) NOT NULL,
    event_id character varying(50),
    event_type character varying(100),
    processed_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    tenant_id character varying(100),
    metadata jsonb
);

ALTER TABLE public.replay_claims ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.replay_claims_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.task_events (
    event_id character varying(100) NOT NULL,
    "position" bigint NOT NULL,
    event_type character varying(50) NOT NULL,
    task_id character varying(100) NOT NULL,
    occurred_at timestamp(6) with time zone NOT NULL,
    record jsonb NOT NULL,
    stored_at timestamp(3) with time zone NOT NULL,
    counted_at timestamp(3) with time zone
);

ALTER TABLE public.task_events ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.task_events_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.task_history (
    event_id character varying(100) NOT NULL,
    field character varying(100) NOT NULL,
    task_id character varying(100) NOT NULL,
    old_value jsonb,
    new_value jsonb,
    changed_at timestamp(6) with time zone NOT NULL
);

CREATE TABLE public.task_items (
    task_id character varying(100) NOT NULL,
    title character varying(500) NOT NULL,
    priority character varying(2) NOT NULL,
    status character varying(20) NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    completion_notes character varying(2000),
    created_by character varying(100),
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    completed_at timestamp(3) with time zone,
    deleted_at timestamp(3) with time zone,
    CONSTRAINT task_items_completed_check CHECK (((((status)::text <> 'COMPLETED'::text) OR (completed_at IS NOT NULL)) AND (completed_at >= created_at))),
    CONSTRAINT task_items_deleted_check CHECK ((((status)::text = 'DELETED'::text) = (deleted_at IS NOT NULL))),
    CONSTRAINT task_items_priority_check CHECK (((priority)::text = ANY ((ARRAY['P0'::character varying, 'P1'::character varying, 'P2'::character varying, 'P3'::character varying])::text[]))),
    CONSTRAINT task_items_status_check CHECK (((status)::text = ANY ((ARRAY['NOT_STARTED'::character varying, 'IN_PROGRESS'::character varying, 'COMPLETED'::character varying, 'DELETED'::character varying])::text[]))),
    CONSTRAINT task_items_title_check CHECK (((title)::text <> ''::text))
);

CREATE TABLE public.task_legacy_events (
    "position" bigint NOT NULL,
    type character varying(50) NOT NULL,
    task_id character varying(100) NOT NULL,
    title character varying(500) NOT NULL,
    "timestamp" timestamp(6) with time zone NOT NULL
);

ALTER TABLE public.task_legacy_events ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.task_legacy_events_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.task_references (
    task_id character varying(100) NOT NULL,
    referenced_id character varying(100) NOT NULL,
    CONSTRAINT task_references_self_check CHECK (((task_id)::text <> (referenced_id)::text))
);

CREATE TABLE public.task_stats (
    day date NOT NULL,
    event_type character varying(50) NOT NULL,
    count integer NOT NULL,
    CONSTRAINT task_stats_count_check CHECK ((count > 0))
);

ALTER TABLE ONLY drizzle.__drizzle_migrations ALTER COLUMN id SET DEFAULT nextval('drizzle.__drizzle_migrations_id_seq'::regclass);

INSERT INTO drizzle.__drizzle_migrations VALUES (1, 'f4e0db59d677ac71e3f40a5b8629288c3d1c23540c72af5e34699ce0bd8a110d', 1795245495655);
INSERT INTO drizzle.__drizzle_migrations VALUES (2, '26a49640ec93fe79c2a2cbd9e3747bc7a3d6af75a0f48d4d901e2e52c996bcf5', 1795250500512);
INSERT INTO drizzle.__drizzle_migrations VALUES (3, 'c482335382150761152967ef3c16dba30bd1bc037cb8f6d44655e742045861ab', 1795264224186);
INSERT INTO drizzle.__drizzle_migrations VALUES (4, 'c080ad0b5178c7604f3e7b8c75da38d5767d52c63a9ce0f40183cf3f1015aa94', 1795273257309);
INSERT INTO drizzle.__drizzle_migrations VALUES (5, '016b05e79a7083de08527874e7ba8ed3f327e0b018f99b8a9066a35501fb8375', 1795654769391);
INSERT INTO drizzle.__drizzle_migrations VALUES (6, 'b8b528ca78136aa12220279c4f4db13af83dfe8f22a541f382e394a8ec8b0c39', 1795655794339);
INSERT INTO drizzle.__drizzle_migrations VALUES (7, 'a8794daaa08de61ec55c7e583ce1ea2b62885e28cc14698db4edf6bb72c8c101', 1795656801062);
INSERT INTO drizzle.__drizzle_migrations VALUES (8, '0e7d33dad39024c9699eed4b63dfff55dd9bd4fc4b7b6ad7d6a7fe774d1005e3', 1795656829854);
INSERT INTO drizzle.__drizzle_migrations VALUES (9, 'd1830fef4bbfeb141f7d28a769eced96e78ffd0e637a1008eab57e8011e956f8', 1795657686924);
INSERT INTO drizzle.__drizzle_migrations VALUES (10, 'bef942ecc970ba6c31b04da8482b3975b3b1f828342a55983c2a63d7cf71f57a', 1795658186527);
INSERT INTO drizzle.__drizzle_migrations VALUES (11, '52ed3f1fa50ed2965fe2efa9d0b23ad5318778fa2b45c8d7b3b59dd1b19118e0', 1795658389039);
INSERT INTO drizzle.__drizzle_migrations VALUES (12, '94566904fbddc0267cd202526b2755fa50da1e1bb24b43ca0dea3fe5e5035ee0', 1795658901288);
INSERT INTO drizzle.__drizzle_migrations VALUES (13, 'bea5c8dcc2d54e4e83047e13b2bd4eaf45c85513a6ef9a7ea1d1b0b1299926f9', 1795662181091);
INSERT INTO drizzle.__drizzle_migrations VALUES (14, 'ae51634f752fe42b31b00eab9ed1e85d8c233237cc1748fb3c33c726e7ef2245', 1795665768349);
INSERT INTO drizzle.__drizzle_migrations VALUES (15, 'bbc10a5bffe568e4838a2452f909a807f87a555a9562fde7dec7e5f4db9a41ab', 1795666783005);
INSERT INTO drizzle.__drizzle_migrations VALUES (16, '74809afdf64107eb6e5839d024f641bccf4fcb824d3e8123417d20820d2ad40b', 1795667157472);
INSERT INTO drizzle.__drizzle_migrations VALUES (17, 'd1d003c30c88a0df8d3a01e115344b870793dcb15ff3986ece14c404c74be029', 1795668915683);
INSERT INTO drizzle.__drizzle_migrations VALUES (18, 'ece2c7772dfa148c7eeeb2deb9b347f5350f2406ad8e4e649ebaf9206244482c', 1795669976567);
INSERT INTO drizzle.__drizzle_migrations VALUES (19, '2fa25176bea9e19a999186058be9b45024f058a3afb5c6536533ccd667a22616', 1795670553546);
INSERT INTO drizzle.__drizzle_migrations VALUES (20, '6e502346394c57b52b7b04daca27373803800faaaf2c71d8f55efee6bfecab50', 1795672560472);

INSERT INTO public.alerts OVERRIDING SYSTEM VALUE VALUES (1, 'trim_held_back', 'brain:events:stream', 'warning', 'A group reads no more.', 1, '2026-11-26 07:26:51.195+00', '2026-11-26 07:26:51.195+00', NULL);

INSERT INTO public.consumer_pauses VALUES ('payment', '', 'for the record', NULL, '2026-11-26 07:26:51.162+00', NULL);

INSERT INTO public.consumer_shards VALUES ('agents', 0, 1, '0-0', '0-0', '{"agent.error": "0-0", "agent.online": "0-0", "agent.offline": "0-0", "agent.heartbeat": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('course_distribution', 0, 1, '0-0', '0-0', '{"course.outline.created": "0-0", "course.deployed.staging": "0-0", "course.lesson.generated": "0-0", "course.access_rule.changed": "0-0", "course.generation.completed": "0-0", "course.workflow.transitioned": "0-0", "course.distribution.requested": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('payment', 0, 1, '0-0', '0-0', '{"course.payment.required": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('course_factory', 0, 1, '0-0', '0-0', '{"distribution.created": "0-0", "ir.approval_consumed": "0-0", "payment.refund.completed": "0-0", "course.generation.started": "0-0", "course.distribution.failed": "0-0", "payment.transaction.failed": "0-0", "course.generation.requested": "0-0", "course.distribution.completed": "0-0", "payment.transaction.completed": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('course_access', 0, 1, '0-0', '0-0', '{"payment.refund.failed": "0-0", "payment.refund.completed": "0-0", "payment.transaction.completed": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('tasks', 0, 1, '0-0', '0-0', '{"task.item.created": "0-0", "task.item.deleted": "0-0", "task.item.updated": "0-0", "task.item.completed": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('course_access_notifications', 0, 1, '0-0', '0-0', '{"course.access.granted": "0-0", "course.access.revoked": "0-0", "course.generation.completed": "0-0"}');

INSERT INTO public.course_access OVERRIDING SYSTEM VALUE VALUES (1, 'acme', 'user-7', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 'revoked', false, NULL, 'c461c616-e718-424c-a59b-f92887cd7b46', '2026-11-26 07:25:37.49+00', '2026-11-26 07:25:41.733+00', 'payment_refunded', '0690e5ff-4fd5-45fe-ba74-cae6747cf47e', 2);

INSERT INTO public.course_access_notifications VALUES ('course_ready:593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'course_ready', '4df7d8ff-f41d-4885-a438-72c4409d44ab', '2026-11-26 07:25:33.621+00');
INSERT INTO public.course_access_notifications VALUES ('course_ready:ff636b15-d830-4f9e-b06a-9a58f62b6204', 'course_ready', '690f6c3e-dda6-42f2-9b78-0a5c4806cd1f', '2026-11-26 07:25:36.898+00');
INSERT INTO public.course_access_notifications VALUES ('access_granted:5276e9c84ca620def18609dc0a368f49e354ae6384c6b8d05ee290ca5a752451', 'access_granted', 'e6b14b58-7574-4cce-92e7-9ad9f716e384', '2026-11-26 07:25:37.727+00');
INSERT INTO public.course_access_notifications VALUES ('access_revoked:b638791867da4bcf807e91bf9e83ce97cbac60aa5f2e625ada0544bf08d7a01b', 'access_revoked', 'ebb0dfd7-9f36-4cd6-a754-b8bc570d3188', '2026-11-26 07:25:41.832+00');

INSERT INTO public.course_access_payments VALUES ('c461c616-e718-424c-a59b-f92887cd7b46', 'acme', 'user-7', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 4900, 4900, 'refunded', '545f6438-1ac0-41e0-a717-946c1748b30e', '2026-11-26 07:25:41.521+00');

INSERT INTO public.course_access_refunds VALUES ('c461c616-e718-424c-a59b-f92887cd7b46', '07020c2a-5a35-4925-a96c-18873da7505f', 4900, '2026-11-26 07:25:41.521+00', NULL);

INSERT INTO public.course_distribution_courses VALUES ('593c626e-f3ff-44b8-b3cc-fb30d4a791d6', NULL, '2026-11-26 07:25:33.482+00', 'draft', NULL);
INSERT INTO public.course_distribution_courses VALUES ('ff636b15-d830-4f9e-b06a-9a58f62b6204', NULL, '2026-11-26 07:25:36.788+00', 'draft', NULL);

INSERT INTO public.course_distribution_lessons VALUES ('593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '77319f11-62b9-579a-9a52-f0db421202b6', '1435c289-5804-511a-808d-8c78b3641447', 'Terms and context', 1);
INSERT INTO public.course_distribution_lessons VALUES ('593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '7d5a854d-197c-53a8-9780-635602338edd', '1435c289-5804-511a-808d-8c78b3641447', 'How things are connected', 2);
INSERT INTO public.course_distribution_lessons VALUES ('593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'aacbdfa8-a226-51d0-921b-8672353a62da', '1435c289-5804-511a-808d-8c78b3641447', 'Widespread mistakes', 3);
INSERT INTO public.course_distribution_lessons VALUES ('ff636b15-d830-4f9e-b06a-9a58f62b6204', '4070d903-e4dd-5e32-9553-1b75e08e2560', 'e465162b-9ab5-5470-8c7a-d225b6162782', 'Terms and context', 1);
INSERT INTO public.course_distribution_lessons VALUES ('ff636b15-d830-4f9e-b06a-9a58f62b6204', '1e443051-a48c-5cbb-b7ca-5fbe459140aa', 'e465162b-9ab5-5470-8c7a-d225b6162782', 'How things are connected', 2);
INSERT INTO public.course_distribution_lessons VALUES ('ff636b15-d830-4f9e-b06a-9a58f62b6204', 'ab712580-c561-558d-ad2d-499ca226bbde', 'e465162b-9ab5-5470-8c7a-d225b6162782', 'Widespread mistakes', 3);

INSERT INTO public.course_distribution_outlines VALUES ('593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 4, 12, '2026-11-26 07:25:33.574+00', '[{"title": "Foundations: Repairing a bicycle", "lessons": [{"title": "Terms and context", "lesson_id": "77319f11-62b9-579a-9a52-f0db421202b6", "duration_minutes": 20}, {"title": "How things are connected", "lesson_id": "7d5a854d-197c-53a8-9780-635602338edd", "duration_minutes": 20}, {"title": "Widespread mistakes", "lesson_id": "aacbdfa8-a226-51d0-921b-8672353a62da", "duration_minutes": 20}], "module_id": "1435c289-5804-511a-808d-8c78b3641447", "lessons_count": 3, "duration_minutes": 60}, {"title": "Methods: Repairing a bicycle", "lessons": [{"title": "Working to a plan", "lesson_id": "eb9dcc0f-32b8-5cb6-bff5-42ace4d00221", "duration_minutes": 20}, {"title": "Finding and checking information", "lesson_id": "775ec2ee-c847-563b-871e-69cebb0bfbfb", "duration_minutes": 20}, {"title": "Comparing options", "lesson_id": "d14dfb1b-eea6-5cff-853e-45b7757ff0e5", "duration_minutes": 20}], "module_id": "40f4d98c-9b4e-5756-a028-ca498968d048", "lessons_count": 3, "duration_minutes": 60}, {"title": "Practice: Repairing a bicycle", "lessons": [{"title": "Planning a project of your own", "lesson_id": "510047ef-5796-556f-ae34-b2713d4ab02c", "duration_minutes": 20}, {"title": "Carrying it out and keeping going", "lesson_id": "bcc4d0be-bbe9-58d7-8007-35cf5b5e4d5d", "duration_minutes": 20}, {"title": "Dealing with obstacles", "lesson_id": "c7125916-d132-5b42-abc2-27fce8fd5411", "duration_minutes": 20}], "module_id": "ae437bf6-974e-532f-a811-4fde4c0537eb", "lessons_count": 3, "duration_minutes": 60}, {"title": "Going deeper: Repairing a bicycle", "lessons": [{"title": "Judging and improving results", "lesson_id": "b4ae0308-44dc-55fa-9197-c3a1c558056d", "duration_minutes": 20}, {"title": "Sharing knowledge and working together", "lesson_id": "f574aad1-7cba-5145-9172-f6f97374e6f5", "duration_minutes": 20}, {"title": "Your personal roadmap", "lesson_id": "1bc6a450-fb7c-5578-bb54-3ff562651ae4", "duration_minutes": 20}], "module_id": "a51bb52a-9ad5-5004-8d0a-69bf662c0625", "lessons_count": 3, "duration_minutes": 60}]', 240);
INSERT INTO public.course_distribution_outlines VALUES ('ff636b15-d830-4f9e-b06a-9a58f62b6204', 4, 12, '2026-11-26 07:25:36.887+00', '[{"title": "Foundations: Working in production", "lessons": [{"title": "Terms and context", "lesson_id": "4070d903-e4dd-5e32-9553-1b75e08e2560", "duration_minutes": 20}, {"title": "How things are connected", "lesson_id": "1e443051-a48c-5cbb-b7ca-5fbe459140aa", "duration_minutes": 20}, {"title": "Widespread mistakes", "lesson_id": "ab712580-c561-558d-ad2d-499ca226bbde", "duration_minutes": 20}], "module_id": "e465162b-9ab5-5470-8c7a-d225b6162782", "lessons_count": 3, "duration_minutes": 60}, {"title": "Methods: Working in production", "lessons": [{"title": "Working to a plan", "lesson_id": "27f7e7e2-4d39-5143-984b-de1fba55d0ae", "duration_minutes": 20}, {"title": "Finding and checking information", "lesson_id": "46d24800-71d5-53df-9ae5-aac468224dd5", "duration_minutes": 20}, {"title": "Comparing options", "lesson_id": "aa25cf57-18ab-5b5a-8e56-c84cdf45db80", "duration_minutes": 20}], "module_id": "43031386-bf79-58b3-9a40-1aa7e1e7eece", "lessons_count": 3, "duration_minutes": 60}, {"title": "Practice: Working in production", "lessons": [{"title": "Planning a project of your own", "lesson_id": "312ea6f2-c6b8-5d5e-bafb-a303e199851c", "duration_minutes": 20}, {"title": "Carrying it out and keeping going", "lesson_id": "80c80cee-fe79-5590-97fb-9e83dbbf4ca5", "duration_minutes": 20}, {"title": "Dealing with obstacles", "lesson_id": "9fdf8507-c171-57f4-84ff-7475652e7136", "duration_minutes": 20}], "module_id": "21f94489-6d79-5183-a7fe-143c5aa6cf99", "lessons_count": 3, "duration_minutes": 60}, {"title": "Going deeper: Working in production", "lessons": [{"title": "Judging and improving results", "lesson_id": "c931e71d-f225-59db-9954-0baf8b8e327e", "duration_minutes": 20}, {"title": "Sharing knowledge and working together", "lesson_id": "2910a892-9d9a-5df7-9649-14f97b776389", "duration_minutes": 20}, {"title": "Your personal roadmap", "lesson_id": "377ff195-9349-581d-af37-d0431f06469e", "duration_minutes": 20}], "module_id": "5ea3fc1d-17f1-5cd8-b964-ecaf67447621", "lessons_count": 3, "duration_minutes": 60}]', 240);

INSERT INTO public.course_distributions VALUES ('dist_f0840980e0a13ae4', '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'acme', 'repairing-a-bicycle', 'en', 'Repairing a bicycle', 'Flat tyres, brakes and chains. An online course with lessons, examples and exercises.', '{private_individuals}', 'v1', NULL, NULL, '{"keywords": [], "meta_title": "Repairing a bicycle", "og_image_url": null, "meta_description": "Flat tyres, brakes and chains. An online course with lessons, examples and exercises.", "hreflang_alternates": {}}', '{"url": null, "label": "Start now", "action": "open_course"}', 'public', '2026-11-26 07:25:36.576+00', 'http://127.0.0.1:18787/staging/593c626e-f3ff-44b8-b3cc-fb30d4a791d6/abhhohhloidgoaghokigjehcpaelfafjpaabejgi/v1/', '2026-11-26 07:25:33.685+00', '2026-11-26 07:25:33.581+00', '2026-11-26 07:25:36.576+00', 1, 0, '2026-11-26 07:25:00+00', 1, 0, 0);
INSERT INTO public.course_distributions VALUES ('dist_7c897fbb06b306d8', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 'acme', 'working-in-production', 'en', 'Working in production', 'Flat tyres, brakes and chains. An online course with lessons, examples and exercises.', '{private_individuals}', 'v1', NULL, NULL, '{"keywords": [], "meta_title": "Working in production", "og_image_url": null, "meta_description": "Flat tyres, brakes and chains. An online course with lessons, examples and exercises.", "hreflang_alternates": {}}', '{"url": null, "label": "Start now", "action": "open_course"}', 'private', NULL, 'http://127.0.0.1:18787/staging/ff636b15-d830-4f9e-b06a-9a58f62b6204/lddpdalpnimmjcfphofnhmeagicmalklcckidedo/v1/', '2026-11-26 07:25:37.315+00', '2026-11-26 07:25:36.905+00', '2026-11-26 07:25:37.337+00', 0, 0, NULL, 0, 0, 0);

INSERT INTO public.course_factory_approvals VALUES ('f280c111-82cf-4d69-97fc-5ce8088c5c32', 'acme', 'e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376', 'author-1', '2026-11-26 07:25:36.711+00', '2026-11-26 07:25:36.711+00', 'course:ff636b15-d830-4f9e-b06a-9a58f62b6204');

INSERT INTO public.course_factory_artifacts VALUES ('77319f11-62b9-579a-9a52-f0db421202b6', '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'lesson', 1, '{"status": "full", "lesson_id": "77319f11-62b9-579a-9a52-f0db421202b6", "word_count": 532, "generated_at": "2026-11-26T07:25:33.197Z", "content_markdown": "# Terms and context\n\n## Overview\n\nLesson 1 of 12 in the course “Repairing a bicycle”, module “Foundations: Repairing a bicycle”. Time needed: about 20 minutes. You clarify the most important terms and place the subject in your everyday life.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- explain the most important terms in your own words\n- tell the subject from neighbouring ones\n\n## Introduction\n\nWhat is the course about? “Flat tyres, brakes and chains.” This lesson picks out one part of it: Terms and context. Read the text once without taking notes and simply watch for what you already know. On the second reading, mark the places that contradict your experience so far. Those are the places where thinking pays off most.\n\n## Main part\n\nPeople who talk about “Repairing a bicycle” often mean different things. Some think of rules, others of tools, and still others of experience. That is why every thorough study begins by asking what exactly is meant, what is deliberately left out, and who is affected. A good definition is short, comes with an example, and can be checked when in doubt.\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “Terms need no clarification because everyone means the same by them anyway.” It sounds plausible, but it does not survive a closer look. What is true instead: Clear terms prevent misunderstandings before they arise. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “Terms and context”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Clear terms prevent misunderstandings before they arise.\n- You clarify the most important terms and place the subject in your everyday life.\n\nIf you take only one thought away from “Terms and context”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Repairing a bicycle”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis course is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:33.396+00');
INSERT INTO public.course_factory_artifacts VALUES ('7d5a854d-197c-53a8-9780-635602338edd', '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'lesson', 2, '{"status": "full", "lesson_id": "7d5a854d-197c-53a8-9780-635602338edd", "word_count": 539, "generated_at": "2026-11-26T07:25:33.197Z", "content_markdown": "# How things are connected\n\n## Overview\n\nLesson 2 of 12 in the course “Repairing a bicycle”, module “Foundations: Repairing a bicycle”. Time needed: about 20 minutes. You recognise causes, effects and interactions, and present them clearly.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- tell a cause from a mere sequence in time\n- show interactions in a sketch\n\n## Introduction\n\nBefore you read on, take two minutes: what comes to mind when you hear “How things are connected”, and which question would you like to have answered? Write both down in one sentence. The concern of the course is this: “Flat tyres, brakes and chains.” Your own question gives you something to measure the material against, instead of merely taking note of it.\n\n## Main part\n\nWith “Repairing a bicycle”, several circumstances usually act at once. The fact that two things occur together does not prove that one causes the other; both may go back to a third. So ask about the path of the effect: what would have to happen for one to follow from the other, and how could that be observed?\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “If two things occur together, one is always the cause of the other.” It sounds plausible, but it does not survive a closer look. What is true instead: Two things occurring together does not prove that one causes the other. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “How things are connected”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Two things occurring together does not prove that one causes the other.\n- You recognise causes, effects and interactions, and present them clearly.\n\nIf you take only one thought away from “How things are connected”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Repairing a bicycle”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis course is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:33.396+00');
INSERT INTO public.course_factory_artifacts VALUES ('aacbdfa8-a226-51d0-921b-8672353a62da', '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'lesson', 3, '{"status": "full", "lesson_id": "aacbdfa8-a226-51d0-921b-8672353a62da", "word_count": 518, "generated_at": "2026-11-26T07:25:33.197Z", "content_markdown": "# Widespread mistakes\n\n## Overview\n\nLesson 3 of 12 in the course “Repairing a bicycle”, module “Foundations: Repairing a bicycle”. Time needed: about 20 minutes. You get to know typical false assumptions and test your own beliefs.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- name typical false assumptions\n- test a belief of your own against facts\n\n## Introduction\n\nThe lessons before this one prepared the ground, and now another building block is added: Widespread mistakes. Keep the concern of the course in view: “Flat tyres, brakes and chains.” You do not have to learn anything by heart. What matters more is that at the end you can explain in your own words why this section is relevant to your situation.\n\n## Main part\n\nMistakes about “Repairing a bicycle” persist because they are simple and often repeated. Familiarity feels like truth. An effective remedy is to look deliberately for cases that contradict your own opinion. If none turn up although you searched honestly, the opinion gains weight; if some do, it becomes more precise.\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “Whatever you have heard often enough must be true.” It sounds plausible, but it does not survive a closer look. What is true instead: Looking for counterexamples tests a belief better than collecting confirmations. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “Widespread mistakes”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Looking for counterexamples tests a belief better than collecting confirmations.\n- You get to know typical false assumptions and test your own beliefs.\n\nIf you take only one thought away from “Widespread mistakes”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Repairing a bicycle”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis course is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:33.396+00');
INSERT INTO public.course_factory_artifacts VALUES ('e6ae8920-969d-5814-895c-5a18972fe3af', '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'quiz', 1, '{"title": "Quiz: Repairing a bicycle", "quiz_id": "e6ae8920-969d-5814-895c-5a18972fe3af", "questions": [{"option_a": "Terms need no clarification because everyone means the same by them anyway.", "option_b": "Clear terms prevent misunderstandings before they arise.", "option_c": "The more often a statement has been copied, the more reliable it is.", "option_d": "If you miss a single day, you should give up the whole project.", "difficulty": "easy", "explanation": "Clear terms prevent misunderstandings before they arise. The lesson “Terms and context” covers this.", "question_id": "37962cbf-6061-5764-97db-038437d41a9a", "question_text": "“Repairing a bicycle”, lesson “Terms and context”: which statement is right?", "correct_answer": "b", "module_reference": "Foundations: Repairing a bicycle"}, {"option_a": "If two things occur together, one is always the cause of the other.", "option_b": "Criteria for a comparison should be set after the decision has been made.", "option_c": "Two things occurring together does not prove that one causes the other.", "option_d": "Thinking about obstacles is harmful because it makes them happen.", "difficulty": "easy", "explanation": "Two things occurring together does not prove that one causes the other. The lesson “How things are connected” covers this.", "question_id": "7920565a-2d69-5f60-b4d4-e8a5205ff0fa", "question_text": "“Repairing a bicycle”, lesson “How things are connected”: which statement is right?", "correct_answer": "c", "module_reference": "Foundations: Repairing a bicycle"}, {"option_a": "Whatever you have heard often enough must be true.", "option_b": "A good plan needs no reserve because nothing may come in between.", "option_c": "You improve fastest by changing as many things as possible at once.", "option_d": "Looking for counterexamples tests a belief better than collecting confirmations.", "difficulty": "easy", "explanation": "Looking for counterexamples tests a belief better than collecting confirmations. The lesson “Widespread mistakes” covers this.", "question_id": "c68ea410-5125-5fba-b19f-7ddcaade83b8", "question_text": "“Repairing a bicycle”, lesson “Widespread mistakes”: which statement is right?", "correct_answer": "d", "module_reference": "Foundations: Repairing a bicycle"}, {"option_a": "A good goal is stated so that reaching it can be checked.", "option_b": "The vaguer a goal is, the easier it is to reach.", "option_c": "If you miss a single day, you should give up the whole project.", "option_d": "Knowledge loses its value as soon as it is shared.", "difficulty": "medium", "explanation": "A good goal is stated so that reaching it can be checked. The lesson “Working to a plan” covers this.", "question_id": "1caeba3a-201a-5cdf-a4d7-07dc8cf672fa", "question_text": "“Repairing a bicycle”, lesson “Working to a plan”: which statement is right?", "correct_answer": "a", "module_reference": "Methods: Repairing a bicycle"}, {"option_a": "The more often a statement has been copied, the more reliable it is.", "option_b": "Thinking about obstacles is harmful because it makes them happen.", "option_c": "Once a course has ended, there is no need to deal with its subject again.", "option_d": "Two independent sources count for more than many repetitions of one source.", "difficulty": "medium", "explanation": "Two independent sources count for more than many repetitions of one source. The lesson “Finding and checking information” covers this.", "question_id": "c3c67a7d-a4b8-54f5-af52-64bd32bb4c7a", "question_text": "“Repairing a bicycle”, lesson “Finding and checking information”: which statement is right?", "correct_answer": "d", "module_reference": "Methods: Repairing a bicycle"}, {"option_a": "Criteria for a comparison should be set after the decision has been made.", "option_b": "You improve fastest by changing as many things as possible at once.", "option_c": "Criteria for a comparison are best fixed before looking at the options.", "option_d": "Terms need no clarification because everyone means the same by them anyway.", "difficulty": "medium", "explanation": "Criteria for a comparison are best fixed before looking at the options. The lesson “Comparing options” covers this.", "question_id": "94d019f4-719b-5cf4-9644-6a665dc56644", "question_text": "“Repairing a bicycle”, lesson “Comparing options”: which statement is right?", "correct_answer": "c", "module_reference": "Methods: Repairing a bicycle"}, {"option_a": "Schedules become more realistic with a reserve for the unforeseen.", "option_b": "A good plan needs no reserve because nothing may come in between.", "option_c": "Knowledge loses its value as soon as it is shared.", "option_d": "If two things occur together, one is always the cause of the other.", "difficulty": "medium", "explanation": "Schedules become more realistic with a reserve for the unforeseen. The lesson “Planning a project of your own” covers this.", "question_id": "39dc63d8-749b-552c-a48d-f6c25f54a1db", "question_text": "“Repairing a bicycle”, lesson “Planning a project of your own”: which statement is right?", "correct_answer": "a", "module_reference": "Practice: Repairing a bicycle"}, {"option_a": "If you miss a single day, you should give up the whole project.", "option_b": "Fixed times and places help you keep going more than goodwill alone.", "option_c": "Once a course has ended, there is no need to deal with its subject again.", "option_d": "Whatever you have heard often enough must be true.", "difficulty": "medium", "explanation": "Fixed times and places help you keep going more than goodwill alone. The lesson “Carrying it out and keeping going” covers this.", "question_id": "5ba7c6a1-c2e3-5dd9-aa89-548e34bcff5f", "question_text": "“Repairing a bicycle”, lesson “Carrying it out and keeping going”: which statement is right?", "correct_answer": "b", "module_reference": "Practice: Repairing a bicycle"}, {"option_a": "An if-then plan prepares the response to an obstacle before it appears.", "option_b": "Thinking about obstacles is harmful because it makes them happen.", "option_c": "Terms need no clarification because everyone means the same by them anyway.", "option_d": "The vaguer a goal is, the easier it is to reach.", "difficulty": "medium", "explanation": "An if-then plan prepares the response to an obstacle before it appears. The lesson “Dealing with obstacles” covers this.", "question_id": "1f290ba9-6887-5d03-9899-62b6485fdec7", "question_text": "“Repairing a bicycle”, lesson “Dealing with obstacles”: which statement is right?", "correct_answer": "a", "module_reference": "Practice: Repairing a bicycle"}, {"option_a": "You improve fastest by changing as many things as possible at once.", "option_b": "Changing one circumstance at a time shows what the change has brought about.", "option_c": "If two things occur together, one is always the cause of the other.", "option_d": "The more often a statement has been copied, the more reliable it is.", "difficulty": "hard", "explanation": "Changing one circumstance at a time shows what the change has brought about. The lesson “Judging and improving results” covers this.", "question_id": "51e60999-34b3-565c-bbb1-4e2d046872e8", "question_text": "“Repairing a bicycle”, lesson “Judging and improving results”: which statement is right?", "correct_answer": "b", "module_reference": "Going deeper: Repairing a bicycle"}, {"option_a": "Knowledge loses its value as soon as it is shared.", "option_b": "Whatever you have heard often enough must be true.", "option_c": "Criteria for a comparison should be set after the decision has been made.", "option_d": "Explaining something to others reveals gaps in your own knowledge.", "difficulty": "hard", "explanation": "Explaining something to others reveals gaps in your own knowledge. The lesson “Sharing knowledge and working together” covers this.", "question_id": "f233e57c-3cbf-5afd-955a-a277d91333fd", "question_text": "“Repairing a bicycle”, lesson “Sharing knowledge and working together”: which statement is right?", "correct_answer": "d", "module_reference": "Going deeper: Repairing a bicycle"}, {"option_a": "Once a course has ended, there is no need to deal with its subject again.", "option_b": "The vaguer a goal is, the easier it is to reach.", "option_c": "A next step with a fixed date is more likely to be taken than a general intention.", "option_d": "A good plan needs no reserve because nothing may come in between.", "difficulty": "hard", "explanation": "A next step with a fixed date is more likely to be taken than a general intention. The lesson “Your personal roadmap” covers this.", "question_id": "53dcb75e-3e24-5dd9-a105-41495c04b703", "question_text": "“Repairing a bicycle”, lesson “Your personal roadmap”: which statement is right?", "correct_answer": "c", "module_reference": "Going deeper: Repairing a bicycle"}, {"option_a": "Methods: Repairing a bicycle", "option_b": "Foundations: Repairing a bicycle", "option_c": "Practice: Repairing a bicycle", "option_d": "Going deeper: Repairing a bicycle", "difficulty": "easy", "explanation": "The lesson “Finding and checking information” belongs to the module “Methods: Repairing a bicycle”.", "question_id": "09db8fd2-886c-581b-90b8-97466647132f", "question_text": "Which module of the course “Repairing a bicycle” contains the lesson “Finding and checking information”?", "correct_answer": "a", "module_reference": "Methods: Repairing a bicycle"}, {"option_a": "Foundations: Repairing a bicycle", "option_b": "Practice: Repairing a bicycle", "option_c": "Methods: Repairing a bicycle", "option_d": "Going deeper: Repairing a bicycle", "difficulty": "easy", "explanation": "The lesson “Carrying it out and keeping going” belongs to the module “Practice: Repairing a bicycle”.", "question_id": "82b4675c-5403-5a99-b275-8c706c062f02", "question_text": "Which module of the course “Repairing a bicycle” contains the lesson “Carrying it out and keeping going”?", "correct_answer": "b", "module_reference": "Practice: Repairing a bicycle"}, {"option_a": "Foundations: Repairing a bicycle", "option_b": "Methods: Repairing a bicycle", "option_c": "Going deeper: Repairing a bicycle", "option_d": "Practice: Repairing a bicycle", "difficulty": "easy", "explanation": "The lesson “Sharing knowledge and working together” belongs to the module “Going deeper: Repairing a bicycle”.", "question_id": "edfc0e36-e4e9-59d8-a209-2ea027b21009", "question_text": "Which module of the course “Repairing a bicycle” contains the lesson “Sharing knowledge and working together”?", "correct_answer": "c", "module_reference": "Going deeper: Repairing a bicycle"}], "description": "Check what you have learned in the course “Repairing a bicycle”. Exactly one answer is right for each question.", "time_limit_minutes": 30, "passing_score_percentage": 70}', false, '2026-11-26 07:25:33.396+00');
INSERT INTO public.course_factory_artifacts VALUES ('847c653d-eb4e-53fc-b9c9-367944eed549', '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'landing_page', 1, '{"features": ["4 modules with 12 lessons, about 240 minutes in total", "Final quiz with an explanation for every answer", "Clear learning objectives for every lesson", "Examples from the everyday life of the audience", "Neutral: no advertising and no product recommendations"], "sections": [{"kind": "hero", "title": "Repairing a bicycle", "order_index": 0}, {"kind": "value_proposition", "title": "What the course gives you", "order_index": 1}, {"kind": "for_whom", "title": "Who is this course for?", "order_index": 2}, {"kind": "not_for_whom", "title": "Who is this course not for?", "order_index": 3}, {"kind": "course_structure", "title": "How the course is structured", "order_index": 4}, {"kind": "features", "title": "What to expect", "order_index": 5}, {"kind": "disclaimer", "title": "Disclaimer", "order_index": 6}], "disclaimer": "This course is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.", "hero_title": "Repairing a bicycle", "hero_cta_text": "Start the course now", "hero_subtitle": "Flat tyres, brakes and chains. A course in 4 modules with 12 lessons.", "for_whom_title": "Who is this course for?", "for_whom_points": ["For private individuals who are dealing with “Repairing a bicycle”", "For everyone who wants to start without prior knowledge and proceed step by step", "For everyone who wants to form a well-founded opinion of their own"], "landing_page_id": "847c653d-eb4e-53fc-b9c9-367944eed549", "value_proposition": "Flat tyres, brakes and chains. In 4 modules and 12 lessons, the course “Repairing a bicycle” leads you from the basics to a plan of your own: easy to follow, factual and with nothing to sell. You learn at your own pace and practise on cases from everyday life.", "not_for_whom_title": "Who is this course not for?", "not_for_whom_points": ["People looking for binding advice on their individual case", "People who expect ready-made recipes without thinking for themselves", "People who already teach this field professionally"], "course_structure_title": "How the course is structured"}', false, '2026-11-26 07:25:33.396+00');
INSERT INTO public.course_factory_artifacts VALUES ('4070d903-e4dd-5e32-9553-1b75e08e2560', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 'lesson', 1, '{"status": "full", "lesson_id": "4070d903-e4dd-5e32-9553-1b75e08e2560", "word_count": 532, "generated_at": "2026-11-26T07:25:36.707Z", "content_markdown": "# Terms and context\n\n## Overview\n\nLesson 1 of 12 in the course “Working in production”, module “Foundations: Working in production”. Time needed: about 20 minutes. You clarify the most important terms and place the subject in your everyday life.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- explain the most important terms in your own words\n- tell the subject from neighbouring ones\n\n## Introduction\n\nWhat is the course about? “Flat tyres, brakes and chains.” This lesson picks out one part of it: Terms and context. Read the text once without taking notes and simply watch for what you already know. On the second reading, mark the places that contradict your experience so far. Those are the places where thinking pays off most.\n\n## Main part\n\nPeople who talk about “Working in production” often mean different things. Some think of rules, others of tools, and still others of experience. That is why every thorough study begins by asking what exactly is meant, what is deliberately left out, and who is affected. A good definition is short, comes with an example, and can be checked when in doubt.\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “Terms need no clarification because everyone means the same by them anyway.” It sounds plausible, but it does not survive a closer look. What is true instead: Clear terms prevent misunderstandings before they arise. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “Terms and context”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Clear terms prevent misunderstandings before they arise.\n- You clarify the most important terms and place the subject in your everyday life.\n\nIf you take only one thought away from “Terms and context”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Working in production”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis course is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:36.755+00');
INSERT INTO public.course_factory_artifacts VALUES ('1e443051-a48c-5cbb-b7ca-5fbe459140aa', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 'lesson', 2, '{"status": "full", "lesson_id": "1e443051-a48c-5cbb-b7ca-5fbe459140aa", "word_count": 539, "generated_at": "2026-11-26T07:25:36.707Z", "content_markdown": "# How things are connected\n\n## Overview\n\nLesson 2 of 12 in the course “Working in production”, module “Foundations: Working in production”. Time needed: about 20 minutes. You recognise causes, effects and interactions, and present them clearly.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- tell a cause from a mere sequence in time\n- show interactions in a sketch\n\n## Introduction\n\nBefore you read on, take two minutes: what comes to mind when you hear “How things are connected”, and which question would you like to have answered? Write both down in one sentence. The concern of the course is this: “Flat tyres, brakes and chains.” Your own question gives you something to measure the material against, instead of merely taking note of it.\n\n## Main part\n\nWith “Working in production”, several circumstances usually act at once. The fact that two things occur together does not prove that one causes the other; both may go back to a third. So ask about the path of the effect: what would have to happen for one to follow from the other, and how could that be observed?\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “If two things occur together, one is always the cause of the other.” It sounds plausible, but it does not survive a closer look. What is true instead: Two things occurring together does not prove that one causes the other. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “How things are connected”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Two things occurring together does not prove that one causes the other.\n- You recognise causes, effects and interactions, and present them clearly.\n\nIf you take only one thought away from “How things are connected”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Working in production”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis course is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:36.755+00');
INSERT INTO public.course_factory_artifacts VALUES ('ab712580-c561-558d-ad2d-499ca226bbde', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 'lesson', 3, '{"status": "full", "lesson_id": "ab712580-c561-558d-ad2d-499ca226bbde", "word_count": 518, "generated_at": "2026-11-26T07:25:36.707Z", "content_markdown": "# Widespread mistakes\n\n## Overview\n\nLesson 3 of 12 in the course “Working in production”, module “Foundations: Working in production”. Time needed: about 20 minutes. You get to know typical false assumptions and test your own beliefs.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- name typical false assumptions\n- test a belief of your own against facts\n\n## Introduction\n\nThe lessons before this one prepared the ground, and now another building block is added: Widespread mistakes. Keep the concern of the course in view: “Flat tyres, brakes and chains.” You do not have to learn anything by heart. What matters more is that at the end you can explain in your own words why this section is relevant to your situation.\n\n## Main part\n\nMistakes about “Working in production” persist because they are simple and often repeated. Familiarity feels like truth. An effective remedy is to look deliberately for cases that contradict your own opinion. If none turn up although you searched honestly, the opinion gains weight; if some do, it becomes more precise.\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “Whatever you have heard often enough must be true.” It sounds plausible, but it does not survive a closer look. What is true instead: Looking for counterexamples tests a belief better than collecting confirmations. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “Widespread mistakes”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Looking for counterexamples tests a belief better than collecting confirmations.\n- You get to know typical false assumptions and test your own beliefs.\n\nIf you take only one thought away from “Widespread mistakes”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Working in production”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis course is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:36.755+00');
INSERT INTO public.course_factory_artifacts VALUES ('a86e6b0a-90d8-5655-89a7-6353a89259a5', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 'quiz', 1, '{"title": "Quiz: Working in production", "quiz_id": "a86e6b0a-90d8-5655-89a7-6353a89259a5", "questions": [{"option_a": "Terms need no clarification because everyone means the same by them anyway.", "option_b": "The more often a statement has been copied, the more reliable it is.", "option_c": "Clear terms prevent misunderstandings before they arise.", "option_d": "If you miss a single day, you should give up the whole project.", "difficulty": "easy", "explanation": "Clear terms prevent misunderstandings before they arise. The lesson “Terms and context” covers this.", "question_id": "c7336e83-2119-5a5b-94d7-adca14c97583", "question_text": "“Working in production”, lesson “Terms and context”: which statement is right?", "correct_answer": "c", "module_reference": "Foundations: Working in production"}, {"option_a": "If two things occur together, one is always the cause of the other.", "option_b": "Two things occurring together does not prove that one causes the other.", "option_c": "Criteria for a comparison should be set after the decision has been made.", "option_d": "Thinking about obstacles is harmful because it makes them happen.", "difficulty": "easy", "explanation": "Two things occurring together does not prove that one causes the other. The lesson “How things are connected” covers this.", "question_id": "add840cc-e584-5b12-a4ad-5dbeaff35c94", "question_text": "“Working in production”, lesson “How things are connected”: which statement is right?", "correct_answer": "b", "module_reference": "Foundations: Working in production"}, {"option_a": "Whatever you have heard often enough must be true.", "option_b": "A good plan needs no reserve because nothing may come in between.", "option_c": "You improve fastest by changing as many things as possible at once.", "option_d": "Looking for counterexamples tests a belief better than collecting confirmations.", "difficulty": "easy", "explanation": "Looking for counterexamples tests a belief better than collecting confirmations. The lesson “Widespread mistakes” covers this.", "question_id": "e86bc85f-17dc-517c-be3a-05d03aa90f76", "question_text": "“Working in production”, lesson “Widespread mistakes”: which statement is right?", "correct_answer": "d", "module_reference": "Foundations: Working in production"}, {"option_a": "A good goal is stated so that reaching it can be checked.", "option_b": "The vaguer a goal is, the easier it is to reach.", "option_c": "If you miss a single day, you should give up the whole project.", "option_d": "Knowledge loses its value as soon as it is shared.", "difficulty": "medium", "explanation": "A good goal is stated so that reaching it can be checked. The lesson “Working to a plan” covers this.", "question_id": "6486f10d-99c7-51c6-a7b6-563fb2fc82af", "question_text": "“Working in production”, lesson “Working to a plan”: which statement is right?", "correct_answer": "a", "module_reference": "Methods: Working in production"}, {"option_a": "The more often a statement has been copied, the more reliable it is.", "option_b": "Thinking about obstacles is harmful because it makes them happen.", "option_c": "Two independent sources count for more than many repetitions of one source.", "option_d": "Once a course has ended, there is no need to deal with its subject again.", "difficulty": "medium", "explanation": "Two independent sources count for more than many repetitions of one source. The lesson “Finding and checking information” covers this.", "question_id": "530458d8-84aa-59f4-b031-31b0c87ad22a", "question_text": "“Working in production”, lesson “Finding and checking information”: which statement is right?", "correct_answer": "c", "module_reference": "Methods: Working in production"}, {"option_a": "Criteria for a comparison should be set after the decision has been made.", "option_b": "You improve fastest by changing as many things as possible at once.", "option_c": "Terms need no clarification because everyone means the same by them anyway.", "option_d": "Criteria for a comparison are best fixed before looking at the options.", "difficulty": "medium", "explanation": "Criteria for a comparison are best fixed before looking at the options. The lesson “Comparing options” covers this.", "question_id": "e5deb1f6-e4eb-5e16-bb29-c5e68d7c433f", "question_text": "“Working in production”, lesson “Comparing options”: which statement is right?", "correct_answer": "d", "module_reference": "Methods: Working in production"}, {"option_a": "A good plan needs no reserve because nothing may come in between.", "option_b": "Schedules become more realistic with a reserve for the unforeseen.", "option_c": "Knowledge loses its value as soon as it is shared.", "option_d": "If two things occur together, one is always the cause of the other.", "difficulty": "medium", "explanation": "Schedules become more realistic with a reserve for the unforeseen. The lesson “Planning a project of your own” covers this.", "question_id": "4a1ad3e0-ba93-51af-b4e4-52a64928c925", "question_text": "“Working in production”, lesson “Planning a project of your own”: which statement is right?", "correct_answer": "b", "module_reference": "Practice: Working in production"}, {"option_a": "Fixed times and places help you keep going more than goodwill alone.", "option_b": "If you miss a single day, you should give up the whole project.", "option_c": "Once a course has ended, there is no need to deal with its subject again.", "option_d": "Whatever you have heard often enough must be true.", "difficulty": "medium", "explanation": "Fixed times and places help you keep going more than goodwill alone. The lesson “Carrying it out and keeping going” covers this.", "question_id": "1a294816-ee6e-5a16-8a55-998d91377c9d", "question_text": "“Working in production”, lesson “Carrying it out and keeping going”: which statement is right?", "correct_answer": "a", "module_reference": "Practice: Working in production"}, {"option_a": "Thinking about obstacles is harmful because it makes them happen.", "option_b": "Terms need no clarification because everyone means the same by them anyway.", "option_c": "An if-then plan prepares the response to an obstacle before it appears.", "option_d": "The vaguer a goal is, the easier it is to reach.", "difficulty": "medium", "explanation": "An if-then plan prepares the response to an obstacle before it appears. The lesson “Dealing with obstacles” covers this.", "question_id": "7c5644b2-9278-549f-9fe5-09db1e24f320", "question_text": "“Working in production”, lesson “Dealing with obstacles”: which statement is right?", "correct_answer": "c", "module_reference": "Practice: Working in production"}, {"option_a": "You improve fastest by changing as many things as possible at once.", "option_b": "If two things occur together, one is always the cause of the other.", "option_c": "The more often a statement has been copied, the more reliable it is.", "option_d": "Changing one circumstance at a time shows what the change has brought about.", "difficulty": "hard", "explanation": "Changing one circumstance at a time shows what the change has brought about. The lesson “Judging and improving results” covers this.", "question_id": "963d5319-e7de-5d9b-90ac-9b0e6dcc5721", "question_text": "“Working in production”, lesson “Judging and improving results”: which statement is right?", "correct_answer": "d", "module_reference": "Going deeper: Working in production"}, {"option_a": "Knowledge loses its value as soon as it is shared.", "option_b": "Explaining something to others reveals gaps in your own knowledge.", "option_c": "Whatever you have heard often enough must be true.", "option_d": "Criteria for a comparison should be set after the decision has been made.", "difficulty": "hard", "explanation": "Explaining something to others reveals gaps in your own knowledge. The lesson “Sharing knowledge and working together” covers this.", "question_id": "3fcf152e-afab-5816-b968-e73c5c134a08", "question_text": "“Working in production”, lesson “Sharing knowledge and working together”: which statement is right?", "correct_answer": "b", "module_reference": "Going deeper: Working in production"}, {"option_a": "A next step with a fixed date is more likely to be taken than a general intention.", "option_b": "Once a course has ended, there is no need to deal with its subject again.", "option_c": "The vaguer a goal is, the easier it is to reach.", "option_d": "A good plan needs no reserve because nothing may come in between.", "difficulty": "hard", "explanation": "A next step with a fixed date is more likely to be taken than a general intention. The lesson “Your personal roadmap” covers this.", "question_id": "26fa307a-2f65-5e8a-8852-a4045ed1b43a", "question_text": "“Working in production”, lesson “Your personal roadmap”: which statement is right?", "correct_answer": "a", "module_reference": "Going deeper: Working in production"}, {"option_a": "Foundations: Working in production", "option_b": "Practice: Working in production", "option_c": "Methods: Working in production", "option_d": "Going deeper: Working in production", "difficulty": "easy", "explanation": "The lesson “Finding and checking information” belongs to the module “Methods: Working in production”.", "question_id": "b2bd8dde-17ac-5c77-bee2-4ac06357d820", "question_text": "Which module of the course “Working in production” contains the lesson “Finding and checking information”?", "correct_answer": "c", "module_reference": "Methods: Working in production"}, {"option_a": "Practice: Working in production", "option_b": "Foundations: Working in production", "option_c": "Methods: Working in production", "option_d": "Going deeper: Working in production", "difficulty": "easy", "explanation": "The lesson “Carrying it out and keeping going” belongs to the module “Practice: Working in production”.", "question_id": "29dfd3bb-dade-5acd-9a92-8a95e4f8b4a9", "question_text": "Which module of the course “Working in production” contains the lesson “Carrying it out and keeping going”?", "correct_answer": "a", "module_reference": "Practice: Working in production"}, {"option_a": "Foundations: Working in production", "option_b": "Going deeper: Working in production", "option_c": "Methods: Working in production", "option_d": "Practice: Working in production", "difficulty": "easy", "explanation": "The lesson “Sharing knowledge and working together” belongs to the module “Going deeper: Working in production”.", "question_id": "80615884-309d-5139-be70-9c8380747ba8", "question_text": "Which module of the course “Working in production” contains the lesson “Sharing knowledge and working together”?", "correct_answer": "b", "module_reference": "Going deeper: Working in production"}], "description": "Check what you have learned in the course “Working in production”. Exactly one answer is right for each question.", "time_limit_minutes": 30, "passing_score_percentage": 70}', false, '2026-11-26 07:25:36.755+00');
INSERT INTO public.course_factory_artifacts VALUES ('4d8447e2-363d-5376-ab70-f925610d94ad', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 'landing_page', 1, '{"features": ["4 modules with 12 lessons, about 240 minutes in total", "Final quiz with an explanation for every answer", "Clear learning objectives for every lesson", "Examples from the everyday life of the audience", "Neutral: no advertising and no product recommendations"], "sections": [{"kind": "hero", "title": "Working in production", "order_index": 0}, {"kind": "value_proposition", "title": "What the course gives you", "order_index": 1}, {"kind": "for_whom", "title": "Who is this course for?", "order_index": 2}, {"kind": "not_for_whom", "title": "Who is this course not for?", "order_index": 3}, {"kind": "course_structure", "title": "How the course is structured", "order_index": 4}, {"kind": "features", "title": "What to expect", "order_index": 5}, {"kind": "disclaimer", "title": "Disclaimer", "order_index": 6}], "disclaimer": "This course is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.", "hero_title": "Working in production", "hero_cta_text": "Start the course now", "hero_subtitle": "Flat tyres, brakes and chains. A course in 4 modules with 12 lessons.", "for_whom_title": "Who is this course for?", "for_whom_points": ["For private individuals who are dealing with “Working in production”", "For everyone who wants to start without prior knowledge and proceed step by step", "For everyone who wants to form a well-founded opinion of their own"], "landing_page_id": "4d8447e2-363d-5376-ab70-f925610d94ad", "value_proposition": "Flat tyres, brakes and chains. In 4 modules and 12 lessons, the course “Working in production” leads you from the basics to a plan of your own: easy to follow, factual and with nothing to sell. You learn at your own pace and practise on cases from everyday life.", "not_for_whom_title": "Who is this course not for?", "not_for_whom_points": ["People looking for binding advice on their individual case", "People who expect ready-made recipes without thinking for themselves", "People who already teach this field professionally"], "course_structure_title": "How the course is structured"}', false, '2026-11-26 07:25:36.755+00');

INSERT INTO public.course_factory_courses VALUES ('593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'acme', 'Repairing a bicycle', 'en', '1.0.0', 'completed', 'draft', NULL, '{"title": "Repairing a bicycle", "dry_run": false, "language": "en", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "generate_quiz": true, "target_audiences": ["private_individuals"], "deploy_to_staging": false, "full_lessons_count": 3, "generate_landing_page": true}', '{"modules": [{"title": "Foundations: Repairing a bicycle", "lessons": [{"title": "Terms and context", "status": "full", "examples": [], "keywords": ["Terms", "context"], "exercises": [], "lesson_id": "77319f11-62b9-579a-9a52-f0db421202b6", "module_id": "1435c289-5804-511a-808d-8c78b3641447", "description": "You clarify the most important terms and place the subject in your everyday life.", "order_index": 0, "learning_objectives": ["explain the most important terms in your own words", "tell the subject from neighbouring ones"], "estimated_duration_minutes": 20}, {"title": "How things are connected", "status": "full", "examples": [], "keywords": ["things", "connected"], "exercises": [], "lesson_id": "7d5a854d-197c-53a8-9780-635602338edd", "module_id": "1435c289-5804-511a-808d-8c78b3641447", "description": "You recognise causes, effects and interactions, and present them clearly.", "order_index": 1, "learning_objectives": ["tell a cause from a mere sequence in time", "show interactions in a sketch"], "estimated_duration_minutes": 20}, {"title": "Widespread mistakes", "status": "full", "examples": [], "keywords": ["Widespread", "mistakes"], "exercises": [], "lesson_id": "aacbdfa8-a226-51d0-921b-8672353a62da", "module_id": "1435c289-5804-511a-808d-8c78b3641447", "description": "You get to know typical false assumptions and test your own beliefs.", "order_index": 2, "learning_objectives": ["name typical false assumptions", "test a belief of your own against facts"], "estimated_duration_minutes": 20}], "module_id": "1435c289-5804-511a-808d-8c78b3641447", "description": "Terms, connections and widespread mistakes: the ground on which everything else is built.", "order_index": 0, "learning_objectives": ["explain the most important terms in your own words", "tell a cause from a mere sequence in time", "name typical false assumptions"], "estimated_total_duration_minutes": 60}, {"title": "Methods: Repairing a bicycle", "lessons": [{"title": "Working to a plan", "status": "placeholder", "examples": [], "keywords": ["Working"], "exercises": [], "lesson_id": "eb9dcc0f-32b8-5cb6-bff5-42ace4d00221", "module_id": "40f4d98c-9b4e-5756-a028-ca498968d048", "description": "You break a project into steps and define how you will recognise progress.", "order_index": 0, "content_outline": ["Introduction: why “Working to a plan” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["state a goal that can be checked", "break a project into steps"], "estimated_duration_minutes": 20}, {"title": "Finding and checking information", "status": "placeholder", "examples": [], "keywords": ["Finding", "checking", "information"], "exercises": [], "lesson_id": "775ec2ee-c847-563b-871e-69cebb0bfbfb", "module_id": "40f4d98c-9b4e-5756-a028-ca498968d048", "description": "You judge how reliable a source is and compare several with each other.", "order_index": 1, "content_outline": ["Introduction: why “Finding and checking information” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["judge how reliable a source is", "check a statement against a second source"], "estimated_duration_minutes": 20}, {"title": "Comparing options", "status": "placeholder", "examples": [], "keywords": ["Comparing", "options"], "exercises": [], "lesson_id": "d14dfb1b-eea6-5cff-853e-45b7757ff0e5", "module_id": "40f4d98c-9b4e-5756-a028-ca498968d048", "description": "You set options side by side by fixed criteria and give reasons for your choice.", "order_index": 2, "content_outline": ["Introduction: why “Comparing options” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["define criteria for a comparison", "justify a choice so that others can follow it"], "estimated_duration_minutes": 20}], "module_id": "40f4d98c-9b4e-5756-a028-ca498968d048", "description": "An orderly approach, reliable information and well-founded decisions.", "order_index": 1, "learning_objectives": ["state a goal that can be checked", "judge how reliable a source is", "define criteria for a comparison"], "estimated_total_duration_minutes": 60}, {"title": "Practice: Repairing a bicycle", "lessons": [{"title": "Planning a project of your own", "status": "placeholder", "examples": [], "keywords": ["Planning", "project"], "exercises": [], "lesson_id": "510047ef-5796-556f-ae34-b2713d4ab02c", "module_id": "ae437bf6-974e-532f-a811-4fde4c0537eb", "description": "You choose a manageable project and plan time, means and support.", "order_index": 0, "content_outline": ["Introduction: why “Planning a project of your own” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["choose a manageable project", "estimate time and means realistically"], "estimated_duration_minutes": 20}, {"title": "Carrying it out and keeping going", "status": "placeholder", "examples": [], "keywords": ["Carrying", "keeping", "going"], "exercises": [], "lesson_id": "bcc4d0be-bbe9-58d7-8007-35cf5b5e4d5d", "module_id": "ae437bf6-974e-532f-a811-4fde4c0537eb", "description": "You begin with the first step and secure progress through fixed habits.", "order_index": 1, "content_outline": ["Introduction: why “Carrying it out and keeping going” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["begin with a small step", "make progress visible"], "estimated_duration_minutes": 20}, {"title": "Dealing with obstacles", "status": "placeholder", "examples": [], "keywords": ["Dealing", "obstacles"], "exercises": [], "lesson_id": "c7125916-d132-5b42-abc2-27fce8fd5411", "module_id": "ae437bf6-974e-532f-a811-4fde4c0537eb", "description": "You distinguish kinds of obstacles and choose the right response.", "order_index": 2, "content_outline": ["Introduction: why “Dealing with obstacles” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["tell kinds of obstacles apart", "prepare for one likely obstacle"], "estimated_duration_minutes": 20}], "module_id": "ae437bf6-974e-532f-a811-4fde4c0537eb", "description": "Planning a small project of your own, carrying it out and getting it past obstacles.", "order_index": 2, "learning_objectives": ["choose a manageable project", "begin with a small step", "tell kinds of obstacles apart"], "estimated_total_duration_minutes": 60}, {"title": "Going deeper: Repairing a bicycle", "lessons": [{"title": "Judging and improving results", "status": "placeholder", "examples": [], "keywords": ["Judging", "improving", "results"], "exercises": [], "lesson_id": "b4ae0308-44dc-55fa-9197-c3a1c558056d", "module_id": "a51bb52a-9ad5-5004-8d0a-69bf662c0625", "description": "You measure your result against the goal and improve one spot on purpose.", "order_index": 0, "content_outline": ["Introduction: why “Judging and improving results” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["measure a result against its goal", "choose one improvement on purpose"], "estimated_duration_minutes": 20}, {"title": "Sharing knowledge and working together", "status": "placeholder", "examples": [], "keywords": ["Sharing", "knowledge", "working", "together"], "exercises": [], "lesson_id": "f574aad1-7cba-5145-9172-f6f97374e6f5", "module_id": "a51bb52a-9ad5-5004-8d0a-69bf662c0625", "description": "You pass on what you have learned and use the feedback of others.", "order_index": 1, "content_outline": ["Introduction: why “Sharing knowledge and working together” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["pass on a subject so that it is understood", "ask for feedback and use it"], "estimated_duration_minutes": 20}, {"title": "Your personal roadmap", "status": "placeholder", "examples": [], "keywords": ["personal", "roadmap"], "exercises": [], "lesson_id": "1bc6a450-fb7c-5578-bb54-3ff562651ae4", "module_id": "a51bb52a-9ad5-5004-8d0a-69bf662c0625", "description": "You sum up the course and decide on your next steps.", "order_index": 2, "content_outline": ["Introduction: why “Your personal roadmap” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["sum up your own insights", "set next steps with a date"], "estimated_duration_minutes": 20}], "module_id": "a51bb52a-9ad5-5004-8d0a-69bf662c0625", "description": "Judging results, sharing knowledge and deciding on the way ahead.", "order_index": 3, "learning_objectives": ["measure a result against its goal", "pass on a subject so that it is understood", "sum up your own insights"], "estimated_total_duration_minutes": 60}], "metadata": {"tone": "sachlich", "title": "Repairing a bicycle", "version": "1.0.0", "language": "en", "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "created_at": "2026-11-26T07:25:33.197Z", "updated_at": "2026-11-26T07:25:33.197Z", "description": "Flat tyres, brakes and chains.", "avoid_ideology": true, "target_audiences": ["private_individuals"], "full_lessons_count": 3, "avoid_product_sales": true}, "total_lessons": 12, "total_estimated_duration_minutes": 240}', '{"success": true, "warnings": [], "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "generated_at": "2026-11-26T07:25:33.371Z", "total_lessons": 12, "total_modules": 4, "evidence_pack_path": "artifact:course/593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "quiz_questions_count": 15, "execution_time_seconds": 0.174, "full_lessons_generated": 3}', NULL, NULL, 0, NULL, NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, '2026-11-26 07:25:33.197+00', '2026-11-26 07:25:33.313+00', '2026-11-26 07:25:33.396+00', '2026-11-26 07:25:33.396+00');
INSERT INTO public.course_factory_courses VALUES ('ff636b15-d830-4f9e-b06a-9a58f62b6204', 'acme', 'Working in production', 'en', '1.0.0', 'completed', 'draft', NULL, '{"title": "Working in production", "dry_run": false, "language": "en", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "generate_quiz": true, "target_audiences": ["private_individuals"], "deploy_to_staging": false, "full_lessons_count": 3, "generate_landing_page": true}', '{"modules": [{"title": "Foundations: Working in production", "lessons": [{"title": "Terms and context", "status": "full", "examples": [], "keywords": ["Terms", "context"], "exercises": [], "lesson_id": "4070d903-e4dd-5e32-9553-1b75e08e2560", "module_id": "e465162b-9ab5-5470-8c7a-d225b6162782", "description": "You clarify the most important terms and place the subject in your everyday life.", "order_index": 0, "learning_objectives": ["explain the most important terms in your own words", "tell the subject from neighbouring ones"], "estimated_duration_minutes": 20}, {"title": "How things are connected", "status": "full", "examples": [], "keywords": ["things", "connected"], "exercises": [], "lesson_id": "1e443051-a48c-5cbb-b7ca-5fbe459140aa", "module_id": "e465162b-9ab5-5470-8c7a-d225b6162782", "description": "You recognise causes, effects and interactions, and present them clearly.", "order_index": 1, "learning_objectives": ["tell a cause from a mere sequence in time", "show interactions in a sketch"], "estimated_duration_minutes": 20}, {"title": "Widespread mistakes", "status": "full", "examples": [], "keywords": ["Widespread", "mistakes"], "exercises": [], "lesson_id": "ab712580-c561-558d-ad2d-499ca226bbde", "module_id": "e465162b-9ab5-5470-8c7a-d225b6162782", "description": "You get to know typical false assumptions and test your own beliefs.", "order_index": 2, "learning_objectives": ["name typical false assumptions", "test a belief of your own against facts"], "estimated_duration_minutes": 20}], "module_id": "e465162b-9ab5-5470-8c7a-d225b6162782", "description": "Terms, connections and widespread mistakes: the ground on which everything else is built.", "order_index": 0, "learning_objectives": ["explain the most important terms in your own words", "tell a cause from a mere sequence in time", "name typical false assumptions"], "estimated_total_duration_minutes": 60}, {"title": "Methods: Working in production", "lessons": [{"title": "Working to a plan", "status": "placeholder", "examples": [], "keywords": ["Working"], "exercises": [], "lesson_id": "27f7e7e2-4d39-5143-984b-de1fba55d0ae", "module_id": "43031386-bf79-58b3-9a40-1aa7e1e7eece", "description": "You break a project into steps and define how you will recognise progress.", "order_index": 0, "content_outline": ["Introduction: why “Working to a plan” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["state a goal that can be checked", "break a project into steps"], "estimated_duration_minutes": 20}, {"title": "Finding and checking information", "status": "placeholder", "examples": [], "keywords": ["Finding", "checking", "information"], "exercises": [], "lesson_id": "46d24800-71d5-53df-9ae5-aac468224dd5", "module_id": "43031386-bf79-58b3-9a40-1aa7e1e7eece", "description": "You judge how reliable a source is and compare several with each other.", "order_index": 1, "content_outline": ["Introduction: why “Finding and checking information” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["judge how reliable a source is", "check a statement against a second source"], "estimated_duration_minutes": 20}, {"title": "Comparing options", "status": "placeholder", "examples": [], "keywords": ["Comparing", "options"], "exercises": [], "lesson_id": "aa25cf57-18ab-5b5a-8e56-c84cdf45db80", "module_id": "43031386-bf79-58b3-9a40-1aa7e1e7eece", "description": "You set options side by side by fixed criteria and give reasons for your choice.", "order_index": 2, "content_outline": ["Introduction: why “Comparing options” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["define criteria for a comparison", "justify a choice so that others can follow it"], "estimated_duration_minutes": 20}], "module_id": "43031386-bf79-58b3-9a40-1aa7e1e7eece", "description": "An orderly approach, reliable information and well-founded decisions.", "order_index": 1, "learning_objectives": ["state a goal that can be checked", "judge how reliable a source is", "define criteria for a comparison"], "estimated_total_duration_minutes": 60}, {"title": "Practice: Working in production", "lessons": [{"title": "Planning a project of your own", "status": "placeholder", "examples": [], "keywords": ["Planning", "project"], "exercises": [], "lesson_id": "312ea6f2-c6b8-5d5e-bafb-a303e199851c", "module_id": "21f94489-6d79-5183-a7fe-143c5aa6cf99", "description": "You choose a manageable project and plan time, means and support.", "order_index": 0, "content_outline": ["Introduction: why “Planning a project of your own” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["choose a manageable project", "estimate time and means realistically"], "estimated_duration_minutes": 20}, {"title": "Carrying it out and keeping going", "status": "placeholder", "examples": [], "keywords": ["Carrying", "keeping", "going"], "exercises": [], "lesson_id": "80c80cee-fe79-5590-97fb-9e83dbbf4ca5", "module_id": "21f94489-6d79-5183-a7fe-143c5aa6cf99", "description": "You begin with the first step and secure progress through fixed habits.", "order_index": 1, "content_outline": ["Introduction: why “Carrying it out and keeping going” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["begin with a small step", "make progress visible"], "estimated_duration_minutes": 20}, {"title": "Dealing with obstacles", "status": "placeholder", "examples": [], "keywords": ["Dealing", "obstacles"], "exercises": [], "lesson_id": "9fdf8507-c171-57f4-84ff-7475652e7136", "module_id": "21f94489-6d79-5183-a7fe-143c5aa6cf99", "description": "You distinguish kinds of obstacles and choose the right response.", "order_index": 2, "content_outline": ["Introduction: why “Dealing with obstacles” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["tell kinds of obstacles apart", "prepare for one likely obstacle"], "estimated_duration_minutes": 20}], "module_id": "21f94489-6d79-5183-a7fe-143c5aa6cf99", "description": "Planning a small project of your own, carrying it out and getting it past obstacles.", "order_index": 2, "learning_objectives": ["choose a manageable project", "begin with a small step", "tell kinds of obstacles apart"], "estimated_total_duration_minutes": 60}, {"title": "Going deeper: Working in production", "lessons": [{"title": "Judging and improving results", "status": "placeholder", "examples": [], "keywords": ["Judging", "improving", "results"], "exercises": [], "lesson_id": "c931e71d-f225-59db-9954-0baf8b8e327e", "module_id": "5ea3fc1d-17f1-5cd8-b964-ecaf67447621", "description": "You measure your result against the goal and improve one spot on purpose.", "order_index": 0, "content_outline": ["Introduction: why “Judging and improving results” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["measure a result against its goal", "choose one improvement on purpose"], "estimated_duration_minutes": 20}, {"title": "Sharing knowledge and working together", "status": "placeholder", "examples": [], "keywords": ["Sharing", "knowledge", "working", "together"], "exercises": [], "lesson_id": "2910a892-9d9a-5df7-9649-14f97b776389", "module_id": "5ea3fc1d-17f1-5cd8-b964-ecaf67447621", "description": "You pass on what you have learned and use the feedback of others.", "order_index": 1, "content_outline": ["Introduction: why “Sharing knowledge and working together” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["pass on a subject so that it is understood", "ask for feedback and use it"], "estimated_duration_minutes": 20}, {"title": "Your personal roadmap", "status": "placeholder", "examples": [], "keywords": ["personal", "roadmap"], "exercises": [], "lesson_id": "377ff195-9349-581d-af37-d0431f06469e", "module_id": "5ea3fc1d-17f1-5cd8-b964-ecaf67447621", "description": "You sum up the course and decide on your next steps.", "order_index": 2, "content_outline": ["Introduction: why “Your personal roadmap” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["sum up your own insights", "set next steps with a date"], "estimated_duration_minutes": 20}], "module_id": "5ea3fc1d-17f1-5cd8-b964-ecaf67447621", "description": "Judging results, sharing knowledge and deciding on the way ahead.", "order_index": 3, "learning_objectives": ["measure a result against its goal", "pass on a subject so that it is understood", "sum up your own insights"], "estimated_total_duration_minutes": 60}], "metadata": {"tone": "sachlich", "title": "Working in production", "version": "1.0.0", "language": "en", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "created_at": "2026-11-26T07:25:36.707Z", "updated_at": "2026-11-26T07:25:36.707Z", "description": "Flat tyres, brakes and chains.", "avoid_ideology": true, "target_audiences": ["private_individuals"], "full_lessons_count": 3, "avoid_product_sales": true}, "total_lessons": 12, "total_estimated_duration_minutes": 240}', '{"success": true, "warnings": [], "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "generated_at": "2026-11-26T07:25:36.751Z", "total_lessons": 12, "total_modules": 4, "evidence_pack_path": "artifact:course/ff636b15-d830-4f9e-b06a-9a58f62b6204", "quiz_questions_count": 15, "execution_time_seconds": 0.044, "full_lessons_generated": 3}', NULL, NULL, 0, NULL, NULL, 'd434d493-33c2-4d02-9f4b-278794a4b363', 'author-1', '2026-11-26 07:25:36.707+00', '2026-11-26 07:25:36.737+00', '2026-11-26 07:25:36.755+00', '2026-11-26 07:25:36.755+00');

INSERT INTO public.course_factory_deliveries VALUES ('d81d2b2c-bc31-4a7e-b914-2006c219431b', 'c461c616-e718-424c-a59b-f92887cd7b46', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 'delivered', 'dist_7c897fbb06b306d8', 'working-in-production', NULL, '2026-11-26 07:25:37.448+00', '2026-11-26 07:25:37.834+00', '4e6cdf67-8fd2-4dfb-9438-6b3b58232229', 4900, 'EUR');

INSERT INTO public.course_factory_deployments VALUES ('c7647f58-f3f5-45d5-aa71-0ff4e811e969', '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1.0.0', 'dist_f0840980e0a13ae4', 'http://127.0.0.1:18787/staging/593c626e-f3ff-44b8-b3cc-fb30d4a791d6/abhhohhloidgoaghokigjehcpaelfafjpaabejgi/v1/', 'course-factory.staging', '{"job": "course.deploy_staging", "risk": "low", "resource": "course:593c626e-f3ff-44b8-b3cc-fb30d4a791d6@course-factory.staging", "environment": "staging", "blast_radius": 1, "max_iterations": 1, "timeout_seconds": 900, "requires_approval": false}', '2026-11-26 07:25:33.668+00');
INSERT INTO public.course_factory_deployments VALUES ('43fa90e3-7cbb-4d1e-a3ba-eab36cff8db0', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1.0.0', 'dist_7c897fbb06b306d8', 'http://127.0.0.1:18787/staging/ff636b15-d830-4f9e-b06a-9a58f62b6204/lddpdalpnimmjcfphofnhmeagicmalklcckidedo/v1/', 'course-factory.staging', '{"job": "course.deploy_staging", "risk": "low", "resource": "course:ff636b15-d830-4f9e-b06a-9a58f62b6204@course-factory.staging", "environment": "staging", "blast_radius": 1, "max_iterations": 1, "timeout_seconds": 900, "requires_approval": false}', '2026-11-26 07:25:37.228+00');

INSERT INTO public.course_factory_stagings VALUES ('593c626e-f3ff-44b8-b3cc-fb30d4a791d6', 'abhhohhloidgoaghokigjehcpaelfafjpaabejgi', '2026-11-26 07:25:33.668+00');
INSERT INTO public.course_factory_stagings VALUES ('ff636b15-d830-4f9e-b06a-9a58f62b6204', 'lddpdalpnimmjcfphofnhmeagicmalklcckidedo', '2026-11-26 07:25:37.228+00');

INSERT INTO public.dead_letters OVERRIDING SYSTEM VALUE VALUES (1, 'course_access', 'brain:events:stream', '1795000000000-1', 'letter-1', 'payment.transaction.completed', NULL, '{"type": "payment.transaction.completed"}', 'attempts_exhausted', 'TransientError', 'the shop was away', 5, '2026-11-25 10:00:00+00', '2026-11-25 10:05:00+00', 'open', 0, NULL, '', 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.dead_letters OVERRIDING SYSTEM VALUE VALUES (2, 'payment', 'brain:events:stream', '1795000000000-2', 'letter-2', 'payment.transaction.completed', NULL, '{"type": "payment.transaction.completed"}', 'attempts_exhausted', 'TransientError', 'the shop was away', 5, '2026-11-25 10:00:00+00', '2026-11-25 10:05:00+00', 'open', 0, NULL, '', 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.deliveries OVERRIDING SYSTEM VALUE VALUES (1, 'course_access', 0, 'brain:events:stream', '1795000000001-0', 'delivery-1', NULL, NULL, NULL, NULL, 'replay', NULL, NULL, 0, 0, 0, '2026-11-25 10:00:00+00', NULL, NULL, false, NULL, '2026-11-26 07:26:51.154+00', DEFAULT, DEFAULT);

INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (2, '50903d15-87cd-4dd0-8ccf-9e441a189eec', 'course.generation.requested', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', 'bde83f28-a57d-42ae-b6e6-187230cee970', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "bde83f28-a57d-42ae-b6e6-187230cee970", "source_module": "course_factory", "schema_version": 1}', '{"title": "Repairing a bicycle", "dry_run": false, "language": "en", "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "target_audiences": ["private_individuals"], "full_lessons_count": 3}', '2026-11-26 07:25:33.261+00', '2026-11-26 07:25:33.235+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933345-1', '2026-11-26 07:25:33.41+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (1, 'bde83f28-a57d-42ae-b6e6-187230cee970', 'ir.validated_pass', 'ir_governance', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, NULL, NULL, 'INFO', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "86a185684ca8068836efb3cd3ed8832c522e48f35fbf6971a45bb510bf7b67fa", "risk_tier": 0, "tenant_id": "acme", "request_id": "d40c8043-b880-4afa-b268-4932e2db6db0", "step_count": 5, "violations": [], "validated_at": "2026-11-26T07:25:33.238Z", "requires_approval": false}', '2026-11-26 07:25:33.239+00', '2026-11-26 07:25:33.235+00', 0, 'acme', '1795677933345-0', '2026-11-26 07:25:33.41+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "status": 201, "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (4, 'b6409864-b46d-4b2c-a094-7110c918fcef', 'course.outline.created', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"modules": [{"title": "Foundations: Repairing a bicycle", "lessons": [{"title": "Terms and context", "lesson_id": "77319f11-62b9-579a-9a52-f0db421202b6", "duration_minutes": 20}, {"title": "How things are connected", "lesson_id": "7d5a854d-197c-53a8-9780-635602338edd", "duration_minutes": 20}, {"title": "Widespread mistakes", "lesson_id": "aacbdfa8-a226-51d0-921b-8672353a62da", "duration_minutes": 20}], "module_id": "1435c289-5804-511a-808d-8c78b3641447", "lessons_count": 3, "duration_minutes": 60}, {"title": "Methods: Repairing a bicycle", "lessons": [{"title": "Working to a plan", "lesson_id": "eb9dcc0f-32b8-5cb6-bff5-42ace4d00221", "duration_minutes": 20}, {"title": "Finding and checking information", "lesson_id": "775ec2ee-c847-563b-871e-69cebb0bfbfb", "duration_minutes": 20}, {"title": "Comparing options", "lesson_id": "d14dfb1b-eea6-5cff-853e-45b7757ff0e5", "duration_minutes": 20}], "module_id": "40f4d98c-9b4e-5756-a028-ca498968d048", "lessons_count": 3, "duration_minutes": 60}, {"title": "Practice: Repairing a bicycle", "lessons": [{"title": "Planning a project of your own", "lesson_id": "510047ef-5796-556f-ae34-b2713d4ab02c", "duration_minutes": 20}, {"title": "Carrying it out and keeping going", "lesson_id": "bcc4d0be-bbe9-58d7-8007-35cf5b5e4d5d", "duration_minutes": 20}, {"title": "Dealing with obstacles", "lesson_id": "c7125916-d132-5b42-abc2-27fce8fd5411", "duration_minutes": 20}], "module_id": "ae437bf6-974e-532f-a811-4fde4c0537eb", "lessons_count": 3, "duration_minutes": 60}, {"title": "Going deeper: Repairing a bicycle", "lessons": [{"title": "Judging and improving results", "lesson_id": "b4ae0308-44dc-55fa-9197-c3a1c558056d", "duration_minutes": 20}, {"title": "Sharing knowledge and working together", "lesson_id": "f574aad1-7cba-5145-9172-f6f97374e6f5", "duration_minutes": 20}, {"title": "Your personal roadmap", "lesson_id": "1bc6a450-fb7c-5578-bb54-3ff562651ae4", "duration_minutes": 20}], "module_id": "a51bb52a-9ad5-5004-8d0a-69bf662c0625", "lessons_count": 3, "duration_minutes": 60}], "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "template_id": null, "modules_count": 4, "total_lessons": 12, "total_duration_minutes": 240}', '2026-11-26 07:25:33.432+00', '2026-11-26 07:25:33.381+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933482-0', '2026-11-26 07:25:33.544+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (5, '4f0ffa1d-27d3-4d8d-9e2c-7382dfb390fd', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "lesson_id": "77319f11-62b9-579a-9a52-f0db421202b6", "module_id": "1435c289-5804-511a-808d-8c78b3641447", "lesson_index": 1, "lesson_title": "Terms and context", "content_length": 3256}', '2026-11-26 07:25:33.433+00', '2026-11-26 07:25:33.381+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933482-1', '2026-11-26 07:25:33.544+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (12, '110677da-fbea-4f33-91ac-d290100c0cab', 'course.deployed.staging', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', '587837e8-6bdf-4866-bf22-9ac6e7443c8d', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "587837e8-6bdf-4866-bf22-9ac6e7443c8d", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "deployed_at": "2026-11-26T07:25:33.668Z", "staging_url": "http://127.0.0.1:18787/staging/593c626e-f3ff-44b8-b3cc-fb30d4a791d6/abhhohhloidgoaghokigjehcpaelfafjpaabejgi/v1/", "staging_domain": "course-factory.staging"}', '2026-11-26 07:25:33.672+00', '2026-11-26 07:25:33.661+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933685-0', '2026-11-26 07:25:33.698+00', DEFAULT, NULL);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (16, 'c3614c3f-76ee-433f-8389-29ae7a3f6616', 'ir.approval_created', 'ir_governance', NULL, 'acme', 'reviewer-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', 'f232a011-093a-472e-aa5d-ee431bde32b0', NULL, NULL, 'INFO', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "causation_id": "f232a011-093a-472e-aa5d-ee431bde32b0", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376", "tenant_id": "acme", "created_at": "2026-11-26T07:25:36.679Z", "created_by": "reviewer-1", "expires_at": "2026-11-26T08:25:36.679Z", "approval_id": "f280c111-82cf-4d69-97fc-5ce8088c5c32", "ttl_seconds": 3600}', '2026-11-26 07:25:36.688+00', '2026-11-26 07:25:36.685+00', 0, 'acme', '1795677936706-0', '2026-11-26 07:25:36.731+00', DEFAULT, '{"at": "2026-11-26T07:25:36.679Z", "id": "fc4e5b96-d447-4247-a133-7133ebd7e2a6", "path": "/api/ir/approvals", "type": "request", "method": "POST", "status": 200, "actor_id": "reviewer-1", "request_id": "860e0db7-8c6e-4e41-b7e3-542ddedcb1e6"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (3, 'c1ab5605-d306-4831-9f89-55064aa56123', 'course.generation.started', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"topic": "Repairing a bicycle", "user_id": null, "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "parameters": {"run": "c2552403-5685-4c9f-9e6b-00be57d30573", "resumed": false, "language": "en", "generator": "template", "generate_quiz": true, "deploy_to_staging": false, "full_lessons_count": 3, "generate_landing_page": true}}', '2026-11-26 07:25:33.325+00', '2026-11-26 07:25:33.313+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933412-0', '2026-11-26 07:25:33.443+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (6, '268c2c1e-4398-492a-bb94-c6e920c1acde', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "lesson_id": "7d5a854d-197c-53a8-9780-635602338edd", "module_id": "1435c289-5804-511a-808d-8c78b3641447", "lesson_index": 2, "lesson_title": "How things are connected", "content_length": 3252}', '2026-11-26 07:25:33.433+00', '2026-11-26 07:25:33.381+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933482-2', '2026-11-26 07:25:33.544+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (7, '4ba5cf9c-a475-4be1-8b68-77016e5cfcfd', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "lesson_id": "aacbdfa8-a226-51d0-921b-8672353a62da", "module_id": "1435c289-5804-511a-808d-8c78b3641447", "lesson_index": 3, "lesson_title": "Widespread mistakes", "content_length": 3221}', '2026-11-26 07:25:33.434+00', '2026-11-26 07:25:33.381+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933482-3', '2026-11-26 07:25:33.544+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (8, 'bc9d5e4f-d550-465f-99a3-63537c959784', 'course.quiz.created', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"quiz_id": "e6ae8920-969d-5814-895c-5a18972fe3af", "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "question_ids": ["37962cbf-6061-5764-97db-038437d41a9a", "7920565a-2d69-5f60-b4d4-e8a5205ff0fa", "c68ea410-5125-5fba-b19f-7ddcaade83b8", "1caeba3a-201a-5cdf-a4d7-07dc8cf672fa", "c3c67a7d-a4b8-54f5-af52-64bd32bb4c7a", "94d019f4-719b-5cf4-9644-6a665dc56644", "39dc63d8-749b-552c-a48d-f6c25f54a1db", "5ba7c6a1-c2e3-5dd9-aa89-548e34bcff5f", "1f290ba9-6887-5d03-9899-62b6485fdec7", "51e60999-34b3-565c-bbb1-4e2d046872e8", "f233e57c-3cbf-5afd-955a-a277d91333fd", "53dcb75e-3e24-5dd9-a105-41495c04b703", "09db8fd2-886c-581b-90b8-97466647132f", "82b4675c-5403-5a99-b275-8c706c062f02", "edfc0e36-e4e9-59d8-a209-2ea027b21009"], "question_count": 15}', '2026-11-26 07:25:33.434+00', '2026-11-26 07:25:33.381+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933482-4', '2026-11-26 07:25:33.544+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (9, '4fb9d5b2-2c78-464a-9ece-39a869f8e666', 'course.landing_page.created', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"has_hero": true, "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "has_pricing": false, "sections_count": 7, "landing_page_id": "847c653d-eb4e-53fc-b9c9-367944eed549"}', '2026-11-26 07:25:33.434+00', '2026-11-26 07:25:33.381+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933482-5', '2026-11-26 07:25:33.544+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (10, '4df7d8ff-f41d-4885-a438-72c4409d44ab', 'course.generation.completed', 'course_factory_service', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"url": "http://127.0.0.1:18787/api/course-factory/courses/593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "title": "Repairing a bicycle", "deployed": false, "duration": 0.174, "language": "en", "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "staging_url": null, "completed_at": "2026-11-26T07:25:33.371Z", "total_lessons": 12, "total_modules": 4, "target_audiences": ["private_individuals"], "evidence_pack_path": "artifact:course/593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "quiz_questions_count": 15, "execution_time_seconds": 0.174, "full_lessons_generated": 3}', '2026-11-26 07:25:33.435+00', '2026-11-26 07:25:33.381+00', 0, '593c626e-f3ff-44b8-b3cc-fb30d4a791d6', '1795677933482-6', '2026-11-26 07:25:33.544+00', DEFAULT, '{"at": "2026-11-26T07:25:33.198Z", "id": "74447b1b-280f-48ba-8ebb-da3addca5c72", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": null, "request_id": "57f529e6-75d3-4d94-b03b-0f2594abc0df"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (11, '587837e8-6bdf-4866-bf22-9ac6e7443c8d', 'distribution.created', 'course_distribution', NULL, 'acme', NULL, '57f529e6-75d3-4d94-b03b-0f2594abc0df', '4df7d8ff-f41d-4885-a438-72c4409d44ab', NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "causation_id": "4df7d8ff-f41d-4885-a438-72c4409d44ab", "source_module": "course_distribution", "schema_version": 1}', '{"slug": "repairing-a-bicycle", "title": "Repairing a bicycle", "version": "v1", "language": "en", "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "created_at": "2026-11-26T07:25:33.581Z", "visibility": "private", "derived_from": null, "target_group": ["private_individuals"], "distribution_id": "dist_f0840980e0a13ae4"}', '2026-11-26 07:25:33.596+00', '2026-11-26 07:25:33.57+00', 0, 'dist_f0840980e0a13ae4', '1795677933636-0', '2026-11-26 07:25:33.652+00', DEFAULT, NULL);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (17, '91b98e71-937e-4ee0-a07e-75d7fdecf25a', 'ir.validated_escalate', 'ir_governance', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', 'c3614c3f-76ee-433f-8389-29ae7a3f6616', NULL, NULL, 'WARNING', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "causation_id": "c3614c3f-76ee-433f-8389-29ae7a3f6616", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376", "risk_tier": 2, "tenant_id": "acme", "request_id": "5c593004-5273-4a0e-b3c5-67f6960fa486", "step_count": 5, "violations": [], "validated_at": "2026-11-26T07:25:36.711Z", "high_risk_steps": [{"action": "course.create", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 0}, {"action": "course.generate_outline", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 1}, {"action": "course.generate_lessons", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 2}, {"action": "course.generate_quiz", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 3}, {"action": "course.generate_landing", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 4}], "requires_approval": true}', '2026-11-26 07:25:36.713+00', '2026-11-26 07:25:36.711+00', 0, 'acme', '1795677936749-0', '2026-11-26 07:25:36.77+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "status": 201, "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (13, '4d930ce1-2310-47c9-aab9-e7fc0bb387f9', 'distribution.published', 'course_distribution', NULL, 'acme', NULL, 'cd29e613-dad1-4e2e-af15-71843781f7ad', NULL, NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "source_module": "course_distribution", "schema_version": 1}', '{"seo": {"meta_title": "Repairing a bicycle", "meta_keywords": [], "meta_description": "Flat tyres, brakes and chains. An online course with lessons, examples and exercises."}, "slug": "repairing-a-bicycle", "title": "Repairing a bicycle", "language": "en", "course_id": "593c626e-f3ff-44b8-b3cc-fb30d4a791d6", "visibility": "public", "published_at": "2026-11-26T07:25:36.576Z", "target_group": ["private_individuals"], "distribution_id": "dist_f0840980e0a13ae4"}', '2026-11-26 07:25:36.578+00', '2026-11-26 07:25:36.576+00', 0, 'dist_f0840980e0a13ae4', '1795677936631-0', '2026-11-26 07:25:36.681+00', DEFAULT, '{"at": "2026-11-26T07:25:36.571Z", "id": "4d102564-7579-4b65-8d15-7de4f8f55055", "path": "/api/courses/distribution/dist_f0840980e0a13ae4/publish", "type": "request", "method": "POST", "status": 200, "actor_id": null, "request_id": "cd29e613-dad1-4e2e-af15-71843781f7ad"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (14, '01716c6e-7903-4da4-a18a-661588c0aed3', 'distribution.viewed', 'course_distribution', NULL, 'acme', NULL, 'afea3653-0260-4117-b58a-b67ebdf9c65e', NULL, NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "source_module": "course_distribution", "schema_version": 1}', '{"slug": "repairing-a-bicycle", "viewed_at": "2026-11-26T07:25:36.603Z", "view_count": 1, "distribution_id": "dist_f0840980e0a13ae4", "referrer_category": "direct"}', '2026-11-26 07:25:36.603+00', '2026-11-26 07:25:36.6+00', 0, 'dist_f0840980e0a13ae4', '1795677936687-0', '2026-11-26 07:25:36.704+00', DEFAULT, '{"at": "2026-11-26T07:25:36.598Z", "id": "fbec00fa-36fc-48e8-9af0-f7ac46c3e10d", "path": "/api/courses/public/repairing-a-bicycle", "type": "request", "method": "GET", "status": 200, "actor_id": null, "request_id": "afea3653-0260-4117-b58a-b67ebdf9c65e"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (15, 'f232a011-093a-472e-aa5d-ee431bde32b0', 'ir.validated_escalate', 'ir_governance', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', NULL, NULL, NULL, 'WARNING', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376", "risk_tier": 2, "tenant_id": "acme", "request_id": "7c46b3e3-6c21-4e15-9952-b357c84d650c", "step_count": 5, "violations": [], "validated_at": "2026-11-26T07:25:36.641Z", "high_risk_steps": [{"action": "course.create", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 0}, {"action": "course.generate_outline", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 1}, {"action": "course.generate_lessons", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 2}, {"action": "course.generate_quiz", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 3}, {"action": "course.generate_landing", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 4}], "requires_approval": true}', '2026-11-26 07:25:36.641+00', '2026-11-26 07:25:36.641+00', 0, 'acme', '1795677936687-1', '2026-11-26 07:25:36.704+00', DEFAULT, '{"at": "2026-11-26T07:25:36.638Z", "id": "f9422014-c5a6-4d2a-9d3a-442014c1de81", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "status": 403, "actor_id": "author-1", "request_id": "d434d493-33c2-4d02-9f4b-278794a4b363"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (22, 'ee5e4e0f-5202-4ba5-8d04-c7798846409b', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "lesson_id": "4070d903-e4dd-5e32-9553-1b75e08e2560", "module_id": "e465162b-9ab5-5470-8c7a-d225b6162782", "lesson_index": 1, "lesson_title": "Terms and context", "content_length": 3264}', '2026-11-26 07:25:36.76+00', '2026-11-26 07:25:36.755+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936788-1', '2026-11-26 07:25:36.807+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (23, '3e00c83d-57d5-4461-bd46-65b25b0888b9', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "lesson_id": "1e443051-a48c-5cbb-b7ca-5fbe459140aa", "module_id": "e465162b-9ab5-5470-8c7a-d225b6162782", "lesson_index": 2, "lesson_title": "How things are connected", "content_length": 3260}', '2026-11-26 07:25:36.76+00', '2026-11-26 07:25:36.755+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936788-2', '2026-11-26 07:25:36.807+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (24, '483b0ad4-e43c-42d8-9557-95c40b254ad6', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "lesson_id": "ab712580-c561-558d-ad2d-499ca226bbde", "module_id": "e465162b-9ab5-5470-8c7a-d225b6162782", "lesson_index": 3, "lesson_title": "Widespread mistakes", "content_length": 3229}', '2026-11-26 07:25:36.76+00', '2026-11-26 07:25:36.755+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936788-3', '2026-11-26 07:25:36.807+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (25, '7eb02b71-091e-4b62-ba0c-2e415ce3cd3e', 'course.quiz.created', 'course_factory_service', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"quiz_id": "a86e6b0a-90d8-5655-89a7-6353a89259a5", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "question_ids": ["c7336e83-2119-5a5b-94d7-adca14c97583", "add840cc-e584-5b12-a4ad-5dbeaff35c94", "e86bc85f-17dc-517c-be3a-05d03aa90f76", "6486f10d-99c7-51c6-a7b6-563fb2fc82af", "530458d8-84aa-59f4-b031-31b0c87ad22a", "e5deb1f6-e4eb-5e16-bb29-c5e68d7c433f", "4a1ad3e0-ba93-51af-b4e4-52a64928c925", "1a294816-ee6e-5a16-8a55-998d91377c9d", "7c5644b2-9278-549f-9fe5-09db1e24f320", "963d5319-e7de-5d9b-90ac-9b0e6dcc5721", "3fcf152e-afab-5816-b968-e73c5c134a08", "26fa307a-2f65-5e8a-8852-a4045ed1b43a", "b2bd8dde-17ac-5c77-bee2-4ac06357d820", "29dfd3bb-dade-5acd-9a92-8a95e4f8b4a9", "80615884-309d-5139-be70-9c8380747ba8"], "question_count": 15}', '2026-11-26 07:25:36.76+00', '2026-11-26 07:25:36.755+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936788-4', '2026-11-26 07:25:36.807+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (21, '23eb042e-7923-438d-abb2-f0a901f5be53', 'course.outline.created', 'course_factory_service', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"modules": [{"title": "Foundations: Working in production", "lessons": [{"title": "Terms and context", "lesson_id": "4070d903-e4dd-5e32-9553-1b75e08e2560", "duration_minutes": 20}, {"title": "How things are connected", "lesson_id": "1e443051-a48c-5cbb-b7ca-5fbe459140aa", "duration_minutes": 20}, {"title": "Widespread mistakes", "lesson_id": "ab712580-c561-558d-ad2d-499ca226bbde", "duration_minutes": 20}], "module_id": "e465162b-9ab5-5470-8c7a-d225b6162782", "lessons_count": 3, "duration_minutes": 60}, {"title": "Methods: Working in production", "lessons": [{"title": "Working to a plan", "lesson_id": "27f7e7e2-4d39-5143-984b-de1fba55d0ae", "duration_minutes": 20}, {"title": "Finding and checking information", "lesson_id": "46d24800-71d5-53df-9ae5-aac468224dd5", "duration_minutes": 20}, {"title": "Comparing options", "lesson_id": "aa25cf57-18ab-5b5a-8e56-c84cdf45db80", "duration_minutes": 20}], "module_id": "43031386-bf79-58b3-9a40-1aa7e1e7eece", "lessons_count": 3, "duration_minutes": 60}, {"title": "Practice: Working in production", "lessons": [{"title": "Planning a project of your own", "lesson_id": "312ea6f2-c6b8-5d5e-bafb-a303e199851c", "duration_minutes": 20}, {"title": "Carrying it out and keeping going", "lesson_id": "80c80cee-fe79-5590-97fb-9e83dbbf4ca5", "duration_minutes": 20}, {"title": "Dealing with obstacles", "lesson_id": "9fdf8507-c171-57f4-84ff-7475652e7136", "duration_minutes": 20}], "module_id": "21f94489-6d79-5183-a7fe-143c5aa6cf99", "lessons_count": 3, "duration_minutes": 60}, {"title": "Going deeper: Working in production", "lessons": [{"title": "Judging and improving results", "lesson_id": "c931e71d-f225-59db-9954-0baf8b8e327e", "duration_minutes": 20}, {"title": "Sharing knowledge and working together", "lesson_id": "2910a892-9d9a-5df7-9649-14f97b776389", "duration_minutes": 20}, {"title": "Your personal roadmap", "lesson_id": "377ff195-9349-581d-af37-d0431f06469e", "duration_minutes": 20}], "module_id": "5ea3fc1d-17f1-5cd8-b964-ecaf67447621", "lessons_count": 3, "duration_minutes": 60}], "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "template_id": null, "modules_count": 4, "total_lessons": 12, "total_duration_minutes": 240}', '2026-11-26 07:25:36.759+00', '2026-11-26 07:25:36.755+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936788-0', '2026-11-26 07:25:36.807+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (30, 'dca49e5a-f4b4-446f-bff4-15b83600c1cd', 'distribution.created', 'course_distribution', NULL, 'acme', NULL, 'd434d493-33c2-4d02-9f4b-278794a4b363', '690f6c3e-dda6-42f2-9b78-0a5c4806cd1f', NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "causation_id": "690f6c3e-dda6-42f2-9b78-0a5c4806cd1f", "source_module": "course_distribution", "schema_version": 1}', '{"slug": "working-in-production", "title": "Working in production", "version": "v1", "language": "en", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "created_at": "2026-11-26T07:25:36.905Z", "visibility": "private", "derived_from": null, "target_group": ["private_individuals"], "distribution_id": "dist_7c897fbb06b306d8"}', '2026-11-26 07:25:36.912+00', '2026-11-26 07:25:36.826+00', 0, 'dist_7c897fbb06b306d8', '1795677937053-0', '2026-11-26 07:25:37.16+00', DEFAULT, NULL);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (18, '771e9ab3-7fdc-4a9e-b511-64e464dc68ee', 'ir.approval_consumed', 'ir_governance', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', 'c3614c3f-76ee-433f-8389-29ae7a3f6616', NULL, NULL, 'INFO', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "causation_id": "c3614c3f-76ee-433f-8389-29ae7a3f6616", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376", "tenant_id": "acme", "approval_id": "f280c111-82cf-4d69-97fc-5ce8088c5c32", "consumed_at": "2026-11-26T07:25:36.711Z", "consumed_by": "author-1", "was_expired": false, "time_to_consume_seconds": 0}', '2026-11-26 07:25:36.718+00', '2026-11-26 07:25:36.711+00', 0, 'acme', '1795677936749-1', '2026-11-26 07:25:36.77+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (19, '66ccd293-fc28-487c-a915-635d3b5aac18', 'course.generation.requested', 'course_factory_service', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', '91b98e71-937e-4ee0-a07e-75d7fdecf25a', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "91b98e71-937e-4ee0-a07e-75d7fdecf25a", "source_module": "course_factory", "schema_version": 1}', '{"title": "Working in production", "dry_run": false, "language": "en", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "target_audiences": ["private_individuals"], "full_lessons_count": 3}', '2026-11-26 07:25:36.72+00', '2026-11-26 07:25:36.711+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936749-2', '2026-11-26 07:25:36.77+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (20, 'c6ed2ef0-c2a6-451a-ab13-d58f8f53c1c3', 'course.generation.started', 'course_factory_service', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"topic": "Working in production", "user_id": "author-1", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "parameters": {"run": "794e9d3b-52b8-450a-acf7-ae94aa3b62b1", "resumed": false, "language": "en", "generator": "template", "generate_quiz": true, "deploy_to_staging": false, "full_lessons_count": 3, "generate_landing_page": true}}', '2026-11-26 07:25:36.738+00', '2026-11-26 07:25:36.737+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936749-3', '2026-11-26 07:25:36.77+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (26, 'ed691860-f658-4b43-97a2-ab434c2101ac', 'course.landing_page.created', 'course_factory_service', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"has_hero": true, "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "has_pricing": false, "sections_count": 7, "landing_page_id": "4d8447e2-363d-5376-ab70-f925610d94ad"}', '2026-11-26 07:25:36.76+00', '2026-11-26 07:25:36.755+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936788-5', '2026-11-26 07:25:36.807+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (27, '690f6c3e-dda6-42f2-9b78-0a5c4806cd1f', 'course.generation.completed', 'course_factory_service', NULL, 'acme', 'author-1', 'd434d493-33c2-4d02-9f4b-278794a4b363', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"url": "http://127.0.0.1:18787/api/course-factory/courses/ff636b15-d830-4f9e-b06a-9a58f62b6204", "title": "Working in production", "deployed": false, "duration": 0.044, "language": "en", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "staging_url": null, "completed_at": "2026-11-26T07:25:36.751Z", "total_lessons": 12, "total_modules": 4, "target_audiences": ["private_individuals"], "evidence_pack_path": "artifact:course/ff636b15-d830-4f9e-b06a-9a58f62b6204", "quiz_questions_count": 15, "execution_time_seconds": 0.044, "full_lessons_generated": 3}', '2026-11-26 07:25:36.76+00', '2026-11-26 07:25:36.755+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936788-6', '2026-11-26 07:25:36.807+00', DEFAULT, '{"at": "2026-11-26T07:25:36.707Z", "id": "8b39b367-9308-49dc-8248-9e9e1a6e4485", "path": "/api/course-factory/generate", "type": "request", "method": "POST", "actor_id": "author-1", "request_id": "f0463844-2a72-4d71-bbcc-7f7c84c32882"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (29, '42b2d57c-85c7-4a70-9b31-4f6321552c3f', 'payment.intent.created', 'payment', NULL, 'acme', NULL, '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', '5361d726-731a-4c17-8b35-d6dc71586d97', NULL, NULL, NULL, 1, 'payment', 'payment', '{"producer": "payment", "causation_id": "5361d726-731a-4c17-8b35-d6dc71586d97", "source_module": "payment", "schema_version": 1}', '{"user_id": "user-7", "currency": "EUR", "provider": "stripe", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "intent_id": "4e6cdf67-8fd2-4dfb-9438-6b3b58232229", "tenant_id": "acme", "payment_id": "4e6cdf67-8fd2-4dfb-9438-6b3b58232229", "occurred_at": "2026-11-26T07:25:36.790Z", "amount_cents": 4900}', '2026-11-26 07:25:36.874+00', '2026-11-26 07:25:36.808+00', 0, '4e6cdf67-8fd2-4dfb-9438-6b3b58232229', '1795677936938-1', '2026-11-26 07:25:36.982+00', DEFAULT, '{"at": "2026-11-26T07:25:36.790Z", "id": "b6e9a2cf-607e-40ab-8fc9-634133dbe846", "path": "/api/paycore/intents", "type": "request", "method": "POST", "actor_id": null, "request_id": "34e4d261-20d9-44eb-ab00-8e76cc97a3a9"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (28, '5361d726-731a-4c17-8b35-d6dc71586d97', 'course.payment.required', 'payment', NULL, 'acme', 'user-7', '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', NULL, NULL, NULL, NULL, 1, 'payment', 'course_factory', '{"producer": "payment", "source_module": "course_factory", "schema_version": 1}', '{"amount": 49, "currency": "EUR", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "amount_cents": 4900}', '2026-11-26 07:25:36.873+00', '2026-11-26 07:25:36.808+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677936938-0', '2026-11-26 07:25:36.982+00', DEFAULT, '{"at": "2026-11-26T07:25:36.790Z", "id": "b6e9a2cf-607e-40ab-8fc9-634133dbe846", "path": "/api/paycore/intents", "type": "request", "method": "POST", "status": 201, "actor_id": null, "request_id": "34e4d261-20d9-44eb-ab00-8e76cc97a3a9"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (31, '5d89d89d-8aac-44be-822a-c9091a4644ab', 'course.deployed.staging', 'course_factory_service', NULL, 'acme', NULL, 'd434d493-33c2-4d02-9f4b-278794a4b363', 'dca49e5a-f4b4-446f-bff4-15b83600c1cd', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "dca49e5a-f4b4-446f-bff4-15b83600c1cd", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "deployed_at": "2026-11-26T07:25:37.228Z", "staging_url": "http://127.0.0.1:18787/staging/ff636b15-d830-4f9e-b06a-9a58f62b6204/lddpdalpnimmjcfphofnhmeagicmalklcckidedo/v1/", "staging_domain": "course-factory.staging"}', '2026-11-26 07:25:37.283+00', '2026-11-26 07:25:37.192+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677937315-0', '2026-11-26 07:25:37.338+00', DEFAULT, NULL);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (33, '4c971b91-c47b-4d3a-b36a-741aab075aa5', 'course.payment.completed', 'course_factory_service', NULL, 'acme', NULL, '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', '545f6438-1ac0-41e0-a717-946c1748b30e', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "545f6438-1ac0-41e0-a717-946c1748b30e", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "transaction_id": "c461c616-e718-424c-a59b-f92887cd7b46"}', '2026-11-26 07:25:37.46+00', '2026-11-26 07:25:37.421+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677937569-0', '2026-11-26 07:25:37.63+00', DEFAULT, NULL);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (32, '545f6438-1ac0-41e0-a717-946c1748b30e', 'payment.transaction.completed', 'payment', NULL, 'acme', NULL, '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', '42b2d57c-85c7-4a70-9b31-4f6321552c3f', NULL, NULL, NULL, 1, 'payment', 'payment', '{"producer": "payment", "causation_id": "42b2d57c-85c7-4a70-9b31-4f6321552c3f", "source_module": "payment", "schema_version": 1}', '{"user_id": "user-7", "currency": "EUR", "provider": "stripe", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "intent_id": "4e6cdf67-8fd2-4dfb-9438-6b3b58232229", "tenant_id": "acme", "payment_id": "c461c616-e718-424c-a59b-f92887cd7b46", "occurred_at": "2026-11-26T07:25:37.276Z", "amount_cents": 4900}', '2026-11-26 07:25:37.297+00', '2026-11-26 07:25:37.277+00', 0, 'c461c616-e718-424c-a59b-f92887cd7b46', '1795677937393-0', '2026-11-26 07:25:37.409+00', DEFAULT, '{"at": "2026-11-26T07:25:37.270Z", "id": "3e54a382-04ac-4757-af7b-bfd69fdf767b", "path": "/api/paycore/webhooks/stripe", "type": "request", "method": "POST", "status": 200, "actor_id": null, "request_id": "18fade2f-3429-4f1b-ad84-1f942decc061"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (34, '84ec2d5b-5e15-40f9-8eb7-0f5f081b90b8', 'course.distribution.requested', 'course_factory_service', NULL, 'acme', NULL, '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', '545f6438-1ac0-41e0-a717-946c1748b30e', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "545f6438-1ac0-41e0-a717-946c1748b30e", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204"}', '2026-11-26 07:25:37.46+00', '2026-11-26 07:25:37.421+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677937569-1', '2026-11-26 07:25:37.63+00', DEFAULT, NULL);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (35, 'e6b14b58-7574-4cce-92e7-9ad9f716e384', 'course.access.granted', 'course_access', NULL, 'acme', NULL, '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', '545f6438-1ac0-41e0-a717-946c1748b30e', NULL, NULL, NULL, 1, 'course_access', 'course_access', '{"producer": "course_access", "causation_id": "545f6438-1ac0-41e0-a717-946c1748b30e", "source_module": "course_access", "schema_version": 1}', '{"reason": null, "user_id": "user-7", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "tenant_id": "acme", "granted_at": "2026-11-26T07:25:37.490Z", "payment_id": "c461c616-e718-424c-a59b-f92887cd7b46"}', '2026-11-26 07:25:37.515+00', '2026-11-26 07:25:37.443+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677937569-2', '2026-11-26 07:25:37.63+00', DEFAULT, NULL);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (36, '46cbea93-6a6b-4234-b28b-c5b75feb2bfb', 'course.distribution.completed', 'course_distribution', NULL, 'acme', NULL, '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', '84ec2d5b-5e15-40f9-8eb7-0f5f081b90b8', NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "causation_id": "84ec2d5b-5e15-40f9-8eb7-0f5f081b90b8", "source_module": "course_distribution", "schema_version": 1}', '{"slug": "working-in-production", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "distribution_id": "dist_7c897fbb06b306d8"}', '2026-11-26 07:25:37.745+00', '2026-11-26 07:25:37.701+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677937763-0', '2026-11-26 07:25:37.777+00', DEFAULT, NULL);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (37, 'bf22caf8-66d2-47e0-807e-70fe8f1fd699', 'payment.refund.requested', 'payment', NULL, 'acme', NULL, '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', '545f6438-1ac0-41e0-a717-946c1748b30e', NULL, NULL, NULL, 1, 'payment', 'payment', '{"producer": "payment", "causation_id": "545f6438-1ac0-41e0-a717-946c1748b30e", "source_module": "payment", "schema_version": 1}', '{"reason": "wrong course", "user_id": "user-7", "currency": "EUR", "provider": "stripe", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "intent_id": "4e6cdf67-8fd2-4dfb-9438-6b3b58232229", "refund_id": "07020c2a-5a35-4925-a96c-18873da7505f", "tenant_id": "acme", "payment_id": "c461c616-e718-424c-a59b-f92887cd7b46", "occurred_at": "2026-11-26T07:25:41.169Z", "amount_cents": 4900}', '2026-11-26 07:25:41.185+00', '2026-11-26 07:25:41.174+00', 0, 'c461c616-e718-424c-a59b-f92887cd7b46', '1795677941237-0', '2026-11-26 07:25:41.259+00', DEFAULT, '{"at": "2026-11-26T07:25:41.169Z", "id": "1dee80fd-df9b-4bcb-bdac-f50df65dff58", "path": "/api/paycore/refunds", "type": "request", "method": "POST", "status": 201, "actor_id": null, "request_id": "5b898099-b8c7-423f-9df2-a81b5eec59c6"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (38, '0690e5ff-4fd5-45fe-ba74-cae6747cf47e', 'payment.refund.completed', 'payment', NULL, 'acme', NULL, '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', 'bf22caf8-66d2-47e0-807e-70fe8f1fd699', NULL, NULL, NULL, 1, 'payment', 'payment', '{"producer": "payment", "causation_id": "bf22caf8-66d2-47e0-807e-70fe8f1fd699", "source_module": "payment", "schema_version": 1}', '{"reason": "wrong course", "user_id": "user-7", "currency": "EUR", "provider": "stripe", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "intent_id": "4e6cdf67-8fd2-4dfb-9438-6b3b58232229", "refund_id": "07020c2a-5a35-4925-a96c-18873da7505f", "tenant_id": "acme", "payment_id": "c461c616-e718-424c-a59b-f92887cd7b46", "occurred_at": "2026-11-26T07:25:41.256Z", "amount_cents": 4900}', '2026-11-26 07:25:41.262+00', '2026-11-26 07:25:41.253+00', 0, 'c461c616-e718-424c-a59b-f92887cd7b46', '1795677941283-0', '2026-11-26 07:25:41.325+00', DEFAULT, '{"at": "2026-11-26T07:25:41.169Z", "id": "1dee80fd-df9b-4bcb-bdac-f50df65dff58", "path": "/api/paycore/refunds", "type": "request", "method": "POST", "actor_id": null, "request_id": "5b898099-b8c7-423f-9df2-a81b5eec59c6"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (39, '02d2d82c-864f-46fa-9366-b2d5c2bf25e7', 'mission.created', 'mission_queue_manager', NULL, NULL, NULL, '18965647-f3d7-46e1-9706-b2d863e5208f', NULL, 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', NULL, 1, 'mission_queue_manager', 'missions', '{"producer": "mission_queue_manager", "source_module": "missions", "schema_version": 1}', '{"type": "echo", "priority": "HIGH", "created_at": "2026-11-26T07:25:41.297Z", "mission_id": "fe4e7df2-a16a-4a3a-83ad-b261fe37df6a", "mission_name": "Say it back"}', '2026-11-26 07:25:41.318+00', '2026-11-26 07:25:41.303+00', 0, 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', '1795677941413-0', '2026-11-26 07:25:41.495+00', DEFAULT, '{"at": "2026-11-26T07:25:41.298Z", "id": "49001c44-d2f7-4557-9a58-eca48520c3c2", "path": "/api/missions/enqueue", "type": "request", "method": "POST", "status": 202, "actor_id": null, "request_id": "18965647-f3d7-46e1-9706-b2d863e5208f"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (40, '21f2d912-d85f-4e54-a8b5-685d26603ddd', 'task.created', 'mission_queue_manager', NULL, NULL, NULL, '18965647-f3d7-46e1-9706-b2d863e5208f', '02d2d82c-864f-46fa-9366-b2d5c2bf25e7', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', NULL, 1, 'mission_queue_manager', 'missions', '{"producer": "mission_queue_manager", "causation_id": "02d2d82c-864f-46fa-9366-b2d5c2bf25e7", "source_module": "missions", "schema_version": 1}', '{"task_id": "fe4e7df2-a16a-4a3a-83ad-b261fe37df6a", "priority": "HIGH", "created_at": "2026-11-26T07:25:41.297Z", "mission_type": "echo"}', '2026-11-26 07:25:41.323+00', '2026-11-26 07:25:41.303+00', 0, 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', '1795677941413-1', '2026-11-26 07:25:41.495+00', DEFAULT, '{"at": "2026-11-26T07:25:41.298Z", "id": "49001c44-d2f7-4557-9a58-eca48520c3c2", "path": "/api/missions/enqueue", "type": "request", "method": "POST", "actor_id": null, "request_id": "18965647-f3d7-46e1-9706-b2d863e5208f"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (41, 'b3ab4772-60bf-485c-b542-2d3d86d42591', 'agent.message', 'robot-1', 'robot-2', NULL, NULL, 'caf35c3b-9272-4ec6-a6e2-d14aa0ecbbcf', NULL, NULL, NULL, NULL, 1, 'agents', 'agents', '{"producer": "agents", "source_module": "agents", "schema_version": 1}', '{"to": "robot-2", "from": "robot-1", "message": {"say": "hello"}}', '2026-11-26 07:25:41.447+00', '2026-11-26 07:25:41.446+00', 0, 'robot-2', '1795677941564-0', '2026-11-26 07:25:41.616+00', DEFAULT, '{"at": "2026-11-26T07:25:41.425Z", "id": "c897bad5-28cf-492e-ba59-ede1970ed0e5", "path": "/api/agents/robot-2/messages", "type": "request", "method": "POST", "status": 202, "actor_id": null, "request_id": "caf35c3b-9272-4ec6-a6e2-d14aa0ecbbcf"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (42, '391146e0-cb91-488f-b4ac-82137704d27f', 'mission.started', 'mission_worker', NULL, NULL, NULL, '18965647-f3d7-46e1-9706-b2d863e5208f', '21f2d912-d85f-4e54-a8b5-685d26603ddd', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', NULL, 1, 'mission_worker', 'missions', '{"producer": "mission_worker", "causation_id": "21f2d912-d85f-4e54-a8b5-685d26603ddd", "source_module": "missions", "schema_version": 1}', '{"result": null, "mission_id": "fe4e7df2-a16a-4a3a-83ad-b261fe37df6a", "new_status": "running", "old_status": "queued", "mission_name": "Say it back", "error_message": null}', '2026-11-26 07:25:41.602+00', '2026-11-26 07:25:41.53+00', 0, 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', '1795677941701-0', '2026-11-26 07:25:41.785+00', DEFAULT, '{"at": "2026-11-26T07:25:41.407Z", "id": "1aa94486-717b-4ef5-8a58-989575d706d1", "name": "mission_worker", "type": "job"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (43, '24c5c9da-188a-43ff-a67f-31ed387327dc', 'task.started', 'mission_worker', NULL, NULL, NULL, '18965647-f3d7-46e1-9706-b2d863e5208f', '391146e0-cb91-488f-b4ac-82137704d27f', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', NULL, 1, 'mission_worker', 'missions', '{"producer": "mission_worker", "causation_id": "391146e0-cb91-488f-b4ac-82137704d27f", "source_module": "missions", "schema_version": 1}', '{"score": 29.999999999999, "task_id": "fe4e7df2-a16a-4a3a-83ad-b261fe37df6a", "priority": "HIGH", "started_at": "2026-11-26T07:25:41.545Z", "retry_count": 0, "mission_type": "echo"}', '2026-11-26 07:25:41.603+00', '2026-11-26 07:25:41.53+00', 0, 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', '1795677941701-1', '2026-11-26 07:25:41.785+00', DEFAULT, '{"at": "2026-11-26T07:25:41.407Z", "id": "1aa94486-717b-4ef5-8a58-989575d706d1", "name": "mission_worker", "type": "job"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (44, 'ebb0dfd7-9f36-4cd6-a754-b8bc570d3188', 'course.access.revoked', 'course_access', NULL, 'acme', NULL, '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', '0690e5ff-4fd5-45fe-ba74-cae6747cf47e', NULL, NULL, NULL, 1, 'course_access', 'course_access', '{"producer": "course_access", "causation_id": "0690e5ff-4fd5-45fe-ba74-cae6747cf47e", "source_module": "course_access", "schema_version": 1}', '{"reason": "payment_refunded", "user_id": "user-7", "course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204", "tenant_id": "acme", "payment_id": "c461c616-e718-424c-a59b-f92887cd7b46", "revoked_at": "2026-11-26T07:25:41.733Z"}', '2026-11-26 07:25:41.755+00', '2026-11-26 07:25:41.453+00', 0, 'ff636b15-d830-4f9e-b06a-9a58f62b6204', '1795677941803-0', '2026-11-26 07:25:41.837+00', DEFAULT, NULL);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (45, '3b535a46-9e2c-4caa-a31e-fcb4e2ac2f6d', 'task.completed', 'mission_worker', NULL, NULL, NULL, '18965647-f3d7-46e1-9706-b2d863e5208f', '24c5c9da-188a-43ff-a67f-31ed387327dc', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', NULL, 1, 'mission_worker', 'missions', '{"producer": "mission_worker", "causation_id": "24c5c9da-188a-43ff-a67f-31ed387327dc", "source_module": "missions", "schema_version": 1}', '{"task_id": "fe4e7df2-a16a-4a3a-83ad-b261fe37df6a", "duration_ms": 191, "completed_at": "2026-11-26T07:25:41.736Z", "mission_type": "echo"}', '2026-11-26 07:25:41.754+00', '2026-11-26 07:25:41.727+00', 0, 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', '1795677941803-1', '2026-11-26 07:25:41.837+00', DEFAULT, '{"at": "2026-11-26T07:25:41.407Z", "id": "1aa94486-717b-4ef5-8a58-989575d706d1", "name": "mission_worker", "type": "job"}');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (46, '12d49439-ab9b-419a-9073-d438efff7c73', 'mission.completed', 'mission_worker', NULL, NULL, NULL, '18965647-f3d7-46e1-9706-b2d863e5208f', '3b535a46-9e2c-4caa-a31e-fcb4e2ac2f6d', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', NULL, 1, 'mission_worker', 'missions', '{"producer": "mission_worker", "causation_id": "3b535a46-9e2c-4caa-a31e-fcb4e2ac2f6d", "source_module": "missions", "schema_version": 1}', '{"result": null, "mission_id": "fe4e7df2-a16a-4a3a-83ad-b261fe37df6a", "new_status": "completed", "old_status": "running", "mission_name": "Say it back", "error_message": null}', '2026-11-26 07:25:41.755+00', '2026-11-26 07:25:41.727+00', 0, 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', '1795677941803-2', '2026-11-26 07:25:41.837+00', DEFAULT, '{"at": "2026-11-26T07:25:41.407Z", "id": "1aa94486-717b-4ef5-8a58-989575d706d1", "name": "mission_worker", "type": "job"}');

INSERT INTO public.ir_governance_approvals VALUES ('f280c111-82cf-4d69-97fc-5ce8088c5c32', 'acme', 'e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376', 'v2', 'consumed', 'a989a0a33526323703f51fe9e19d2eb1647e7080f53d14ebfc3777906889c47e', 3600, '2026-11-26 07:25:36.679+00', '2026-11-26 08:25:36.679+00', 'reviewer-1', '2026-11-26 07:25:36.711+00', 'author-1', NULL, NULL, 'd434d493-33c2-4d02-9f4b-278794a4b363', 'c3614c3f-76ee-433f-8389-29ae7a3f6616', '771e9ab3-7fdc-4a9e-b511-64e464dc68ee');

INSERT INTO public.ir_governance_validations VALUES ('acme', '86a185684ca8068836efb3cd3ed8832c522e48f35fbf6971a45bb510bf7b67fa', NULL, 'PASS', 0, '[]', '{"steps": [{"action": "course.create", "reason": "course.create no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle", "risk_tier": 0, "step_index": 0}, {"action": "course.generate_outline", "reason": "course.generate_outline no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:outline", "risk_tier": 0, "step_index": 1}, {"action": "course.generate_lessons", "reason": "course.generate_lessons no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:lessons", "risk_tier": 0, "step_index": 2}, {"action": "course.generate_quiz", "reason": "course.generate_quiz no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:quiz", "risk_tier": 0, "step_index": 3}, {"action": "course.generate_landing", "reason": "course.generate_landing no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:landing", "risk_tier": 0, "step_index": 4}], "step_count": 5, "budget_cents": 0, "intent_summary": "Generate the course: Repairing a bicycle"}', '{"steps": [{"action": "course.create", "params": {"title": "Repairing a bicycle", "language": "en", "description": "Flat tyres, brakes and chains.", "target_audiences": ["private_individuals"]}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_create_acme_Repairing a bicycle"}, {"action": "course.generate_outline", "params": {"modules_count": "4-6", "lessons_per_module": "3-5"}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:outline", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_outline_acme_Repairing a bicycle"}, {"action": "course.generate_lessons", "params": {"full_lessons_count": 3}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:lessons", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_lessons_acme_Repairing a bicycle"}, {"action": "course.generate_quiz", "params": {"question_count": 15}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:quiz", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_quiz_acme_Repairing a bicycle"}, {"action": "course.generate_landing", "params": {}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:landing", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_landing_acme_Repairing a bicycle"}], "labels": {"module": "course_factory", "dry_run": "false", "language": "en"}, "tenant_id": "acme", "intent_summary": "Generate the course: Repairing a bicycle"}', 'd40c8043-b880-4afa-b268-4932e2db6db0', '57f529e6-75d3-4d94-b03b-0f2594abc0df', 'bde83f28-a57d-42ae-b6e6-187230cee970', '2026-11-26 07:25:33.238+00');
INSERT INTO public.ir_governance_validations VALUES ('acme', 'e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376', NULL, 'ESCALATE', 2, '[]', '{"steps": [{"action": "course.create", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production", "risk_tier": 2, "step_index": 0}, {"action": "course.generate_outline", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production:outline", "risk_tier": 2, "step_index": 1}, {"action": "course.generate_lessons", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production:lessons", "risk_tier": 2, "step_index": 2}, {"action": "course.generate_quiz", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production:quiz", "risk_tier": 2, "step_index": 3}, {"action": "course.generate_landing", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production:landing", "risk_tier": 2, "step_index": 4}], "step_count": 5, "budget_cents": 0, "intent_summary": "Generate the course: Working in production"}', '{"steps": [{"action": "course.create", "params": {"title": "Working in production", "language": "en", "description": "Flat tyres, brakes and chains.", "target_audiences": ["private_individuals"]}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_create_acme_Working in production"}, {"action": "course.generate_outline", "params": {"modules_count": "4-6", "lessons_per_module": "3-5"}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production:outline", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_outline_acme_Working in production"}, {"action": "course.generate_lessons", "params": {"full_lessons_count": 3}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production:lessons", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_lessons_acme_Working in production"}, {"action": "course.generate_quiz", "params": {"question_count": 15}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production:quiz", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_quiz_acme_Working in production"}, {"action": "course.generate_landing", "params": {}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production:landing", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_landing_acme_Working in production"}], "labels": {"module": "course_factory", "dry_run": "false", "language": "en"}, "tenant_id": "acme", "intent_summary": "Generate the course: Working in production"}', '5c593004-5273-4a0e-b3c5-67f6960fa486', 'd434d493-33c2-4d02-9f4b-278794a4b363', '91b98e71-937e-4ee0-a07e-75d7fdecf25a', '2026-11-26 07:25:36.711+00');

INSERT INTO public.jobs OVERRIDING SYSTEM VALUE VALUES (1, 'replay', 'course_access', 'from yesterday', 'running', NULL, '{}', NULL, 0, NULL, 0, 1, 0, 0, 0, 0, NULL, 1, 1000, NULL, 0, 0, '2026-11-26 07:26:51.19+00', NULL, NULL, NULL, '2026-11-26 07:26:51.19+00', '2026-11-26 07:26:51.19+00', NULL);

INSERT INTO public.mission_log OVERRIDING SYSTEM VALUE VALUES (1, 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', '2026-11-26 07:25:41.545+00', 'info', 'Attempt 1 of 3 begins.', '{}');
INSERT INTO public.mission_log OVERRIDING SYSTEM VALUE VALUES (2, 'fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', '2026-11-26 07:25:41.736+00', 'info', 'Attempt 1 completed the mission.', '{}');

INSERT INTO public.missions OVERRIDING SYSTEM VALUE VALUES ('fe4e7df2-a16a-4a3a-83ad-b261fe37df6a', 'echo', 'Say it back', NULL, NULL, '{"word": "hello"}', 30, 'completed', 1, 3, 3, 1, NULL, NULL, '2026-11-26 07:25:41.303+00', '2026-11-26 07:25:41.545+00', '2026-11-26 07:25:41.545+00', '2026-11-26 07:25:41.736+00', '{"echo": {"word": "hello"}}', NULL, NULL, '18965647-f3d7-46e1-9706-b2d863e5208f', 'api', '12d49439-ab9b-419a-9073-d438efff7c73', NULL, NULL, NULL, '2026-11-26 07:25:41.297+00', '2026-11-26 07:25:41.736+00');

INSERT INTO public.operator_actions OVERRIDING SYSTEM VALUE VALUES (1, 'pause', NULL, 'for the record', NULL, NULL, NULL, NULL, NULL, '2026-11-26 07:26:51.198+00');

INSERT INTO public.paycore_intents VALUES ('4e6cdf67-8fd2-4dfb-9438-6b3b58232229', 'acme', 'user-7', 'ff636b15-d830-4f9e-b06a-9a58f62b6204', 'stripe', 'cs_test_d068c446c9bdb9072e94fe22', 'pi_7e1a5cf76b5ce07a0d4e931c', 'http://127.0.0.1:40801/pay/cs_test_d068c446c9bdb9072e94fe22', 4900, 'EUR', 'succeeded', NULL, '{"course_id": "ff636b15-d830-4f9e-b06a-9a58f62b6204"}', 'c461c616-e718-424c-a59b-f92887cd7b46', 'http://127.0.0.1:40801/thanks?intent_id=4e6cdf67-8fd2-4dfb-9438-6b3b58232229', 'http://127.0.0.1:40801/given-up?intent_id=4e6cdf67-8fd2-4dfb-9438-6b3b58232229', 1, '2026-11-26 07:26:36.911+00', NULL, NULL, '5361d726-731a-4c17-8b35-d6dc71586d97', '34e4d261-20d9-44eb-ab00-8e76cc97a3a9', '0690e5ff-4fd5-45fe-ba74-cae6747cf47e', '2026-11-26 07:25:36.79+00', '2026-11-26 07:25:41.256+00');

INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_37bef5323738de845215cdbf', 'charge.succeeded', 'recorded', NULL, '2026-11-26 07:25:37.191+00');
INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_7e44ef6545761d4884669368', 'payment_intent.succeeded', 'processed', '4e6cdf67-8fd2-4dfb-9438-6b3b58232229', '2026-11-26 07:25:37.276+00');
INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_636defd2d5fe602c517eea82', 'checkout.session.completed', 'ignored', '4e6cdf67-8fd2-4dfb-9438-6b3b58232229', '2026-11-26 07:25:37.364+00');
INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_2f161c9807a1237e35ed4d75', 'refund.created', 'ignored', '4e6cdf67-8fd2-4dfb-9438-6b3b58232229', '2026-11-26 07:25:41.268+00');
INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_952c1527c00cf0f88d6cf8ef', 'charge.refunded', 'ignored', '4e6cdf67-8fd2-4dfb-9438-6b3b58232229', '2026-11-26 07:25:41.435+00');

INSERT INTO public.paycore_refunds VALUES ('07020c2a-5a35-4925-a96c-18873da7505f', '4e6cdf67-8fd2-4dfb-9438-6b3b58232229', 'acme', '42131b22-c80b-46a8-bd8a-abc617e7a469', 4900, 'wrong course', 'succeeded', NULL, 'api', NULL, 're_e05c3f5d95eb5e765121b02f', 1, '2026-11-26 07:26:41.214+00', NULL, NULL, '2026-11-26 07:25:41.169+00', '2026-11-26 07:25:41.256+00');

INSERT INTO public.paycore_revenue_daily VALUES ('2026-11-26', 'acme', 'EUR', 4900, 1, 1, 4900);

INSERT INTO public.paycore_transactions VALUES ('c461c616-e718-424c-a59b-f92887cd7b46', '4e6cdf67-8fd2-4dfb-9438-6b3b58232229', 'payment_succeeded', 'evt_7e44ef6545761d4884669368', NULL, 4900, 'EUR', '{"reason": null, "payment": "pi_7e1a5cf76b5ce07a0d4e931c", "session": null}', '2026-11-26 07:25:37.276+00');
INSERT INTO public.paycore_transactions VALUES ('42131b22-c80b-46a8-bd8a-abc617e7a469', '4e6cdf67-8fd2-4dfb-9438-6b3b58232229', 'refund_succeeded', NULL, '07020c2a-5a35-4925-a96c-18873da7505f', 4900, 'EUR', '{"reason": null, "refund": "re_e05c3f5d95eb5e765121b02f"}', '2026-11-26 07:25:41.256+00');

INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (2, 'course_factory', 'brain:events:stream', '1795677933412-0', 'c1ab5605-d306-4831-9f89-55064aa56123', 'course.generation.started', '2026-11-26 07:25:33.535+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (3, 'course_distribution', 'brain:events:stream', '1795677933482-0', 'b6409864-b46d-4b2c-a094-7110c918fcef', 'course.outline.created', '2026-11-26 07:25:33.57+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (4, 'course_distribution', 'brain:events:stream', '1795677933482-1', '4f0ffa1d-27d3-4d8d-9e2c-7382dfb390fd', 'course.lesson.generated', '2026-11-26 07:25:33.57+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (5, 'course_distribution', 'brain:events:stream', '1795677933482-2', '268c2c1e-4398-492a-bb94-c6e920c1acde', 'course.lesson.generated', '2026-11-26 07:25:33.57+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (6, 'course_distribution', 'brain:events:stream', '1795677933482-3', '4ba5cf9c-a475-4be1-8b68-77016e5cfcfd', 'course.lesson.generated', '2026-11-26 07:25:33.57+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (7, 'course_distribution', 'brain:events:stream', '1795677933482-6', '4df7d8ff-f41d-4885-a438-72c4409d44ab', 'course.generation.completed', '2026-11-26 07:25:33.57+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (8, 'course_access_notifications', 'brain:events:stream', '1795677933482-6', '4df7d8ff-f41d-4885-a438-72c4409d44ab', 'course.generation.completed', '2026-11-26 07:25:33.583+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (9, 'course_factory', 'brain:events:stream', '1795677933636-0', '587837e8-6bdf-4866-bf22-9ac6e7443c8d', 'distribution.created', '2026-11-26 07:25:33.661+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (10, 'course_distribution', 'brain:events:stream', '1795677933685-0', '110677da-fbea-4f33-91ac-d290100c0cab', 'course.deployed.staging', '2026-11-26 07:25:33.706+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (11, 'course_factory', 'brain:events:stream', '1795677933345-1', '50903d15-87cd-4dd0-8ccf-9e441a189eec', 'course.generation.requested', '2026-11-26 07:25:33.956+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (12, 'course_factory', 'brain:events:stream', '1795677936749-1', '771e9ab3-7fdc-4a9e-b511-64e464dc68ee', 'ir.approval_consumed', '2026-11-26 07:25:36.787+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (13, 'course_factory', 'brain:events:stream', '1795677936749-2', '66ccd293-fc28-487c-a915-635d3b5aac18', 'course.generation.requested', '2026-11-26 07:25:36.787+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (14, 'course_factory', 'brain:events:stream', '1795677936749-3', 'c6ed2ef0-c2a6-451a-ab13-d58f8f53c1c3', 'course.generation.started', '2026-11-26 07:25:36.787+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (15, 'course_distribution', 'brain:events:stream', '1795677936788-0', '23eb042e-7923-438d-abb2-f0a901f5be53', 'course.outline.created', '2026-11-26 07:25:36.826+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (16, 'course_distribution', 'brain:events:stream', '1795677936788-1', 'ee5e4e0f-5202-4ba5-8d04-c7798846409b', 'course.lesson.generated', '2026-11-26 07:25:36.826+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (17, 'course_distribution', 'brain:events:stream', '1795677936788-2', '3e00c83d-57d5-4461-bd46-65b25b0888b9', 'course.lesson.generated', '2026-11-26 07:25:36.826+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (18, 'course_distribution', 'brain:events:stream', '1795677936788-3', '483b0ad4-e43c-42d8-9557-95c40b254ad6', 'course.lesson.generated', '2026-11-26 07:25:36.826+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (19, 'course_distribution', 'brain:events:stream', '1795677936788-6', '690f6c3e-dda6-42f2-9b78-0a5c4806cd1f', 'course.generation.completed', '2026-11-26 07:25:36.826+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (20, 'course_access_notifications', 'brain:events:stream', '1795677936788-6', '690f6c3e-dda6-42f2-9b78-0a5c4806cd1f', 'course.generation.completed', '2026-11-26 07:25:36.837+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (21, 'payment', 'brain:events:stream', '1795677936938-0', '5361d726-731a-4c17-8b35-d6dc71586d97', 'course.payment.required', '2026-11-26 07:25:37.118+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (22, 'course_factory', 'brain:events:stream', '1795677937053-0', 'dca49e5a-f4b4-446f-bff4-15b83600c1cd', 'distribution.created', '2026-11-26 07:25:37.192+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (23, 'course_distribution', 'brain:events:stream', '1795677937315-0', '5d89d89d-8aac-44be-822a-c9091a4644ab', 'course.deployed.staging', '2026-11-26 07:25:37.335+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (24, 'course_factory', 'brain:events:stream', '1795677937393-0', '545f6438-1ac0-41e0-a717-946c1748b30e', 'payment.transaction.completed', '2026-11-26 07:25:37.421+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (25, 'course_access', 'brain:events:stream', '1795677937393-0', '545f6438-1ac0-41e0-a717-946c1748b30e', 'payment.transaction.completed', '2026-11-26 07:25:37.443+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (26, 'course_distribution', 'brain:events:stream', '1795677937569-1', '84ec2d5b-5e15-40f9-8eb7-0f5f081b90b8', 'course.distribution.requested', '2026-11-26 07:25:37.701+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (27, 'course_access_notifications', 'brain:events:stream', '1795677937569-2', 'e6b14b58-7574-4cce-92e7-9ad9f716e384', 'course.access.granted', '2026-11-26 07:25:37.703+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (28, 'course_factory', 'brain:events:stream', '1795677937763-0', '46cbea93-6a6b-4234-b28b-c5b75feb2bfb', 'course.distribution.completed', '2026-11-26 07:25:37.811+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (29, 'course_access', 'brain:events:stream', '1795677941283-0', '0690e5ff-4fd5-45fe-ba74-cae6747cf47e', 'payment.refund.completed', '2026-11-26 07:25:41.453+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (30, 'course_factory', 'brain:events:stream', '1795677941283-0', '0690e5ff-4fd5-45fe-ba74-cae6747cf47e', 'payment.refund.completed', '2026-11-26 07:25:41.457+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (31, 'course_access_notifications', 'brain:events:stream', '1795677941803-0', 'ebb0dfd7-9f36-4cd6-a754-b8bc570d3188', 'course.access.revoked', '2026-11-26 07:25:41.83+00', 'acme', NULL, 0);

INSERT INTO public.relay_layout VALUES (1, 1, NULL, '2026-11-26 07:25:04.027+00');

INSERT INTO public.relay_shards VALUES (0, NULL, NULL, false, 1795677941803, 2, 1795677941803, 2, NULL, NULL, NULL, 0, 0, 22, 22, 0);

INSERT INTO public.replay_claims OVERRIDING SYSTEM VALUE VALUES (1, 'course_access', 1, 'brain:events:stream', '1795000000002-0', 'claim-1', NULL, '2026-11-26 07:26:51.193+00', NULL, NULL);

SELECT pg_catalog.setval('drizzle.__drizzle_migrations_id_seq', 20, true);

SELECT pg_catalog.setval('public.alerts_id_seq', 1, true);

SELECT pg_catalog.setval('public.archived_entries_id_seq', 1, false);

SELECT pg_catalog.setval('public.course_access_access_id_seq', 1, true);

SELECT pg_catalog.setval('public.course_factory_transitions_position_seq', 1, false);

SELECT pg_catalog.setval('public.dead_letters_id_seq', 2, true);

SELECT pg_catalog.setval('public.deliveries_place_seq', 1, true);

SELECT pg_catalog.setval('public.events_position_seq', 46, true);

SELECT pg_catalog.setval('public.jobs_id_seq', 1, true);

SELECT pg_catalog.setval('public.mission_log_id_seq', 2, true);

SELECT pg_catalog.setval('public.missions_place_seq', 1, true);

SELECT pg_catalog.setval('public.operator_actions_id_seq', 1, true);

SELECT pg_catalog.setval('public.processed_events_id_seq', 31, true);

SELECT pg_catalog.setval('public.replay_claims_id_seq', 1, true);

SELECT pg_catalog.setval('public.task_events_position_seq', 1, false);

SELECT pg_catalog.setval('public.task_legacy_events_position_seq', 1, false);

ALTER TABLE ONLY drizzle.__drizzle_migrations
    ADD CONSTRAINT __drizzle_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (agent_id);

ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.archive_days
    ADD CONSTRAINT archive_days_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.archived_entries
    ADD CONSTRAINT archived_entries_key UNIQUE (stream_name, stream_message_id);

ALTER TABLE ONLY public.archived_entries
    ADD CONSTRAINT archived_entries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.consumer_pauses
    ADD CONSTRAINT consumer_pauses_subscriber_name_event_type_pk PRIMARY KEY (subscriber_name, event_type);

ALTER TABLE ONLY public.consumer_shards
    ADD CONSTRAINT consumer_shards_subscriber_name_shard_pk PRIMARY KEY (subscriber_name, shard);

ALTER TABLE ONLY public.course_access
    ADD CONSTRAINT course_access_holder_key UNIQUE NULLS NOT DISTINCT (course_id, user_id, tenant_id);

ALTER TABLE ONLY public.course_access_notifications
    ADD CONSTRAINT course_access_notifications_pkey PRIMARY KEY (external_id);

ALTER TABLE ONLY public.course_access_payments
    ADD CONSTRAINT course_access_payments_pkey PRIMARY KEY (payment_id);

ALTER TABLE ONLY public.course_access
    ADD CONSTRAINT course_access_pkey PRIMARY KEY (access_id);

ALTER TABLE ONLY public.course_access_refunds
    ADD CONSTRAINT course_access_refunds_payment_id_refund_id_pk PRIMARY KEY (payment_id, refund_id);

ALTER TABLE ONLY public.course_distribution_courses
    ADD CONSTRAINT course_distribution_courses_pkey PRIMARY KEY (course_id);

ALTER TABLE ONLY public.course_distribution_lessons
    ADD CONSTRAINT course_distribution_lessons_course_id_lesson_id_pk PRIMARY KEY (course_id, lesson_id);

ALTER TABLE ONLY public.course_distribution_outlines
    ADD CONSTRAINT course_distribution_outlines_pkey PRIMARY KEY (course_id);

ALTER TABLE ONLY public.course_distributions
    ADD CONSTRAINT course_distributions_pkey PRIMARY KEY (distribution_id);

ALTER TABLE ONLY public.course_factory_approvals
    ADD CONSTRAINT course_factory_approvals_pkey PRIMARY KEY (approval_id);

ALTER TABLE ONLY public.course_factory_artifacts
    ADD CONSTRAINT course_factory_artifacts_pkey PRIMARY KEY (artifact_id);

ALTER TABLE ONLY public.course_factory_artifacts
    ADD CONSTRAINT course_factory_artifacts_place UNIQUE (course_id, kind, "position");

ALTER TABLE ONLY public.course_factory_certificate_keys
    ADD CONSTRAINT course_factory_certificate_keys_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY public.course_factory_certificates
    ADD CONSTRAINT course_factory_certificates_pkey PRIMARY KEY (certificate_id);

ALTER TABLE ONLY public.course_factory_completions
    ADD CONSTRAINT course_factory_completions_pkey PRIMARY KEY (enrollment_id);

ALTER TABLE ONLY public.course_factory_courses
    ADD CONSTRAINT course_factory_courses_pkey PRIMARY KEY (course_id);

ALTER TABLE ONLY public.course_factory_deliveries
    ADD CONSTRAINT course_factory_deliveries_pkey PRIMARY KEY (delivery_id);

ALTER TABLE ONLY public.course_factory_deployments
    ADD CONSTRAINT course_factory_deployments_pkey PRIMARY KEY (deployment_id);

ALTER TABLE ONLY public.course_factory_deployments
    ADD CONSTRAINT course_factory_deployments_version UNIQUE (course_id, course_version);

ALTER TABLE ONLY public.course_factory_enhancements
    ADD CONSTRAINT course_factory_enhancements_pkey PRIMARY KEY (enhancement_id);

ALTER TABLE ONLY public.course_factory_enhancements
    ADD CONSTRAINT course_factory_enhancements_version UNIQUE (course_id, lesson_id, version);

ALTER TABLE ONLY public.course_factory_enrollments
    ADD CONSTRAINT course_factory_enrollments_pkey PRIMARY KEY (enrollment_id);

ALTER TABLE ONLY public.course_factory_packs
    ADD CONSTRAINT course_factory_packs_pkey PRIMARY KEY (pack_id);

ALTER TABLE ONLY public.course_factory_pages
    ADD CONSTRAINT course_factory_pages_pkey PRIMARY KEY (course_id);

ALTER TABLE ONLY public.course_factory_refunds_due
    ADD CONSTRAINT course_factory_refunds_due_pkey PRIMARY KEY (payment_id);

ALTER TABLE ONLY public.course_factory_stagings
    ADD CONSTRAINT course_factory_stagings_pkey PRIMARY KEY (course_id);

ALTER TABLE ONLY public.course_factory_transitions
    ADD CONSTRAINT course_factory_transitions_pkey PRIMARY KEY (transition_id);

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_delivery_key UNIQUE (subscriber_name, stream_message_id);

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_delivery_key UNIQUE (subscriber_name, stream_message_id, replay_epoch);

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (place);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY public.failing_work
    ADD CONSTRAINT failing_work_pkey PRIMARY KEY (work);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_key_route_pk PRIMARY KEY (key, route);

ALTER TABLE ONLY public.ir_governance_approvals
    ADD CONSTRAINT ir_governance_approvals_pkey PRIMARY KEY (approval_id);

ALTER TABLE ONLY public.ir_governance_validations
    ADD CONSTRAINT ir_governance_validations_tenant_id_ir_hash_pk PRIMARY KEY (tenant_id, ir_hash);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_name_key UNIQUE (kind, subscriber_name, name);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.mission_log
    ADD CONSTRAINT mission_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.mission_queue_pauses
    ADD CONSTRAINT mission_queue_pauses_pkey PRIMARY KEY (queue);

ALTER TABLE ONLY public.mission_templates
    ADD CONSTRAINT mission_templates_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.missions
    ADD CONSTRAINT missions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.operator_actions
    ADD CONSTRAINT operator_actions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.paycore_early_refunds
    ADD CONSTRAINT paycore_early_refunds_pk PRIMARY KEY (provider_payment_id, provider_refund_id, provider_event_id);

ALTER TABLE ONLY public.paycore_intents
    ADD CONSTRAINT paycore_intents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.paycore_provider_events
    ADD CONSTRAINT paycore_provider_events_provider_event_id_type_pk PRIMARY KEY (provider, event_id, type);

ALTER TABLE ONLY public.paycore_refunds
    ADD CONSTRAINT paycore_refunds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.paycore_revenue_daily
    ADD CONSTRAINT paycore_revenue_daily_date_tenant_id_currency_pk PRIMARY KEY (date, tenant_id, currency);

ALTER TABLE ONLY public.paycore_transactions
    ADD CONSTRAINT paycore_transactions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.processed_events
    ADD CONSTRAINT processed_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.relay_layout
    ADD CONSTRAINT relay_layout_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.relay_shards
    ADD CONSTRAINT relay_shards_pkey PRIMARY KEY (shard);

ALTER TABLE ONLY public.replay_claims
    ADD CONSTRAINT replay_claims_delivery_key UNIQUE (subscriber_name, stream_message_id, replay_epoch);

ALTER TABLE ONLY public.replay_claims
    ADD CONSTRAINT replay_claims_event_key UNIQUE (subscriber_name, event_id, replay_epoch);

ALTER TABLE ONLY public.replay_claims
    ADD CONSTRAINT replay_claims_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.task_events
    ADD CONSTRAINT task_events_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY public.task_history
    ADD CONSTRAINT task_history_event_id_field_pk PRIMARY KEY (event_id, field);

ALTER TABLE ONLY public.task_items
    ADD CONSTRAINT task_items_pkey PRIMARY KEY (task_id);

ALTER TABLE ONLY public.task_legacy_events
    ADD CONSTRAINT task_legacy_events_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY public.task_references
    ADD CONSTRAINT task_references_task_id_referenced_id_pk PRIMARY KEY (task_id, referenced_id);

ALTER TABLE ONLY public.task_stats
    ADD CONSTRAINT task_stats_day_event_type_pk PRIMARY KEY (day, event_type);

ALTER TABLE ONLY public.processed_events
    ADD CONSTRAINT uq_subscriber_event_id UNIQUE (subscriber_name, event_id);

ALTER TABLE ONLY public.processed_events
    ADD CONSTRAINT uq_subscriber_stream_msg_id UNIQUE (subscriber_name, stream_message_id);

CREATE INDEX agents_overdue_idx ON public.agents USING btree (offline_at) WHERE (offline_at IS NOT NULL);

CREATE UNIQUE INDEX alerts_open_key ON public.alerts USING btree (kind, subject) WHERE (resolved_at IS NULL);

CREATE INDEX archived_entries_archived_at_idx ON public.archived_entries USING btree (archived_at);

CREATE INDEX course_access_payments_paid_idx ON public.course_access_payments USING btree (course_id, user_id, payment_id) WHERE ((status)::text = 'paid'::text);

CREATE INDEX course_access_user_idx ON public.course_access USING btree (user_id, access_id);

CREATE UNIQUE INDEX course_distributions_base_course_key ON public.course_distributions USING btree (course_id) WHERE (derived_from IS NULL);

CREATE INDEX course_distributions_course_idx ON public.course_distributions USING btree (course_id);

CREATE INDEX course_distributions_listed_idx ON public.course_distributions USING btree (published_at DESC NULLS LAST, distribution_id) WHERE ((visibility)::text = 'public'::text);

CREATE INDEX course_distributions_listed_language_idx ON public.course_distributions USING btree (language, published_at DESC NULLS LAST, distribution_id) WHERE ((visibility)::text = 'public'::text);

CREATE INDEX course_distributions_parent_idx ON public.course_distributions USING btree (derived_from) WHERE (derived_from IS NOT NULL);

CREATE UNIQUE INDEX course_distributions_slug_key ON public.course_distributions USING btree (slug);

CREATE INDEX course_distributions_untold_idx ON public.course_distributions USING btree (distribution_id) WHERE ((untold_views > 0) OR (untold_clicks > 0));

CREATE INDEX course_factory_approvals_unused ON public.course_factory_approvals USING btree (tenant_id, ir_hash, consumed_at) WHERE (used_at IS NULL);

CREATE INDEX course_factory_certificates_course ON public.course_factory_certificates USING btree (course_id, issued_at);

CREATE UNIQUE INDEX course_factory_certificates_enrollment ON public.course_factory_certificates USING btree (enrollment_id);

CREATE INDEX course_factory_completions_course ON public.course_factory_completions USING btree (course_id, completed_at);

CREATE INDEX course_factory_courses_catalog ON public.course_factory_courses USING btree (finished_at DESC NULLS LAST, course_id DESC NULLS LAST) WHERE (status = 'completed'::text);

CREATE INDEX course_factory_courses_generating ON public.course_factory_courses USING btree (generating_until) WHERE (status = 'generating'::text);

CREATE INDEX course_factory_deliveries_course ON public.course_factory_deliveries USING btree (course_id, status);

CREATE UNIQUE INDEX course_factory_deliveries_payment ON public.course_factory_deliveries USING btree (payment_id);

CREATE UNIQUE INDEX course_factory_enrollments_actor ON public.course_factory_enrollments USING btree (course_id, actor_id) WHERE (actor_id IS NOT NULL);

CREATE INDEX course_factory_enrollments_course ON public.course_factory_enrollments USING btree (course_id, enrolled_at);

CREATE INDEX course_factory_learning_progress_course ON public.course_factory_learning_progress USING btree (course_id, kind, target_id);

CREATE UNIQUE INDEX course_factory_learning_progress_target ON public.course_factory_learning_progress USING btree (enrollment_id, kind, target_id);

CREATE INDEX course_factory_packs_course ON public.course_factory_packs USING btree (course_id, created_at, pack_id);

CREATE INDEX course_factory_transitions_course ON public.course_factory_transitions USING btree (course_id, "position");

CREATE INDEX dead_letters_event_idx ON public.dead_letters USING btree (event_id) WHERE (event_id IS NOT NULL);

CREATE INDEX dead_letters_fingerprint_idx ON public.dead_letters USING btree (fingerprint, id);

CREATE INDEX dead_letters_job_idx ON public.dead_letters USING btree (job_id, id) WHERE (job_id IS NOT NULL);

CREATE INDEX dead_letters_key_idx ON public.dead_letters USING btree (subscriber_name, key) WHERE (((status)::text = ANY ((ARRAY['open'::character varying, 'requeued'::character varying])::text[])) AND (key IS NOT NULL));

CREATE INDEX dead_letters_open_event_idx ON public.dead_letters USING btree (subscriber_name, event_id) WHERE ((status)::text = 'open'::text);

CREATE INDEX dead_letters_open_idx ON public.dead_letters USING btree (subscriber_name, id) WHERE ((status)::text = 'open'::text);

CREATE INDEX deliveries_job_idx ON public.deliveries USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX deliveries_key_idx ON public.deliveries USING btree (subscriber_name, key, stream_ms, stream_seq) WHERE (key IS NOT NULL);

CREATE INDEX deliveries_order_idx ON public.deliveries USING btree (subscriber_name, shard, stream_ms, stream_seq);

CREATE INDEX events_actor_idx ON public.events USING btree (actor_id, "position") WHERE (actor_id IS NOT NULL);

CREATE INDEX events_correlation_idx ON public.events USING btree (correlation_id, "position") WHERE (correlation_id IS NOT NULL);

CREATE UNIQUE INDEX events_id_key ON public.events USING btree (id);

CREATE INDEX events_stored_at_idx ON public.events USING brin (stored_at);

CREATE INDEX events_stream_id_idx ON public.events USING btree (shard, ((split_part((stream_message_id)::text, '-'::text, 1))::numeric), ((split_part((stream_message_id)::text, '-'::text, 2))::numeric)) WHERE (stream_message_id IS NOT NULL);

CREATE INDEX events_tenant_idx ON public.events USING btree (tenant_id, "position") WHERE (tenant_id IS NOT NULL);

CREATE INDEX events_type_idx ON public.events USING btree (type, "position");

CREATE INDEX events_unsent_idx ON public.events USING btree ("position") WHERE (sent_at IS NULL);

CREATE INDEX idempotency_keys_created_at_idx ON public.idempotency_keys USING btree (created_at);

CREATE INDEX idx_processed_events_event_id ON public.processed_events USING btree (event_id);

CREATE INDEX idx_processed_events_processed_at ON public.processed_events USING btree (processed_at);

CREATE INDEX idx_processed_events_subscriber ON public.processed_events USING btree (subscriber_name);

CREATE INDEX idx_processed_events_tenant ON public.processed_events USING btree (tenant_id);

CREATE INDEX ir_governance_approvals_due_idx ON public.ir_governance_approvals USING btree (expires_at) WHERE ((status)::text = 'pending'::text);

CREATE INDEX ir_governance_approvals_tenant_idx ON public.ir_governance_approvals USING btree (tenant_id, created_at DESC NULLS LAST, approval_id DESC NULLS LAST);

CREATE UNIQUE INDEX ir_governance_approvals_token_key ON public.ir_governance_approvals USING btree (token_hash);

CREATE INDEX ir_governance_validations_v1_idx ON public.ir_governance_validations USING btree (tenant_id, ir_hash_v1) WHERE (ir_hash_v1 IS NOT NULL);

CREATE UNIQUE INDEX jobs_idempotency_key ON public.jobs USING btree (idempotency_key);

CREATE INDEX jobs_running_idx ON public.jobs USING btree (next_step_at) WHERE ((status)::text = 'running'::text);

CREATE INDEX mission_log_mission_idx ON public.mission_log USING btree (mission_id, id);

CREATE INDEX mission_templates_category_idx ON public.mission_templates USING btree (category, created_at DESC, id DESC);

CREATE INDEX mission_templates_created_idx ON public.mission_templates USING btree (created_at DESC, id DESC);

CREATE INDEX missions_claim_idx ON public.missions USING btree (priority DESC, place) WHERE ((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying])::text[]));

CREATE INDEX missions_created_idx ON public.missions USING btree (created_at DESC, id DESC);

CREATE INDEX missions_due_idx ON public.missions USING btree (due_at) WHERE ((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying])::text[]));

CREATE UNIQUE INDEX missions_run_step_key ON public.missions USING btree (run_id, step) WHERE (run_id IS NOT NULL);

CREATE INDEX missions_status_idx ON public.missions USING btree (status, created_at DESC, id DESC);

CREATE INDEX operator_actions_subscriber_idx ON public.operator_actions USING btree (subscriber_name, id);

CREATE INDEX paycore_early_refunds_received_idx ON public.paycore_early_refunds USING btree (received_at);

CREATE UNIQUE INDEX paycore_intents_provider_intent_key ON public.paycore_intents USING btree (provider_intent_id);

CREATE UNIQUE INDEX paycore_intents_provider_payment_key ON public.paycore_intents USING btree (provider_payment_id);

CREATE UNIQUE INDEX paycore_intents_request_key ON public.paycore_intents USING btree (tenant_id, idempotency_key);

CREATE UNIQUE INDEX paycore_intents_source_event_key ON public.paycore_intents USING btree (source_event_id);

CREATE INDEX paycore_intents_tenant_idx ON public.paycore_intents USING btree (tenant_id, created_at);

CREATE INDEX paycore_intents_unopened_idx ON public.paycore_intents USING btree (next_attempt_at) WHERE ((status)::text = 'created'::text);

CREATE INDEX paycore_provider_events_intent_idx ON public.paycore_provider_events USING btree (intent_id) WHERE (intent_id IS NOT NULL);

CREATE INDEX paycore_refunds_intent_idx ON public.paycore_refunds USING btree (intent_id);

CREATE UNIQUE INDEX paycore_refunds_provider_refund_key ON public.paycore_refunds USING btree (provider_refund_id);

CREATE UNIQUE INDEX paycore_refunds_request_key ON public.paycore_refunds USING btree (tenant_id, idempotency_key);

CREATE INDEX paycore_refunds_unsent_idx ON public.paycore_refunds USING btree (next_attempt_at) WHERE ((status)::text = 'requested'::text);

CREATE INDEX paycore_transactions_intent_idx ON public.paycore_transactions USING btree (intent_id);

CREATE UNIQUE INDEX paycore_transactions_provider_event_key ON public.paycore_transactions USING btree (provider_event_id, event_type) WHERE (refund_id IS NULL);

CREATE UNIQUE INDEX paycore_transactions_provider_refund_key ON public.paycore_transactions USING btree (provider_event_id, refund_id, event_type);

CREATE UNIQUE INDEX paycore_transactions_received_key ON public.paycore_transactions USING btree (intent_id) WHERE ((event_type)::text = 'payment_succeeded'::text);

CREATE UNIQUE INDEX paycore_transactions_refunded_key ON public.paycore_transactions USING btree (refund_id) WHERE ((event_type)::text = 'refund_succeeded'::text);

CREATE UNIQUE INDEX paycore_transactions_reversed_key ON public.paycore_transactions USING btree (refund_id) WHERE ((event_type)::text = 'refund_reversed'::text);

CREATE INDEX replay_claims_event_idx ON public.replay_claims USING btree (event_id);

CREATE INDEX replay_claims_processed_at_idx ON public.replay_claims USING btree (processed_at);

CREATE INDEX task_events_time_idx ON public.task_events USING btree (occurred_at, "position");

CREATE INDEX task_events_type_idx ON public.task_events USING btree (event_type, occurred_at, "position");

CREATE INDEX task_history_task_idx ON public.task_history USING btree (task_id, changed_at);

CREATE INDEX task_items_newest_idx ON public.task_items USING btree (created_at, task_id);

CREATE UNIQUE INDEX task_legacy_events_time_idx ON public.task_legacy_events USING btree ("timestamp", "position");

CREATE INDEX task_references_referenced_idx ON public.task_references USING btree (referenced_id);

ALTER TABLE ONLY public.course_factory_artifacts
    ADD CONSTRAINT course_factory_artifacts_course_id_course_factory_courses_cours FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_certificates
    ADD CONSTRAINT course_factory_certificates_course_id_course_factory_courses_co FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_certificates
    ADD CONSTRAINT course_factory_certificates_enrollment_id_course_factory_enroll FOREIGN KEY (enrollment_id) REFERENCES public.course_factory_enrollments(enrollment_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_completions
    ADD CONSTRAINT course_factory_completions_course_id_course_factory_courses_cou FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_completions
    ADD CONSTRAINT course_factory_completions_enrollment_id_course_factory_enrollm FOREIGN KEY (enrollment_id) REFERENCES public.course_factory_enrollments(enrollment_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_deliveries
    ADD CONSTRAINT course_factory_deliveries_course_id_course_factory_courses_cour FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_deployments
    ADD CONSTRAINT course_factory_deployments_course_id_course_factory_courses_cou FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_enhancements
    ADD CONSTRAINT course_factory_enhancements_course_id_course_factory_courses_co FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_enrollments
    ADD CONSTRAINT course_factory_enrollments_course_id_course_factory_courses_cou FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_learning_progress
    ADD CONSTRAINT course_factory_learning_progress_course_id_course_factory_cours FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_learning_progress
    ADD CONSTRAINT course_factory_learning_progress_enrollment_id_course_factory_e FOREIGN KEY (enrollment_id) REFERENCES public.course_factory_enrollments(enrollment_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_packs
    ADD CONSTRAINT course_factory_packs_course_id_course_factory_courses_course_id FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_pages
    ADD CONSTRAINT course_factory_pages_course_id_course_factory_courses_course_id FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_stagings
    ADD CONSTRAINT course_factory_stagings_course_id_course_factory_courses_course FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.course_factory_transitions
    ADD CONSTRAINT course_factory_transitions_course_id_course_factory_courses_cou FOREIGN KEY (course_id) REFERENCES public.course_factory_courses(course_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.mission_log
    ADD CONSTRAINT mission_log_mission_id_missions_id_fk FOREIGN KEY (mission_id) REFERENCES public.missions(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.paycore_refunds
    ADD CONSTRAINT paycore_refunds_intent_id_paycore_intents_id_fk FOREIGN KEY (intent_id) REFERENCES public.paycore_intents(id);

ALTER TABLE ONLY public.paycore_refunds
    ADD CONSTRAINT paycore_refunds_transaction_id_paycore_transactions_id_fk FOREIGN KEY (transaction_id) REFERENCES public.paycore_transactions(id);

ALTER TABLE ONLY public.paycore_transactions
    ADD CONSTRAINT paycore_transactions_intent_id_paycore_intents_id_fk FOREIGN KEY (intent_id) REFERENCES public.paycore_intents(id);

