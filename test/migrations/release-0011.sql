-- Made by pg_dump 15 (--inserts --no-owner --no-privileges, without comments and \restrict) from the database of a program
-- that was run by `npm start` of a release whose newest migration was 0011, with migrations of engine and product in one
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
    updated_at timestamp(3) with time zone NOT NULL
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
    slot integer GENERATED ALWAYS AS (((('x'::text || "left"(md5((COALESCE(key, ((id)::text)::character varying))::text), 4)))::bit(16))::integer) STORED
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
    sent_number bigint DEFAULT 0 NOT NULL
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

INSERT INTO public.alerts OVERRIDING SYSTEM VALUE VALUES (1, 'trim_held_back', 'brain:events:stream', 'warning', 'A group reads no more.', 1, '2026-11-26 07:26:51.063+00', '2026-11-26 07:26:51.063+00', NULL);

INSERT INTO public.consumer_pauses VALUES ('payment', '', 'for the record', NULL, '2026-11-26 07:26:51.048+00', NULL);

INSERT INTO public.consumer_shards VALUES ('course_access_notifications', 0, 1, '0-0', '0-0', '{"course.access.granted": "0-0", "course.access.revoked": "0-0", "course.generation.completed": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('course_access_handler', 0, 1, '0-0', '0-0', '{"payment.refund.failed": "0-0", "payment.refund.completed": "0-0", "payment.transaction.completed": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('tasks', 0, 1, '0-0', '0-0', '{"task.item.created": "0-0", "task.item.deleted": "0-0", "task.item.updated": "0-0", "task.item.completed": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('agents', 0, 1, '0-0', '0-0', '{"agent.error": "0-0", "agent.online": "0-0", "agent.offline": "0-0", "agent.heartbeat": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('course_factory', 0, 1, '0-0', '0-0', '{"distribution.created": "0-0", "ir.approval_consumed": "0-0", "course.generation.started": "0-0", "course.distribution.failed": "0-0", "payment.transaction.failed": "0-0", "course.generation.requested": "0-0", "course.distribution.completed": "0-0", "payment.transaction.completed": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('course_distribution', 0, 1, '0-0', '0-0', '{"course.outline.created": "0-0", "course.deployed.staging": "0-0", "course.lesson.generated": "0-0", "course.generation.completed": "0-0", "course.distribution.requested": "0-0"}');
INSERT INTO public.consumer_shards VALUES ('payment', 0, 1, '0-0', '0-0', '{"course.payment.required": "0-0"}');

INSERT INTO public.course_access OVERRIDING SYSTEM VALUE VALUES (1, 'acme', 'user-7', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 'revoked', false, NULL, '6e8268cd-3d26-4b49-9e7e-f017a294842e', '2026-11-26 07:25:23.178+00', '2026-11-26 07:25:27.585+00', 'payment_refunded', 'e6cecac2-2299-4619-a8f9-6103278bfb09', 2);

INSERT INTO public.course_access_notifications VALUES ('course_ready:779e439d-056c-4ef2-925f-035138787c09', 'course_ready', '40b015a8-baa7-4bdc-86a6-9b1dde8d4b24', '2026-11-26 07:25:19.538+00');
INSERT INTO public.course_access_notifications VALUES ('course_ready:55dc127d-3656-4cee-8ffd-b70e2e23163a', 'course_ready', '2987722c-47cb-447d-a83a-7c83f0726dc5', '2026-11-26 07:25:22.872+00');
INSERT INTO public.course_access_notifications VALUES ('access_granted:ce525af3d1815764d5bb71d98681ecacaf59b2a4740f7cfbae62b5ef456bd520', 'access_granted', 'b0b79528-ebef-4dfc-87b7-efaa3f363445', '2026-11-26 07:25:23.245+00');
INSERT INTO public.course_access_notifications VALUES ('access_revoked:85c890de986ff6277b9f79a6a54b47e5c2468ac1325db8749440d2910ca2761e', 'access_revoked', '65efd233-a41c-4489-abf2-9383907a3ba6', '2026-11-26 07:25:27.773+00');

INSERT INTO public.course_access_payments VALUES ('6e8268cd-3d26-4b49-9e7e-f017a294842e', 'acme', 'user-7', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 4900, 4900, 'refunded', '03c23db5-9861-4da0-9f18-4f57233ed332', '2026-11-26 07:25:27.407+00');

INSERT INTO public.course_access_refunds VALUES ('6e8268cd-3d26-4b49-9e7e-f017a294842e', '11c3c546-08e0-4936-b598-7bb03770096f', 4900, '2026-11-26 07:25:27.407+00', NULL);

INSERT INTO public.course_distribution_lessons VALUES ('779e439d-056c-4ef2-925f-035138787c09', '74817963-c857-583c-8a93-79142ea34cb0', '001dccd5-7109-5876-86c5-87f956a893c8', 'Terms and context', 1);
INSERT INTO public.course_distribution_lessons VALUES ('779e439d-056c-4ef2-925f-035138787c09', '568c9896-968d-5834-946f-95842179575f', '001dccd5-7109-5876-86c5-87f956a893c8', 'How things are connected', 2);
INSERT INTO public.course_distribution_lessons VALUES ('779e439d-056c-4ef2-925f-035138787c09', '1290782b-e37a-5829-b729-673b7e06ae77', '001dccd5-7109-5876-86c5-87f956a893c8', 'Widespread mistakes', 3);
INSERT INTO public.course_distribution_lessons VALUES ('55dc127d-3656-4cee-8ffd-b70e2e23163a', '63b98bab-729d-502c-8d01-8d239432cc81', 'eb41216f-516d-58d4-b9fe-e39b424ee6ef', 'Terms and context', 1);
INSERT INTO public.course_distribution_lessons VALUES ('55dc127d-3656-4cee-8ffd-b70e2e23163a', '18cf58fe-2be0-5338-b2b9-d25bca68764f', 'eb41216f-516d-58d4-b9fe-e39b424ee6ef', 'How things are connected', 2);
INSERT INTO public.course_distribution_lessons VALUES ('55dc127d-3656-4cee-8ffd-b70e2e23163a', '9638b1bf-de2c-5585-b1ea-20483161901e', 'eb41216f-516d-58d4-b9fe-e39b424ee6ef', 'Widespread mistakes', 3);

INSERT INTO public.course_distribution_outlines VALUES ('779e439d-056c-4ef2-925f-035138787c09', 4, 12, '2026-11-26 07:25:19.524+00');
INSERT INTO public.course_distribution_outlines VALUES ('55dc127d-3656-4cee-8ffd-b70e2e23163a', 4, 12, '2026-11-26 07:25:22.862+00');

INSERT INTO public.course_distributions VALUES ('dist_c054059c40d9f2ef', '779e439d-056c-4ef2-925f-035138787c09', 'acme', 'repairing-a-bicycle', 'en', 'Repairing a bicycle', 'Flat tyres, brakes and chains. An online course with lessons, examples and exercises.', '{private_individuals}', 'v1', NULL, NULL, '{"keywords": [], "meta_title": "Repairing a bicycle", "og_image_url": null, "meta_description": "Flat tyres, brakes and chains. An online course with lessons, examples and exercises.", "hreflang_alternates": {}}', '{"url": null, "label": "Start now", "action": "open_course"}', 'public', '2026-11-26 07:25:22.593+00', 'https://course-factory.staging', '2026-11-26 07:25:19.636+00', '2026-11-26 07:25:19.539+00', '2026-11-26 07:25:22.593+00', 1, 0, '2026-11-26 07:25:00+00', 1, 0, 0);
INSERT INTO public.course_distributions VALUES ('dist_32a83279f3e2cc03', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 'acme', 'working-in-production', 'en', 'Working in production', 'Flat tyres, brakes and chains. An online course with lessons, examples and exercises.', '{private_individuals}', 'v1', NULL, NULL, '{"keywords": [], "meta_title": "Working in production", "og_image_url": null, "meta_description": "Flat tyres, brakes and chains. An online course with lessons, examples and exercises.", "hreflang_alternates": {}}', '{"url": null, "label": "Start now", "action": "open_course"}', 'public', '2026-11-26 07:25:23.206+00', 'https://course-factory.staging', '2026-11-26 07:25:23.1+00', '2026-11-26 07:25:22.869+00', '2026-11-26 07:25:23.206+00', 0, 0, NULL, 0, 0, 0);

INSERT INTO public.course_factory_approvals VALUES ('748b904c-6b6a-4c74-87e2-d5a02a0949d2', 'acme', 'e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376', 'author-1', '2026-11-26 07:25:22.721+00', '2026-11-26 07:25:22.721+00', 'course:55dc127d-3656-4cee-8ffd-b70e2e23163a');

INSERT INTO public.course_factory_artifacts VALUES ('74817963-c857-583c-8a93-79142ea34cb0', '779e439d-056c-4ef2-925f-035138787c09', 'lesson', 1, '{"status": "full", "lesson_id": "74817963-c857-583c-8a93-79142ea34cb0", "word_count": 532, "generated_at": "2026-11-26T07:25:19.206Z", "content_markdown": "# Terms and context\n\n## Overview\n\nLesson 1 of 12 in the course “Repairing a bicycle”, module “Foundations: Repairing a bicycle”. Time needed: about 20 minutes. You clarify the most important terms and place the subject in your everyday life.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- explain the most important terms in your own words\n- tell the subject from neighbouring ones\n\n## Introduction\n\nWhat is the course about? “Flat tyres, brakes and chains.” This lesson picks out one part of it: Terms and context. Read the text once without taking notes and simply watch for what you already know. On the second reading, mark the places that contradict your experience so far. Those are the places where thinking pays off most.\n\n## Main part\n\nPeople who talk about “Repairing a bicycle” often mean different things. Some think of rules, others of tools, and still others of experience. That is why every thorough study begins by asking what exactly is meant, what is deliberately left out, and who is affected. A good definition is short, comes with an example, and can be checked when in doubt.\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “Terms need no clarification because everyone means the same by them anyway.” It sounds plausible, but it does not survive a closer look. What is true instead: Clear terms prevent misunderstandings before they arise. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “Terms and context”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Clear terms prevent misunderstandings before they arise.\n- You clarify the most important terms and place the subject in your everyday life.\n\nIf you take only one thought away from “Terms and context”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Repairing a bicycle”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis lesson is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:19.36+00');
INSERT INTO public.course_factory_artifacts VALUES ('568c9896-968d-5834-946f-95842179575f', '779e439d-056c-4ef2-925f-035138787c09', 'lesson', 2, '{"status": "full", "lesson_id": "568c9896-968d-5834-946f-95842179575f", "word_count": 539, "generated_at": "2026-11-26T07:25:19.206Z", "content_markdown": "# How things are connected\n\n## Overview\n\nLesson 2 of 12 in the course “Repairing a bicycle”, module “Foundations: Repairing a bicycle”. Time needed: about 20 minutes. You recognise causes, effects and interactions, and present them clearly.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- tell a cause from a mere sequence in time\n- show interactions in a sketch\n\n## Introduction\n\nBefore you read on, take two minutes: what comes to mind when you hear “How things are connected”, and which question would you like to have answered? Write both down in one sentence. The concern of the course is this: “Flat tyres, brakes and chains.” Your own question gives you something to measure the material against, instead of merely taking note of it.\n\n## Main part\n\nWith “Repairing a bicycle”, several circumstances usually act at once. The fact that two things occur together does not prove that one causes the other; both may go back to a third. So ask about the path of the effect: what would have to happen for one to follow from the other, and how could that be observed?\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “If two things occur together, one is always the cause of the other.” It sounds plausible, but it does not survive a closer look. What is true instead: Two things occurring together does not prove that one causes the other. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “How things are connected”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Two things occurring together does not prove that one causes the other.\n- You recognise causes, effects and interactions, and present them clearly.\n\nIf you take only one thought away from “How things are connected”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Repairing a bicycle”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis lesson is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:19.36+00');
INSERT INTO public.course_factory_artifacts VALUES ('1290782b-e37a-5829-b729-673b7e06ae77', '779e439d-056c-4ef2-925f-035138787c09', 'lesson', 3, '{"status": "full", "lesson_id": "1290782b-e37a-5829-b729-673b7e06ae77", "word_count": 518, "generated_at": "2026-11-26T07:25:19.206Z", "content_markdown": "# Widespread mistakes\n\n## Overview\n\nLesson 3 of 12 in the course “Repairing a bicycle”, module “Foundations: Repairing a bicycle”. Time needed: about 20 minutes. You get to know typical false assumptions and test your own beliefs.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- name typical false assumptions\n- test a belief of your own against facts\n\n## Introduction\n\nThe lessons before this one prepared the ground, and now another building block is added: Widespread mistakes. Keep the concern of the course in view: “Flat tyres, brakes and chains.” You do not have to learn anything by heart. What matters more is that at the end you can explain in your own words why this section is relevant to your situation.\n\n## Main part\n\nMistakes about “Repairing a bicycle” persist because they are simple and often repeated. Familiarity feels like truth. An effective remedy is to look deliberately for cases that contradict your own opinion. If none turn up although you searched honestly, the opinion gains weight; if some do, it becomes more precise.\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “Whatever you have heard often enough must be true.” It sounds plausible, but it does not survive a closer look. What is true instead: Looking for counterexamples tests a belief better than collecting confirmations. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “Widespread mistakes”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Looking for counterexamples tests a belief better than collecting confirmations.\n- You get to know typical false assumptions and test your own beliefs.\n\nIf you take only one thought away from “Widespread mistakes”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Repairing a bicycle”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis lesson is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:19.36+00');
INSERT INTO public.course_factory_artifacts VALUES ('7219033b-0e21-526e-b057-4bbe71957b5a', '779e439d-056c-4ef2-925f-035138787c09', 'quiz', 1, '{"title": "Quiz: Repairing a bicycle", "quiz_id": "7219033b-0e21-526e-b057-4bbe71957b5a", "questions": [{"option_a": "Clear terms prevent misunderstandings before they arise.", "option_b": "Terms need no clarification because everyone means the same by them anyway.", "option_c": "The more often a statement has been copied, the more reliable it is.", "option_d": "If you miss a single day, you should give up the whole project.", "difficulty": "easy", "explanation": "Clear terms prevent misunderstandings before they arise. The lesson “Terms and context” covers this.", "question_id": "25fcd026-796d-5ad0-9932-4ff39ee91728", "question_text": "“Repairing a bicycle”, lesson “Terms and context”: which statement is right?", "correct_answer": "a", "module_reference": "Foundations: Repairing a bicycle"}, {"option_a": "If two things occur together, one is always the cause of the other.", "option_b": "Criteria for a comparison should be set after the decision has been made.", "option_c": "Two things occurring together does not prove that one causes the other.", "option_d": "Thinking about obstacles is harmful because it makes them happen.", "difficulty": "easy", "explanation": "Two things occurring together does not prove that one causes the other. The lesson “How things are connected” covers this.", "question_id": "4d1163e1-9b36-5249-b0a6-849855e5d99a", "question_text": "“Repairing a bicycle”, lesson “How things are connected”: which statement is right?", "correct_answer": "c", "module_reference": "Foundations: Repairing a bicycle"}, {"option_a": "Whatever you have heard often enough must be true.", "option_b": "A good plan needs no reserve because nothing may come in between.", "option_c": "You improve fastest by changing as many things as possible at once.", "option_d": "Looking for counterexamples tests a belief better than collecting confirmations.", "difficulty": "easy", "explanation": "Looking for counterexamples tests a belief better than collecting confirmations. The lesson “Widespread mistakes” covers this.", "question_id": "e84b6bc9-9312-5498-911f-3474c893b7c5", "question_text": "“Repairing a bicycle”, lesson “Widespread mistakes”: which statement is right?", "correct_answer": "d", "module_reference": "Foundations: Repairing a bicycle"}, {"option_a": "The vaguer a goal is, the easier it is to reach.", "option_b": "A good goal is stated so that reaching it can be checked.", "option_c": "If you miss a single day, you should give up the whole project.", "option_d": "Knowledge loses its value as soon as it is shared.", "difficulty": "medium", "explanation": "A good goal is stated so that reaching it can be checked. The lesson “Working to a plan” covers this.", "question_id": "45867593-ae42-5692-b5b2-1085c1ffe8d3", "question_text": "“Repairing a bicycle”, lesson “Working to a plan”: which statement is right?", "correct_answer": "b", "module_reference": "Methods: Repairing a bicycle"}, {"option_a": "The more often a statement has been copied, the more reliable it is.", "option_b": "Thinking about obstacles is harmful because it makes them happen.", "option_c": "Once a course has ended, there is no need to deal with its subject again.", "option_d": "Two independent sources count for more than many repetitions of one source.", "difficulty": "medium", "explanation": "Two independent sources count for more than many repetitions of one source. The lesson “Finding and checking information” covers this.", "question_id": "e09ccf12-55f1-50f9-ae5b-154a944737f2", "question_text": "“Repairing a bicycle”, lesson “Finding and checking information”: which statement is right?", "correct_answer": "d", "module_reference": "Methods: Repairing a bicycle"}, {"option_a": "Criteria for a comparison should be set after the decision has been made.", "option_b": "You improve fastest by changing as many things as possible at once.", "option_c": "Criteria for a comparison are best fixed before looking at the options.", "option_d": "Terms need no clarification because everyone means the same by them anyway.", "difficulty": "medium", "explanation": "Criteria for a comparison are best fixed before looking at the options. The lesson “Comparing options” covers this.", "question_id": "be70f56b-ce26-584e-ad4d-0b3d3569ed9f", "question_text": "“Repairing a bicycle”, lesson “Comparing options”: which statement is right?", "correct_answer": "c", "module_reference": "Methods: Repairing a bicycle"}, {"option_a": "A good plan needs no reserve because nothing may come in between.", "option_b": "Schedules become more realistic with a reserve for the unforeseen.", "option_c": "Knowledge loses its value as soon as it is shared.", "option_d": "If two things occur together, one is always the cause of the other.", "difficulty": "medium", "explanation": "Schedules become more realistic with a reserve for the unforeseen. The lesson “Planning a project of your own” covers this.", "question_id": "47170bb0-c4f2-59f5-b05c-d8673da89e4d", "question_text": "“Repairing a bicycle”, lesson “Planning a project of your own”: which statement is right?", "correct_answer": "b", "module_reference": "Practice: Repairing a bicycle"}, {"option_a": "Fixed times and places help you keep going more than goodwill alone.", "option_b": "If you miss a single day, you should give up the whole project.", "option_c": "Once a course has ended, there is no need to deal with its subject again.", "option_d": "Whatever you have heard often enough must be true.", "difficulty": "medium", "explanation": "Fixed times and places help you keep going more than goodwill alone. The lesson “Carrying it out and keeping going” covers this.", "question_id": "2f2706a9-d8cd-51eb-96cd-0ce7af18de55", "question_text": "“Repairing a bicycle”, lesson “Carrying it out and keeping going”: which statement is right?", "correct_answer": "a", "module_reference": "Practice: Repairing a bicycle"}, {"option_a": "Thinking about obstacles is harmful because it makes them happen.", "option_b": "Terms need no clarification because everyone means the same by them anyway.", "option_c": "The vaguer a goal is, the easier it is to reach.", "option_d": "An if-then plan prepares the response to an obstacle before it appears.", "difficulty": "medium", "explanation": "An if-then plan prepares the response to an obstacle before it appears. The lesson “Dealing with obstacles” covers this.", "question_id": "ef864e37-1295-5c8e-899b-f5d8042e77c2", "question_text": "“Repairing a bicycle”, lesson “Dealing with obstacles”: which statement is right?", "correct_answer": "d", "module_reference": "Practice: Repairing a bicycle"}, {"option_a": "You improve fastest by changing as many things as possible at once.", "option_b": "If two things occur together, one is always the cause of the other.", "option_c": "Changing one circumstance at a time shows what the change has brought about.", "option_d": "The more often a statement has been copied, the more reliable it is.", "difficulty": "hard", "explanation": "Changing one circumstance at a time shows what the change has brought about. The lesson “Judging and improving results” covers this.", "question_id": "b6fc9dd9-8610-5db5-84b9-2372d4a142e1", "question_text": "“Repairing a bicycle”, lesson “Judging and improving results”: which statement is right?", "correct_answer": "c", "module_reference": "Going deeper: Repairing a bicycle"}, {"option_a": "Explaining something to others reveals gaps in your own knowledge.", "option_b": "Knowledge loses its value as soon as it is shared.", "option_c": "Whatever you have heard often enough must be true.", "option_d": "Criteria for a comparison should be set after the decision has been made.", "difficulty": "hard", "explanation": "Explaining something to others reveals gaps in your own knowledge. The lesson “Sharing knowledge and working together” covers this.", "question_id": "5c9a0693-b8cf-5f24-a105-949ad91a1dca", "question_text": "“Repairing a bicycle”, lesson “Sharing knowledge and working together”: which statement is right?", "correct_answer": "a", "module_reference": "Going deeper: Repairing a bicycle"}, {"option_a": "Once a course has ended, there is no need to deal with its subject again.", "option_b": "A next step with a fixed date is more likely to be taken than a general intention.", "option_c": "The vaguer a goal is, the easier it is to reach.", "option_d": "A good plan needs no reserve because nothing may come in between.", "difficulty": "hard", "explanation": "A next step with a fixed date is more likely to be taken than a general intention. The lesson “Your personal roadmap” covers this.", "question_id": "9c2b8400-b047-5442-ae78-5c068ad83f32", "question_text": "“Repairing a bicycle”, lesson “Your personal roadmap”: which statement is right?", "correct_answer": "b", "module_reference": "Going deeper: Repairing a bicycle"}, {"option_a": "Foundations: Repairing a bicycle", "option_b": "Methods: Repairing a bicycle", "option_c": "Practice: Repairing a bicycle", "option_d": "Going deeper: Repairing a bicycle", "difficulty": "easy", "explanation": "The lesson “Finding and checking information” belongs to the module “Methods: Repairing a bicycle”.", "question_id": "d3a7f798-29d2-5444-9106-b52f3d25998c", "question_text": "Which module of the course “Repairing a bicycle” contains the lesson “Finding and checking information”?", "correct_answer": "b", "module_reference": "Methods: Repairing a bicycle"}, {"option_a": "Foundations: Repairing a bicycle", "option_b": "Methods: Repairing a bicycle", "option_c": "Practice: Repairing a bicycle", "option_d": "Going deeper: Repairing a bicycle", "difficulty": "easy", "explanation": "The lesson “Carrying it out and keeping going” belongs to the module “Practice: Repairing a bicycle”.", "question_id": "dd1adee5-6572-52d1-b811-cab443987830", "question_text": "Which module of the course “Repairing a bicycle” contains the lesson “Carrying it out and keeping going”?", "correct_answer": "c", "module_reference": "Practice: Repairing a bicycle"}, {"option_a": "Going deeper: Repairing a bicycle", "option_b": "Foundations: Repairing a bicycle", "option_c": "Methods: Repairing a bicycle", "option_d": "Practice: Repairing a bicycle", "difficulty": "easy", "explanation": "The lesson “Sharing knowledge and working together” belongs to the module “Going deeper: Repairing a bicycle”.", "question_id": "14f39a3c-de96-5032-8c76-2e1ffd38f293", "question_text": "Which module of the course “Repairing a bicycle” contains the lesson “Sharing knowledge and working together”?", "correct_answer": "a", "module_reference": "Going deeper: Repairing a bicycle"}], "description": "Check what you have learned in the course “Repairing a bicycle”. Exactly one answer is right for each question.", "time_limit_minutes": 30, "passing_score_percentage": 70}', false, '2026-11-26 07:25:19.36+00');
INSERT INTO public.course_factory_artifacts VALUES ('b657dcd0-47da-5415-bff1-4de47ee0ee43', '779e439d-056c-4ef2-925f-035138787c09', 'landing_page', 1, '{"features": ["4 modules with 12 lessons, about 240 minutes in total", "Final quiz with an explanation for every answer", "Clear learning objectives for every lesson", "Examples from the everyday life of the audience", "Neutral: no advertising and no product recommendations"], "sections": [{"kind": "hero", "title": "Repairing a bicycle", "order_index": 0}, {"kind": "value_proposition", "title": "What the course gives you", "order_index": 1}, {"kind": "for_whom", "title": "Who is this course for?", "order_index": 2}, {"kind": "not_for_whom", "title": "Who is this course not for?", "order_index": 3}, {"kind": "course_structure", "title": "How the course is structured", "order_index": 4}, {"kind": "features", "title": "What to expect", "order_index": 5}, {"kind": "disclaimer", "title": "Disclaimer", "order_index": 6}], "disclaimer": "This lesson is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.", "hero_title": "Repairing a bicycle", "hero_cta_text": "Start the course now", "hero_subtitle": "Flat tyres, brakes and chains. A course in 4 modules with 12 lessons.", "for_whom_title": "Who is this course for?", "for_whom_points": ["For private individuals who are dealing with “Repairing a bicycle”", "For everyone who wants to start without prior knowledge and proceed step by step", "For everyone who wants to form a well-founded opinion of their own"], "landing_page_id": "b657dcd0-47da-5415-bff1-4de47ee0ee43", "value_proposition": "Flat tyres, brakes and chains. In 4 modules and 12 lessons, the course “Repairing a bicycle” leads you from the basics to a plan of your own: easy to follow, factual and with nothing to sell. You learn at your own pace and practise on cases from everyday life.", "not_for_whom_title": "Who is this course not for?", "not_for_whom_points": ["People looking for binding advice on their individual case", "People who expect ready-made recipes without thinking for themselves", "People who already teach this field professionally"], "course_structure_title": "How the course is structured"}', false, '2026-11-26 07:25:19.36+00');
INSERT INTO public.course_factory_artifacts VALUES ('63b98bab-729d-502c-8d01-8d239432cc81', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 'lesson', 1, '{"status": "full", "lesson_id": "63b98bab-729d-502c-8d01-8d239432cc81", "word_count": 532, "generated_at": "2026-11-26T07:25:22.714Z", "content_markdown": "# Terms and context\n\n## Overview\n\nLesson 1 of 12 in the course “Working in production”, module “Foundations: Working in production”. Time needed: about 20 minutes. You clarify the most important terms and place the subject in your everyday life.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- explain the most important terms in your own words\n- tell the subject from neighbouring ones\n\n## Introduction\n\nWhat is the course about? “Flat tyres, brakes and chains.” This lesson picks out one part of it: Terms and context. Read the text once without taking notes and simply watch for what you already know. On the second reading, mark the places that contradict your experience so far. Those are the places where thinking pays off most.\n\n## Main part\n\nPeople who talk about “Working in production” often mean different things. Some think of rules, others of tools, and still others of experience. That is why every thorough study begins by asking what exactly is meant, what is deliberately left out, and who is affected. A good definition is short, comes with an example, and can be checked when in doubt.\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “Terms need no clarification because everyone means the same by them anyway.” It sounds plausible, but it does not survive a closer look. What is true instead: Clear terms prevent misunderstandings before they arise. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “Terms and context”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Clear terms prevent misunderstandings before they arise.\n- You clarify the most important terms and place the subject in your everyday life.\n\nIf you take only one thought away from “Terms and context”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Working in production”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis lesson is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:22.769+00');
INSERT INTO public.course_factory_artifacts VALUES ('18cf58fe-2be0-5338-b2b9-d25bca68764f', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 'lesson', 2, '{"status": "full", "lesson_id": "18cf58fe-2be0-5338-b2b9-d25bca68764f", "word_count": 539, "generated_at": "2026-11-26T07:25:22.714Z", "content_markdown": "# How things are connected\n\n## Overview\n\nLesson 2 of 12 in the course “Working in production”, module “Foundations: Working in production”. Time needed: about 20 minutes. You recognise causes, effects and interactions, and present them clearly.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- tell a cause from a mere sequence in time\n- show interactions in a sketch\n\n## Introduction\n\nBefore you read on, take two minutes: what comes to mind when you hear “How things are connected”, and which question would you like to have answered? Write both down in one sentence. The concern of the course is this: “Flat tyres, brakes and chains.” Your own question gives you something to measure the material against, instead of merely taking note of it.\n\n## Main part\n\nWith “Working in production”, several circumstances usually act at once. The fact that two things occur together does not prove that one causes the other; both may go back to a third. So ask about the path of the effect: what would have to happen for one to follow from the other, and how could that be observed?\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “If two things occur together, one is always the cause of the other.” It sounds plausible, but it does not survive a closer look. What is true instead: Two things occurring together does not prove that one causes the other. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “How things are connected”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Two things occurring together does not prove that one causes the other.\n- You recognise causes, effects and interactions, and present them clearly.\n\nIf you take only one thought away from “How things are connected”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Working in production”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis lesson is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:22.769+00');
INSERT INTO public.course_factory_artifacts VALUES ('9638b1bf-de2c-5585-b1ea-20483161901e', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 'lesson', 3, '{"status": "full", "lesson_id": "9638b1bf-de2c-5585-b1ea-20483161901e", "word_count": 518, "generated_at": "2026-11-26T07:25:22.714Z", "content_markdown": "# Widespread mistakes\n\n## Overview\n\nLesson 3 of 12 in the course “Working in production”, module “Foundations: Working in production”. Time needed: about 20 minutes. You get to know typical false assumptions and test your own beliefs.\n\n## Learning objectives\n\nAfter this lesson you will be able to:\n\n- name typical false assumptions\n- test a belief of your own against facts\n\n## Introduction\n\nThe lessons before this one prepared the ground, and now another building block is added: Widespread mistakes. Keep the concern of the course in view: “Flat tyres, brakes and chains.” You do not have to learn anything by heart. What matters more is that at the end you can explain in your own words why this section is relevant to your situation.\n\n## Main part\n\nMistakes about “Working in production” persist because they are simple and often repeated. Familiarity feels like truth. An effective remedy is to look deliberately for cases that contradict your own opinion. If none turn up although you searched honestly, the opinion gains weight; if some do, it becomes more precise.\n\nHow to become familiar with the material:\n\n1. Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.\n2. For each term, find one example from your everyday life and one counterexample that does not belong to it.\n3. Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.\n4. Check the next day what you still know without your notes, and reread only the gaps.\n\nA widespread mistake goes like this: “Whatever you have heard often enough must be true.” It sounds plausible, but it does not survive a closer look. What is true instead: Looking for counterexamples tests a belief better than collecting confirmations. In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.\n\n## Examples\n\nThe following situations are invented, but they could well happen like this.\n\n- Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “Widespread mistakes”, writes down three open questions, and answers the first one before she decides anything at all.\n\n## Summary\n\nThe essentials in brief:\n\n- Looking for counterexamples tests a belief better than collecting confirmations.\n- You get to know typical false assumptions and test your own beliefs.\n\nIf you take only one thought away from “Widespread mistakes”, let it be the first one. The other points help you to apply it.\n\n## Resources\n\n- Your local library or adult education centre: ask specifically for recent introductions to “Working in production”.\n- Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.\n- Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.\n\n## Disclaimer\n\nThis lesson is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.\n"}', false, '2026-11-26 07:25:22.769+00');
INSERT INTO public.course_factory_artifacts VALUES ('ccb9cc02-329d-521e-959c-e71ee0b239f9', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 'quiz', 1, '{"title": "Quiz: Working in production", "quiz_id": "ccb9cc02-329d-521e-959c-e71ee0b239f9", "questions": [{"option_a": "Terms need no clarification because everyone means the same by them anyway.", "option_b": "The more often a statement has been copied, the more reliable it is.", "option_c": "If you miss a single day, you should give up the whole project.", "option_d": "Clear terms prevent misunderstandings before they arise.", "difficulty": "easy", "explanation": "Clear terms prevent misunderstandings before they arise. The lesson “Terms and context” covers this.", "question_id": "ff94f96f-a411-5e87-b7e8-0eee06cd0240", "question_text": "“Working in production”, lesson “Terms and context”: which statement is right?", "correct_answer": "d", "module_reference": "Foundations: Working in production"}, {"option_a": "Two things occurring together does not prove that one causes the other.", "option_b": "If two things occur together, one is always the cause of the other.", "option_c": "Criteria for a comparison should be set after the decision has been made.", "option_d": "Thinking about obstacles is harmful because it makes them happen.", "difficulty": "easy", "explanation": "Two things occurring together does not prove that one causes the other. The lesson “How things are connected” covers this.", "question_id": "0252f891-1855-5b26-8bf2-be891bc2403d", "question_text": "“Working in production”, lesson “How things are connected”: which statement is right?", "correct_answer": "a", "module_reference": "Foundations: Working in production"}, {"option_a": "Whatever you have heard often enough must be true.", "option_b": "Looking for counterexamples tests a belief better than collecting confirmations.", "option_c": "A good plan needs no reserve because nothing may come in between.", "option_d": "You improve fastest by changing as many things as possible at once.", "difficulty": "easy", "explanation": "Looking for counterexamples tests a belief better than collecting confirmations. The lesson “Widespread mistakes” covers this.", "question_id": "97b0a204-1690-5019-92ee-1c79240c85dc", "question_text": "“Working in production”, lesson “Widespread mistakes”: which statement is right?", "correct_answer": "b", "module_reference": "Foundations: Working in production"}, {"option_a": "The vaguer a goal is, the easier it is to reach.", "option_b": "If you miss a single day, you should give up the whole project.", "option_c": "A good goal is stated so that reaching it can be checked.", "option_d": "Knowledge loses its value as soon as it is shared.", "difficulty": "medium", "explanation": "A good goal is stated so that reaching it can be checked. The lesson “Working to a plan” covers this.", "question_id": "db725d66-8990-5579-9056-8c6c0e400ebb", "question_text": "“Working in production”, lesson “Working to a plan”: which statement is right?", "correct_answer": "c", "module_reference": "Methods: Working in production"}, {"option_a": "The more often a statement has been copied, the more reliable it is.", "option_b": "Two independent sources count for more than many repetitions of one source.", "option_c": "Thinking about obstacles is harmful because it makes them happen.", "option_d": "Once a course has ended, there is no need to deal with its subject again.", "difficulty": "medium", "explanation": "Two independent sources count for more than many repetitions of one source. The lesson “Finding and checking information” covers this.", "question_id": "74c699b2-6d60-5634-be7b-177cd6b588df", "question_text": "“Working in production”, lesson “Finding and checking information”: which statement is right?", "correct_answer": "b", "module_reference": "Methods: Working in production"}, {"option_a": "Criteria for a comparison should be set after the decision has been made.", "option_b": "You improve fastest by changing as many things as possible at once.", "option_c": "Criteria for a comparison are best fixed before looking at the options.", "option_d": "Terms need no clarification because everyone means the same by them anyway.", "difficulty": "medium", "explanation": "Criteria for a comparison are best fixed before looking at the options. The lesson “Comparing options” covers this.", "question_id": "d1911aef-7756-59d1-92f0-0c3ce0d7062d", "question_text": "“Working in production”, lesson “Comparing options”: which statement is right?", "correct_answer": "c", "module_reference": "Methods: Working in production"}, {"option_a": "Schedules become more realistic with a reserve for the unforeseen.", "option_b": "A good plan needs no reserve because nothing may come in between.", "option_c": "Knowledge loses its value as soon as it is shared.", "option_d": "If two things occur together, one is always the cause of the other.", "difficulty": "medium", "explanation": "Schedules become more realistic with a reserve for the unforeseen. The lesson “Planning a project of your own” covers this.", "question_id": "491e2d6f-e4ae-5179-95fd-d6eb9f1ab124", "question_text": "“Working in production”, lesson “Planning a project of your own”: which statement is right?", "correct_answer": "a", "module_reference": "Practice: Working in production"}, {"option_a": "If you miss a single day, you should give up the whole project.", "option_b": "Once a course has ended, there is no need to deal with its subject again.", "option_c": "Whatever you have heard often enough must be true.", "option_d": "Fixed times and places help you keep going more than goodwill alone.", "difficulty": "medium", "explanation": "Fixed times and places help you keep going more than goodwill alone. The lesson “Carrying it out and keeping going” covers this.", "question_id": "f5a12848-f27f-5ae3-bde1-11ecc3d4ddc3", "question_text": "“Working in production”, lesson “Carrying it out and keeping going”: which statement is right?", "correct_answer": "d", "module_reference": "Practice: Working in production"}, {"option_a": "Thinking about obstacles is harmful because it makes them happen.", "option_b": "Terms need no clarification because everyone means the same by them anyway.", "option_c": "An if-then plan prepares the response to an obstacle before it appears.", "option_d": "The vaguer a goal is, the easier it is to reach.", "difficulty": "medium", "explanation": "An if-then plan prepares the response to an obstacle before it appears. The lesson “Dealing with obstacles” covers this.", "question_id": "88d24393-9ca0-55ec-84db-40e21d337579", "question_text": "“Working in production”, lesson “Dealing with obstacles”: which statement is right?", "correct_answer": "c", "module_reference": "Practice: Working in production"}, {"option_a": "Changing one circumstance at a time shows what the change has brought about.", "option_b": "You improve fastest by changing as many things as possible at once.", "option_c": "If two things occur together, one is always the cause of the other.", "option_d": "The more often a statement has been copied, the more reliable it is.", "difficulty": "hard", "explanation": "Changing one circumstance at a time shows what the change has brought about. The lesson “Judging and improving results” covers this.", "question_id": "4b1d5954-6cb2-5be1-a0f2-78d893b23eed", "question_text": "“Working in production”, lesson “Judging and improving results”: which statement is right?", "correct_answer": "a", "module_reference": "Going deeper: Working in production"}, {"option_a": "Knowledge loses its value as soon as it is shared.", "option_b": "Explaining something to others reveals gaps in your own knowledge.", "option_c": "Whatever you have heard often enough must be true.", "option_d": "Criteria for a comparison should be set after the decision has been made.", "difficulty": "hard", "explanation": "Explaining something to others reveals gaps in your own knowledge. The lesson “Sharing knowledge and working together” covers this.", "question_id": "5df7b909-2059-5a39-bdf8-b85c82f5cf59", "question_text": "“Working in production”, lesson “Sharing knowledge and working together”: which statement is right?", "correct_answer": "b", "module_reference": "Going deeper: Working in production"}, {"option_a": "Once a course has ended, there is no need to deal with its subject again.", "option_b": "The vaguer a goal is, the easier it is to reach.", "option_c": "A good plan needs no reserve because nothing may come in between.", "option_d": "A next step with a fixed date is more likely to be taken than a general intention.", "difficulty": "hard", "explanation": "A next step with a fixed date is more likely to be taken than a general intention. The lesson “Your personal roadmap” covers this.", "question_id": "985d5369-d95f-5cc8-91a2-659b9dadf207", "question_text": "“Working in production”, lesson “Your personal roadmap”: which statement is right?", "correct_answer": "d", "module_reference": "Going deeper: Working in production"}, {"option_a": "Foundations: Working in production", "option_b": "Practice: Working in production", "option_c": "Methods: Working in production", "option_d": "Going deeper: Working in production", "difficulty": "easy", "explanation": "The lesson “Finding and checking information” belongs to the module “Methods: Working in production”.", "question_id": "c0144ba7-27d8-559e-87c8-f628e0302971", "question_text": "Which module of the course “Working in production” contains the lesson “Finding and checking information”?", "correct_answer": "c", "module_reference": "Methods: Working in production"}, {"option_a": "Foundations: Working in production", "option_b": "Practice: Working in production", "option_c": "Methods: Working in production", "option_d": "Going deeper: Working in production", "difficulty": "easy", "explanation": "The lesson “Carrying it out and keeping going” belongs to the module “Practice: Working in production”.", "question_id": "a3be1726-18bf-5119-93c5-b69b971b88da", "question_text": "Which module of the course “Working in production” contains the lesson “Carrying it out and keeping going”?", "correct_answer": "b", "module_reference": "Practice: Working in production"}, {"option_a": "Going deeper: Working in production", "option_b": "Foundations: Working in production", "option_c": "Methods: Working in production", "option_d": "Practice: Working in production", "difficulty": "easy", "explanation": "The lesson “Sharing knowledge and working together” belongs to the module “Going deeper: Working in production”.", "question_id": "6bebbf46-5c76-54be-951e-d8b8d5474afd", "question_text": "Which module of the course “Working in production” contains the lesson “Sharing knowledge and working together”?", "correct_answer": "a", "module_reference": "Going deeper: Working in production"}], "description": "Check what you have learned in the course “Working in production”. Exactly one answer is right for each question.", "time_limit_minutes": 30, "passing_score_percentage": 70}', false, '2026-11-26 07:25:22.769+00');
INSERT INTO public.course_factory_artifacts VALUES ('97c57d50-3c74-56f1-8718-a4175fe3afd1', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 'landing_page', 1, '{"features": ["4 modules with 12 lessons, about 240 minutes in total", "Final quiz with an explanation for every answer", "Clear learning objectives for every lesson", "Examples from the everyday life of the audience", "Neutral: no advertising and no product recommendations"], "sections": [{"kind": "hero", "title": "Working in production", "order_index": 0}, {"kind": "value_proposition", "title": "What the course gives you", "order_index": 1}, {"kind": "for_whom", "title": "Who is this course for?", "order_index": 2}, {"kind": "not_for_whom", "title": "Who is this course not for?", "order_index": 3}, {"kind": "course_structure", "title": "How the course is structured", "order_index": 4}, {"kind": "features", "title": "What to expect", "order_index": 5}, {"kind": "disclaimer", "title": "Disclaimer", "order_index": 6}], "disclaimer": "This lesson is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.", "hero_title": "Working in production", "hero_cta_text": "Start the course now", "hero_subtitle": "Flat tyres, brakes and chains. A course in 4 modules with 12 lessons.", "for_whom_title": "Who is this course for?", "for_whom_points": ["For private individuals who are dealing with “Working in production”", "For everyone who wants to start without prior knowledge and proceed step by step", "For everyone who wants to form a well-founded opinion of their own"], "landing_page_id": "97c57d50-3c74-56f1-8718-a4175fe3afd1", "value_proposition": "Flat tyres, brakes and chains. In 4 modules and 12 lessons, the course “Working in production” leads you from the basics to a plan of your own: easy to follow, factual and with nothing to sell. You learn at your own pace and practise on cases from everyday life.", "not_for_whom_title": "Who is this course not for?", "not_for_whom_points": ["People looking for binding advice on their individual case", "People who expect ready-made recipes without thinking for themselves", "People who already teach this field professionally"], "course_structure_title": "How the course is structured"}', false, '2026-11-26 07:25:22.769+00');

INSERT INTO public.course_factory_courses VALUES ('779e439d-056c-4ef2-925f-035138787c09', 'acme', 'Repairing a bicycle', 'en', '1.0.0', 'completed', 'draft', NULL, '{"title": "Repairing a bicycle", "dry_run": false, "language": "en", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "generate_quiz": true, "target_audiences": ["private_individuals"], "deploy_to_staging": false, "full_lessons_count": 3, "generate_landing_page": true}', '{"modules": [{"title": "Foundations: Repairing a bicycle", "lessons": [{"title": "Terms and context", "status": "full", "examples": [], "keywords": ["Terms", "context"], "exercises": [], "lesson_id": "74817963-c857-583c-8a93-79142ea34cb0", "module_id": "001dccd5-7109-5876-86c5-87f956a893c8", "description": "You clarify the most important terms and place the subject in your everyday life.", "order_index": 0, "learning_objectives": ["explain the most important terms in your own words", "tell the subject from neighbouring ones"], "estimated_duration_minutes": 20}, {"title": "How things are connected", "status": "full", "examples": [], "keywords": ["things", "connected"], "exercises": [], "lesson_id": "568c9896-968d-5834-946f-95842179575f", "module_id": "001dccd5-7109-5876-86c5-87f956a893c8", "description": "You recognise causes, effects and interactions, and present them clearly.", "order_index": 1, "learning_objectives": ["tell a cause from a mere sequence in time", "show interactions in a sketch"], "estimated_duration_minutes": 20}, {"title": "Widespread mistakes", "status": "full", "examples": [], "keywords": ["Widespread", "mistakes"], "exercises": [], "lesson_id": "1290782b-e37a-5829-b729-673b7e06ae77", "module_id": "001dccd5-7109-5876-86c5-87f956a893c8", "description": "You get to know typical false assumptions and test your own beliefs.", "order_index": 2, "learning_objectives": ["name typical false assumptions", "test a belief of your own against facts"], "estimated_duration_minutes": 20}], "module_id": "001dccd5-7109-5876-86c5-87f956a893c8", "description": "Terms, connections and widespread mistakes: the ground on which everything else is built.", "order_index": 0, "learning_objectives": ["explain the most important terms in your own words", "tell a cause from a mere sequence in time", "name typical false assumptions"], "estimated_total_duration_minutes": 60}, {"title": "Methods: Repairing a bicycle", "lessons": [{"title": "Working to a plan", "status": "placeholder", "examples": [], "keywords": ["Working"], "exercises": [], "lesson_id": "9a1d840b-9589-5c1a-9271-147347a2b1bd", "module_id": "aec2a338-d6da-5e8f-a8c2-ebe065b46230", "description": "You break a project into steps and define how you will recognise progress.", "order_index": 0, "content_outline": ["Introduction: why “Working to a plan” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["state a goal that can be checked", "break a project into steps"], "estimated_duration_minutes": 20}, {"title": "Finding and checking information", "status": "placeholder", "examples": [], "keywords": ["Finding", "checking", "information"], "exercises": [], "lesson_id": "a56f16a0-0426-50a3-8361-1478739b11dd", "module_id": "aec2a338-d6da-5e8f-a8c2-ebe065b46230", "description": "You judge how reliable a source is and compare several with each other.", "order_index": 1, "content_outline": ["Introduction: why “Finding and checking information” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["judge how reliable a source is", "check a statement against a second source"], "estimated_duration_minutes": 20}, {"title": "Comparing options", "status": "placeholder", "examples": [], "keywords": ["Comparing", "options"], "exercises": [], "lesson_id": "07278eff-a44a-59ed-a384-4b6d6c0cc526", "module_id": "aec2a338-d6da-5e8f-a8c2-ebe065b46230", "description": "You set options side by side by fixed criteria and give reasons for your choice.", "order_index": 2, "content_outline": ["Introduction: why “Comparing options” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["define criteria for a comparison", "justify a choice so that others can follow it"], "estimated_duration_minutes": 20}], "module_id": "aec2a338-d6da-5e8f-a8c2-ebe065b46230", "description": "An orderly approach, reliable information and well-founded decisions.", "order_index": 1, "learning_objectives": ["state a goal that can be checked", "judge how reliable a source is", "define criteria for a comparison"], "estimated_total_duration_minutes": 60}, {"title": "Practice: Repairing a bicycle", "lessons": [{"title": "Planning a project of your own", "status": "placeholder", "examples": [], "keywords": ["Planning", "project"], "exercises": [], "lesson_id": "bb499662-cd75-5390-b3d1-5643f409a25c", "module_id": "1ce9bee5-fda4-50d8-a631-5e2737df492f", "description": "You choose a manageable project and plan time, means and support.", "order_index": 0, "content_outline": ["Introduction: why “Planning a project of your own” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["choose a manageable project", "estimate time and means realistically"], "estimated_duration_minutes": 20}, {"title": "Carrying it out and keeping going", "status": "placeholder", "examples": [], "keywords": ["Carrying", "keeping", "going"], "exercises": [], "lesson_id": "a7638b35-76ca-5c58-a2d4-f3a1946e8f14", "module_id": "1ce9bee5-fda4-50d8-a631-5e2737df492f", "description": "You begin with the first step and secure progress through fixed habits.", "order_index": 1, "content_outline": ["Introduction: why “Carrying it out and keeping going” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["begin with a small step", "make progress visible"], "estimated_duration_minutes": 20}, {"title": "Dealing with obstacles", "status": "placeholder", "examples": [], "keywords": ["Dealing", "obstacles"], "exercises": [], "lesson_id": "5a51750e-97f9-56ce-a823-ef5bcecdfe33", "module_id": "1ce9bee5-fda4-50d8-a631-5e2737df492f", "description": "You distinguish kinds of obstacles and choose the right response.", "order_index": 2, "content_outline": ["Introduction: why “Dealing with obstacles” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["tell kinds of obstacles apart", "prepare for one likely obstacle"], "estimated_duration_minutes": 20}], "module_id": "1ce9bee5-fda4-50d8-a631-5e2737df492f", "description": "Planning a small project of your own, carrying it out and getting it past obstacles.", "order_index": 2, "learning_objectives": ["choose a manageable project", "begin with a small step", "tell kinds of obstacles apart"], "estimated_total_duration_minutes": 60}, {"title": "Going deeper: Repairing a bicycle", "lessons": [{"title": "Judging and improving results", "status": "placeholder", "examples": [], "keywords": ["Judging", "improving", "results"], "exercises": [], "lesson_id": "30725d6f-2519-55d6-9c85-7a5a65612845", "module_id": "517f6357-1142-520e-9fb2-9de5dcba17ce", "description": "You measure your result against the goal and improve one spot on purpose.", "order_index": 0, "content_outline": ["Introduction: why “Judging and improving results” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["measure a result against its goal", "choose one improvement on purpose"], "estimated_duration_minutes": 20}, {"title": "Sharing knowledge and working together", "status": "placeholder", "examples": [], "keywords": ["Sharing", "knowledge", "working", "together"], "exercises": [], "lesson_id": "02c3d8cc-b015-54f3-97cf-404d083892ec", "module_id": "517f6357-1142-520e-9fb2-9de5dcba17ce", "description": "You pass on what you have learned and use the feedback of others.", "order_index": 1, "content_outline": ["Introduction: why “Sharing knowledge and working together” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["pass on a subject so that it is understood", "ask for feedback and use it"], "estimated_duration_minutes": 20}, {"title": "Your personal roadmap", "status": "placeholder", "examples": [], "keywords": ["personal", "roadmap"], "exercises": [], "lesson_id": "3b50357c-be88-5117-8117-b5989add3fbe", "module_id": "517f6357-1142-520e-9fb2-9de5dcba17ce", "description": "You sum up the course and decide on your next steps.", "order_index": 2, "content_outline": ["Introduction: why “Your personal roadmap” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["sum up your own insights", "set next steps with a date"], "estimated_duration_minutes": 20}], "module_id": "517f6357-1142-520e-9fb2-9de5dcba17ce", "description": "Judging results, sharing knowledge and deciding on the way ahead.", "order_index": 3, "learning_objectives": ["measure a result against its goal", "pass on a subject so that it is understood", "sum up your own insights"], "estimated_total_duration_minutes": 60}], "metadata": {"tone": "sachlich", "title": "Repairing a bicycle", "version": "1.0.0", "language": "en", "course_id": "779e439d-056c-4ef2-925f-035138787c09", "created_at": "2026-11-26T07:25:19.206Z", "updated_at": "2026-11-26T07:25:19.206Z", "description": "Flat tyres, brakes and chains.", "avoid_ideology": true, "target_audiences": ["private_individuals"], "full_lessons_count": 3, "avoid_product_sales": true}, "total_lessons": 12, "total_estimated_duration_minutes": 240}', '{"success": true, "warnings": [], "course_id": "779e439d-056c-4ef2-925f-035138787c09", "generated_at": "2026-11-26T07:25:19.355Z", "total_lessons": 12, "total_modules": 4, "evidence_pack_path": "artifact:course/779e439d-056c-4ef2-925f-035138787c09", "quiz_questions_count": 15, "execution_time_seconds": 0.149, "full_lessons_generated": 3}', NULL, NULL, 0, NULL, NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, '2026-11-26 07:25:19.206+00', '2026-11-26 07:25:19.311+00', '2026-11-26 07:25:19.36+00', '2026-11-26 07:25:19.36+00');
INSERT INTO public.course_factory_courses VALUES ('55dc127d-3656-4cee-8ffd-b70e2e23163a', 'acme', 'Working in production', 'en', '1.0.0', 'completed', 'draft', NULL, '{"title": "Working in production", "dry_run": false, "language": "en", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "generate_quiz": true, "target_audiences": ["private_individuals"], "deploy_to_staging": false, "full_lessons_count": 3, "generate_landing_page": true}', '{"modules": [{"title": "Foundations: Working in production", "lessons": [{"title": "Terms and context", "status": "full", "examples": [], "keywords": ["Terms", "context"], "exercises": [], "lesson_id": "63b98bab-729d-502c-8d01-8d239432cc81", "module_id": "eb41216f-516d-58d4-b9fe-e39b424ee6ef", "description": "You clarify the most important terms and place the subject in your everyday life.", "order_index": 0, "learning_objectives": ["explain the most important terms in your own words", "tell the subject from neighbouring ones"], "estimated_duration_minutes": 20}, {"title": "How things are connected", "status": "full", "examples": [], "keywords": ["things", "connected"], "exercises": [], "lesson_id": "18cf58fe-2be0-5338-b2b9-d25bca68764f", "module_id": "eb41216f-516d-58d4-b9fe-e39b424ee6ef", "description": "You recognise causes, effects and interactions, and present them clearly.", "order_index": 1, "learning_objectives": ["tell a cause from a mere sequence in time", "show interactions in a sketch"], "estimated_duration_minutes": 20}, {"title": "Widespread mistakes", "status": "full", "examples": [], "keywords": ["Widespread", "mistakes"], "exercises": [], "lesson_id": "9638b1bf-de2c-5585-b1ea-20483161901e", "module_id": "eb41216f-516d-58d4-b9fe-e39b424ee6ef", "description": "You get to know typical false assumptions and test your own beliefs.", "order_index": 2, "learning_objectives": ["name typical false assumptions", "test a belief of your own against facts"], "estimated_duration_minutes": 20}], "module_id": "eb41216f-516d-58d4-b9fe-e39b424ee6ef", "description": "Terms, connections and widespread mistakes: the ground on which everything else is built.", "order_index": 0, "learning_objectives": ["explain the most important terms in your own words", "tell a cause from a mere sequence in time", "name typical false assumptions"], "estimated_total_duration_minutes": 60}, {"title": "Methods: Working in production", "lessons": [{"title": "Working to a plan", "status": "placeholder", "examples": [], "keywords": ["Working"], "exercises": [], "lesson_id": "a51ede31-dc3a-54e0-a569-6c4108a21fc6", "module_id": "b1812233-5cb2-5e26-9ac4-9dae68808f1f", "description": "You break a project into steps and define how you will recognise progress.", "order_index": 0, "content_outline": ["Introduction: why “Working to a plan” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["state a goal that can be checked", "break a project into steps"], "estimated_duration_minutes": 20}, {"title": "Finding and checking information", "status": "placeholder", "examples": [], "keywords": ["Finding", "checking", "information"], "exercises": [], "lesson_id": "3307ae3c-7829-5d79-b500-a66042682ec1", "module_id": "b1812233-5cb2-5e26-9ac4-9dae68808f1f", "description": "You judge how reliable a source is and compare several with each other.", "order_index": 1, "content_outline": ["Introduction: why “Finding and checking information” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["judge how reliable a source is", "check a statement against a second source"], "estimated_duration_minutes": 20}, {"title": "Comparing options", "status": "placeholder", "examples": [], "keywords": ["Comparing", "options"], "exercises": [], "lesson_id": "9c4c6546-1056-5f8b-b3f2-5e7e72e7d966", "module_id": "b1812233-5cb2-5e26-9ac4-9dae68808f1f", "description": "You set options side by side by fixed criteria and give reasons for your choice.", "order_index": 2, "content_outline": ["Introduction: why “Comparing options” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["define criteria for a comparison", "justify a choice so that others can follow it"], "estimated_duration_minutes": 20}], "module_id": "b1812233-5cb2-5e26-9ac4-9dae68808f1f", "description": "An orderly approach, reliable information and well-founded decisions.", "order_index": 1, "learning_objectives": ["state a goal that can be checked", "judge how reliable a source is", "define criteria for a comparison"], "estimated_total_duration_minutes": 60}, {"title": "Practice: Working in production", "lessons": [{"title": "Planning a project of your own", "status": "placeholder", "examples": [], "keywords": ["Planning", "project"], "exercises": [], "lesson_id": "2371f93d-8588-5263-a5ac-5198b7c8e63e", "module_id": "b525a851-0532-5a28-a3f3-2d0bc1da6d6f", "description": "You choose a manageable project and plan time, means and support.", "order_index": 0, "content_outline": ["Introduction: why “Planning a project of your own” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["choose a manageable project", "estimate time and means realistically"], "estimated_duration_minutes": 20}, {"title": "Carrying it out and keeping going", "status": "placeholder", "examples": [], "keywords": ["Carrying", "keeping", "going"], "exercises": [], "lesson_id": "0dc8a56f-09c3-51b5-b876-fb33216e931a", "module_id": "b525a851-0532-5a28-a3f3-2d0bc1da6d6f", "description": "You begin with the first step and secure progress through fixed habits.", "order_index": 1, "content_outline": ["Introduction: why “Carrying it out and keeping going” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["begin with a small step", "make progress visible"], "estimated_duration_minutes": 20}, {"title": "Dealing with obstacles", "status": "placeholder", "examples": [], "keywords": ["Dealing", "obstacles"], "exercises": [], "lesson_id": "f1d68b85-d5e1-55f2-927b-0f333da09584", "module_id": "b525a851-0532-5a28-a3f3-2d0bc1da6d6f", "description": "You distinguish kinds of obstacles and choose the right response.", "order_index": 2, "content_outline": ["Introduction: why “Dealing with obstacles” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["tell kinds of obstacles apart", "prepare for one likely obstacle"], "estimated_duration_minutes": 20}], "module_id": "b525a851-0532-5a28-a3f3-2d0bc1da6d6f", "description": "Planning a small project of your own, carrying it out and getting it past obstacles.", "order_index": 2, "learning_objectives": ["choose a manageable project", "begin with a small step", "tell kinds of obstacles apart"], "estimated_total_duration_minutes": 60}, {"title": "Going deeper: Working in production", "lessons": [{"title": "Judging and improving results", "status": "placeholder", "examples": [], "keywords": ["Judging", "improving", "results"], "exercises": [], "lesson_id": "562a6b25-aab0-5232-bfe8-3f31e5bb30fc", "module_id": "468a2063-3fd2-5059-a995-6c3e84a24087", "description": "You measure your result against the goal and improve one spot on purpose.", "order_index": 0, "content_outline": ["Introduction: why “Judging and improving results” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["measure a result against its goal", "choose one improvement on purpose"], "estimated_duration_minutes": 20}, {"title": "Sharing knowledge and working together", "status": "placeholder", "examples": [], "keywords": ["Sharing", "knowledge", "working", "together"], "exercises": [], "lesson_id": "d0eda70a-0fac-542b-a4fb-ab3afa35acd3", "module_id": "468a2063-3fd2-5059-a995-6c3e84a24087", "description": "You pass on what you have learned and use the feedback of others.", "order_index": 1, "content_outline": ["Introduction: why “Sharing knowledge and working together” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["pass on a subject so that it is understood", "ask for feedback and use it"], "estimated_duration_minutes": 20}, {"title": "Your personal roadmap", "status": "placeholder", "examples": [], "keywords": ["personal", "roadmap"], "exercises": [], "lesson_id": "17363446-9084-589c-b3d1-f0bc488af7a7", "module_id": "468a2063-3fd2-5059-a995-6c3e84a24087", "description": "You sum up the course and decide on your next steps.", "order_index": 2, "content_outline": ["Introduction: why “Your personal roadmap” matters", "Concepts and how they are connected", "Examples from everyday life", "Summary and next steps"], "learning_objectives": ["sum up your own insights", "set next steps with a date"], "estimated_duration_minutes": 20}], "module_id": "468a2063-3fd2-5059-a995-6c3e84a24087", "description": "Judging results, sharing knowledge and deciding on the way ahead.", "order_index": 3, "learning_objectives": ["measure a result against its goal", "pass on a subject so that it is understood", "sum up your own insights"], "estimated_total_duration_minutes": 60}], "metadata": {"tone": "sachlich", "title": "Working in production", "version": "1.0.0", "language": "en", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "created_at": "2026-11-26T07:25:22.714Z", "updated_at": "2026-11-26T07:25:22.714Z", "description": "Flat tyres, brakes and chains.", "avoid_ideology": true, "target_audiences": ["private_individuals"], "full_lessons_count": 3, "avoid_product_sales": true}, "total_lessons": 12, "total_estimated_duration_minutes": 240}', '{"success": true, "warnings": [], "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "generated_at": "2026-11-26T07:25:22.758Z", "total_lessons": 12, "total_modules": 4, "evidence_pack_path": "artifact:course/55dc127d-3656-4cee-8ffd-b70e2e23163a", "quiz_questions_count": 15, "execution_time_seconds": 0.044, "full_lessons_generated": 3}', NULL, NULL, 0, NULL, NULL, 'e897da7a-03aa-4805-affb-8cc9bed6d804', 'author-1', '2026-11-26 07:25:22.714+00', '2026-11-26 07:25:22.746+00', '2026-11-26 07:25:22.769+00', '2026-11-26 07:25:22.769+00');

INSERT INTO public.course_factory_deliveries VALUES ('06cce71e-2592-4775-8d2d-81108b4ae731', '6e8268cd-3d26-4b49-9e7e-f017a294842e', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 'delivered', 'dist_32a83279f3e2cc03', 'working-in-production', NULL, '2026-11-26 07:25:23.157+00', '2026-11-26 07:25:23.268+00');

INSERT INTO public.course_factory_deployments VALUES ('4fbde421-c17e-42c0-b46d-7cf8ed967573', '779e439d-056c-4ef2-925f-035138787c09', '1.0.0', 'dist_c054059c40d9f2ef', 'https://course-factory.staging', 'course-factory.staging', '{"job": "course.deploy_staging", "risk": "low", "resource": "course:779e439d-056c-4ef2-925f-035138787c09@course-factory.staging", "environment": "staging", "blast_radius": 1, "max_iterations": 1, "timeout_seconds": 900, "requires_approval": false}', '2026-11-26 07:25:19.623+00');
INSERT INTO public.course_factory_deployments VALUES ('b822ce14-78bf-4da6-a446-75094b94e74a', '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1.0.0', 'dist_32a83279f3e2cc03', 'https://course-factory.staging', 'course-factory.staging', '{"job": "course.deploy_staging", "risk": "low", "resource": "course:55dc127d-3656-4cee-8ffd-b70e2e23163a@course-factory.staging", "environment": "staging", "blast_radius": 1, "max_iterations": 1, "timeout_seconds": 900, "requires_approval": false}', '2026-11-26 07:25:23.062+00');

INSERT INTO public.dead_letters OVERRIDING SYSTEM VALUE VALUES (1, 'course_access_handler', 'brain:events:stream', '1795000000000-1', 'letter-1', 'payment.transaction.completed', NULL, '{"type": "payment.transaction.completed"}', 'attempts_exhausted', 'TransientError', 'the shop was away', 5, '2026-11-25 10:00:00+00', '2026-11-25 10:05:00+00', 'open', 0, NULL, '', 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.dead_letters OVERRIDING SYSTEM VALUE VALUES (2, 'payment', 'brain:events:stream', '1795000000000-2', 'letter-2', 'payment.transaction.completed', NULL, '{"type": "payment.transaction.completed"}', 'attempts_exhausted', 'TransientError', 'the shop was away', 5, '2026-11-25 10:00:00+00', '2026-11-25 10:05:00+00', 'open', 0, NULL, '', 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.deliveries OVERRIDING SYSTEM VALUE VALUES (1, 'course_access_handler', 0, 'brain:events:stream', '1795000000001-0', 'delivery-1', NULL, NULL, NULL, NULL, 'replay', NULL, NULL, 0, 0, 0, '2026-11-25 10:00:00+00', NULL, NULL, false, NULL, '2026-11-26 07:26:51.045+00', DEFAULT, DEFAULT);

INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (1, 'ceadc629-729f-4945-a5c2-e59862f3e7b0', 'ir.validated_pass', 'ir_governance', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, NULL, NULL, 'INFO', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "86a185684ca8068836efb3cd3ed8832c522e48f35fbf6971a45bb510bf7b67fa", "risk_tier": 0, "tenant_id": "acme", "request_id": "0bf8a7cf-a579-45cf-a2cd-21da65517aa7", "step_count": 5, "violations": [], "validated_at": "2026-11-26T07:25:19.252Z", "requires_approval": false}', '2026-11-26 07:25:19.252+00', '2026-11-26 07:25:19.241+00', 0, 'acme', '1795677919336-0', '2026-11-26 07:25:19.45+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (3, 'a9830554-08ac-4001-93db-1b11448be8ba', 'course.generation.started', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"topic": "Repairing a bicycle", "user_id": null, "course_id": "779e439d-056c-4ef2-925f-035138787c09", "parameters": {"run": "5d3a9108-0d80-4877-b385-8a12481b7095", "resumed": false, "language": "en", "generator": "template", "generate_quiz": true, "deploy_to_staging": false, "full_lessons_count": 3, "generate_landing_page": true}}', '2026-11-26 07:25:19.323+00', '2026-11-26 07:25:19.311+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919452-0', '2026-11-26 07:25:19.48+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (4, '7a10cedf-2b4d-4cc6-a8b2-d235110d3fd4', 'course.outline.created', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "779e439d-056c-4ef2-925f-035138787c09", "template_id": null, "modules_count": 4, "total_lessons": 12}', '2026-11-26 07:25:19.402+00', '2026-11-26 07:25:19.36+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919486-0', '2026-11-26 07:25:19.5+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (11, '44fe6d22-ed52-4635-8100-c22a5d19e185', 'distribution.created', 'course_distribution', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', '40b015a8-baa7-4bdc-86a6-9b1dde8d4b24', NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "causation_id": "40b015a8-baa7-4bdc-86a6-9b1dde8d4b24", "source_module": "course_distribution", "schema_version": 1}', '{"slug": "repairing-a-bicycle", "title": "Repairing a bicycle", "version": "v1", "language": "en", "course_id": "779e439d-056c-4ef2-925f-035138787c09", "created_at": "2026-11-26T07:25:19.539Z", "visibility": "private", "derived_from": null, "target_group": ["private_individuals"], "distribution_id": "dist_c054059c40d9f2ef"}', '2026-11-26 07:25:19.547+00', '2026-11-26 07:25:19.514+00', 0, 'dist_c054059c40d9f2ef', '1795677919590-0', '2026-11-26 07:25:19.629+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (12, '1aa89925-d715-4393-8404-500e47d63d75', 'course.deployed.staging', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', '44fe6d22-ed52-4635-8100-c22a5d19e185', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "44fe6d22-ed52-4635-8100-c22a5d19e185", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "779e439d-056c-4ef2-925f-035138787c09", "deployed_at": "2026-11-26T07:25:19.623Z", "staging_url": "https://course-factory.staging", "staging_domain": "course-factory.staging"}', '2026-11-26 07:25:19.625+00', '2026-11-26 07:25:19.619+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919636-0', '2026-11-26 07:25:19.652+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (2, 'c73d9f47-d7eb-48bf-9f2a-7c0109e3447d', 'course.generation.requested', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', 'ceadc629-729f-4945-a5c2-e59862f3e7b0', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "ceadc629-729f-4945-a5c2-e59862f3e7b0", "source_module": "course_factory", "schema_version": 1}', '{"title": "Repairing a bicycle", "dry_run": false, "language": "en", "course_id": "779e439d-056c-4ef2-925f-035138787c09", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "target_audiences": ["private_individuals"], "full_lessons_count": 3}', '2026-11-26 07:25:19.269+00', '2026-11-26 07:25:19.241+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919336-1', '2026-11-26 07:25:19.45+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (5, '06a59ed3-ce74-48d5-9159-28fb1e54c59f', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "779e439d-056c-4ef2-925f-035138787c09", "lesson_id": "74817963-c857-583c-8a93-79142ea34cb0", "module_id": "001dccd5-7109-5876-86c5-87f956a893c8", "lesson_index": 1, "lesson_title": "Terms and context", "content_length": 3256}', '2026-11-26 07:25:19.402+00', '2026-11-26 07:25:19.36+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919486-1', '2026-11-26 07:25:19.5+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (6, '1b811845-6fde-4a57-aec9-6b07af192e7c', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "779e439d-056c-4ef2-925f-035138787c09", "lesson_id": "568c9896-968d-5834-946f-95842179575f", "module_id": "001dccd5-7109-5876-86c5-87f956a893c8", "lesson_index": 2, "lesson_title": "How things are connected", "content_length": 3252}', '2026-11-26 07:25:19.403+00', '2026-11-26 07:25:19.36+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919486-2', '2026-11-26 07:25:19.5+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (7, 'b4362bdb-a8c3-41a5-9b1f-acd50d0ba7ec', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "779e439d-056c-4ef2-925f-035138787c09", "lesson_id": "1290782b-e37a-5829-b729-673b7e06ae77", "module_id": "001dccd5-7109-5876-86c5-87f956a893c8", "lesson_index": 3, "lesson_title": "Widespread mistakes", "content_length": 3221}', '2026-11-26 07:25:19.403+00', '2026-11-26 07:25:19.36+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919486-3', '2026-11-26 07:25:19.5+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (8, '3b8211fa-866b-4cca-813b-dd73f17e2507', 'course.quiz.created', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"quiz_id": "7219033b-0e21-526e-b057-4bbe71957b5a", "course_id": "779e439d-056c-4ef2-925f-035138787c09", "question_ids": ["25fcd026-796d-5ad0-9932-4ff39ee91728", "4d1163e1-9b36-5249-b0a6-849855e5d99a", "e84b6bc9-9312-5498-911f-3474c893b7c5", "45867593-ae42-5692-b5b2-1085c1ffe8d3", "e09ccf12-55f1-50f9-ae5b-154a944737f2", "be70f56b-ce26-584e-ad4d-0b3d3569ed9f", "47170bb0-c4f2-59f5-b05c-d8673da89e4d", "2f2706a9-d8cd-51eb-96cd-0ce7af18de55", "ef864e37-1295-5c8e-899b-f5d8042e77c2", "b6fc9dd9-8610-5db5-84b9-2372d4a142e1", "5c9a0693-b8cf-5f24-a105-949ad91a1dca", "9c2b8400-b047-5442-ae78-5c068ad83f32", "d3a7f798-29d2-5444-9106-b52f3d25998c", "dd1adee5-6572-52d1-b811-cab443987830", "14f39a3c-de96-5032-8c76-2e1ffd38f293"], "question_count": 15}', '2026-11-26 07:25:19.403+00', '2026-11-26 07:25:19.36+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919486-4', '2026-11-26 07:25:19.5+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (9, 'eafd7868-1a33-4a84-a4ed-22aec875f981', 'course.landing_page.created', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"has_hero": true, "course_id": "779e439d-056c-4ef2-925f-035138787c09", "has_pricing": false, "sections_count": 7, "landing_page_id": "b657dcd0-47da-5415-bff1-4de47ee0ee43"}', '2026-11-26 07:25:19.403+00', '2026-11-26 07:25:19.36+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919486-5', '2026-11-26 07:25:19.5+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (10, '40b015a8-baa7-4bdc-86a6-9b1dde8d4b24', 'course.generation.completed', 'course_factory_service', NULL, 'acme', NULL, '73a2493d-e21b-4a40-884d-854d250ac69c', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"title": "Repairing a bicycle", "deployed": false, "language": "en", "course_id": "779e439d-056c-4ef2-925f-035138787c09", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "staging_url": null, "completed_at": "2026-11-26T07:25:19.355Z", "total_lessons": 12, "total_modules": 4, "target_audiences": ["private_individuals"], "evidence_pack_path": "artifact:course/779e439d-056c-4ef2-925f-035138787c09", "quiz_questions_count": 15, "execution_time_seconds": 0.149, "full_lessons_generated": 3}', '2026-11-26 07:25:19.403+00', '2026-11-26 07:25:19.36+00', 0, '779e439d-056c-4ef2-925f-035138787c09', '1795677919486-6', '2026-11-26 07:25:19.5+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (13, 'c0b47b66-7ed2-402a-8908-5f09b746c9df', 'distribution.published', 'course_distribution', NULL, 'acme', NULL, 'c9d39163-e698-4e21-b4d2-7748ced57442', NULL, NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "source_module": "course_distribution", "schema_version": 1}', '{"seo": {"meta_title": "Repairing a bicycle", "meta_keywords": [], "meta_description": "Flat tyres, brakes and chains. An online course with lessons, examples and exercises."}, "slug": "repairing-a-bicycle", "title": "Repairing a bicycle", "language": "en", "course_id": "779e439d-056c-4ef2-925f-035138787c09", "visibility": "public", "published_at": "2026-11-26T07:25:22.593Z", "target_group": ["private_individuals"], "distribution_id": "dist_c054059c40d9f2ef"}', '2026-11-26 07:25:22.611+00', '2026-11-26 07:25:22.593+00', 0, 'dist_c054059c40d9f2ef', '1795677922630-0', '2026-11-26 07:25:22.638+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (14, '4bfcf140-4f7c-40a3-9a6b-08240b101a8e', 'distribution.viewed', 'course_distribution', NULL, 'acme', NULL, 'f48babf0-80bb-41e0-b30b-558107eb163d', NULL, NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "source_module": "course_distribution", "schema_version": 1}', '{"slug": "repairing-a-bicycle", "viewed_at": "2026-11-26T07:25:22.639Z", "view_count": 1, "distribution_id": "dist_c054059c40d9f2ef", "referrer_category": "direct"}', '2026-11-26 07:25:22.639+00', '2026-11-26 07:25:22.633+00', 0, 'dist_c054059c40d9f2ef', '1795677922654-0', '2026-11-26 07:25:22.669+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (18, 'cecfdba1-ce63-449f-8f3a-ae8ea01fe9af', 'ir.approval_consumed', 'ir_governance', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', '79ec6aee-7193-485c-8647-5a94f3682435', NULL, NULL, 'INFO', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "causation_id": "79ec6aee-7193-485c-8647-5a94f3682435", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376", "tenant_id": "acme", "approval_id": "748b904c-6b6a-4c74-87e2-d5a02a0949d2", "consumed_at": "2026-11-26T07:25:22.721Z", "consumed_by": "author-1", "was_expired": false, "time_to_consume_seconds": 0}', '2026-11-26 07:25:22.73+00', '2026-11-26 07:25:22.721+00', 0, 'acme', '1795677922750-1', '2026-11-26 07:25:22.769+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (15, '147cb08f-caa7-4423-b54d-7eccacc9be02', 'ir.validated_escalate', 'ir_governance', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', NULL, NULL, NULL, 'WARNING', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376", "risk_tier": 2, "tenant_id": "acme", "request_id": "f18d41ad-f093-4fe4-8f5b-819aedd55f23", "step_count": 5, "violations": [], "validated_at": "2026-11-26T07:25:22.657Z", "high_risk_steps": [{"action": "course.create", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 0}, {"action": "course.generate_outline", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 1}, {"action": "course.generate_lessons", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 2}, {"action": "course.generate_quiz", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 3}, {"action": "course.generate_landing", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 4}], "requires_approval": true}', '2026-11-26 07:25:22.657+00', '2026-11-26 07:25:22.657+00', 0, 'acme', '1795677922670-0', '2026-11-26 07:25:22.686+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (16, '79ec6aee-7193-485c-8647-5a94f3682435', 'ir.approval_created', 'ir_governance', NULL, 'acme', 'reviewer-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', '147cb08f-caa7-4423-b54d-7eccacc9be02', NULL, NULL, 'INFO', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "causation_id": "147cb08f-caa7-4423-b54d-7eccacc9be02", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376", "tenant_id": "acme", "created_at": "2026-11-26T07:25:22.677Z", "created_by": "reviewer-1", "expires_at": "2026-11-26T08:25:22.677Z", "approval_id": "748b904c-6b6a-4c74-87e2-d5a02a0949d2", "ttl_seconds": 3600}', '2026-11-26 07:25:22.681+00', '2026-11-26 07:25:22.679+00', 0, 'acme', '1795677922704-0', '2026-11-26 07:25:22.719+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (17, '1818708d-3968-4eec-8af3-75ff3940cd05', 'ir.validated_escalate', 'ir_governance', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', '79ec6aee-7193-485c-8647-5a94f3682435', NULL, NULL, 'WARNING', 1, 'ir_governance', 'ir_governance', '{"producer": "ir_governance", "causation_id": "79ec6aee-7193-485c-8647-5a94f3682435", "source_module": "ir_governance", "schema_version": 1}', '{"ir_hash": "e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376", "risk_tier": 2, "tenant_id": "acme", "request_id": "b4a5582e-3cb0-446a-92bd-fc79c8043f2a", "step_count": 5, "violations": [], "validated_at": "2026-11-26T07:25:22.721Z", "high_risk_steps": [{"action": "course.create", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 0}, {"action": "course.generate_outline", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 1}, {"action": "course.generate_lessons", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 2}, {"action": "course.generate_quiz", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 3}, {"action": "course.generate_landing", "reason": "the resource names production", "provider": "course_factory.v1", "risk_tier": 2, "step_index": 4}], "requires_approval": true}', '2026-11-26 07:25:22.726+00', '2026-11-26 07:25:22.721+00', 0, 'acme', '1795677922750-0', '2026-11-26 07:25:22.769+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (20, 'a5a1b302-0fec-432f-957e-cf79b210359d', 'course.generation.started', 'course_factory_service', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"topic": "Working in production", "user_id": "author-1", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "parameters": {"run": "0ea1eb46-0a3a-4eca-95ae-77c395d5730e", "resumed": false, "language": "en", "generator": "template", "generate_quiz": true, "deploy_to_staging": false, "full_lessons_count": 3, "generate_landing_page": true}}', '2026-11-26 07:25:22.747+00', '2026-11-26 07:25:22.746+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677922771-0', '2026-11-26 07:25:22.789+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (41, 'c43e7a95-d04e-4d97-b0a9-332d77d40dd8', 'agent.message', 'robot-1', 'robot-2', NULL, NULL, 'df121988-5efe-4f3a-b3df-ec51c9f30e23', NULL, NULL, NULL, NULL, 1, 'agents', 'agents', '{"producer": "agents", "source_module": "agents", "schema_version": 1}', '{"to": "robot-2", "from": "robot-1", "message": {"say": "hello"}}', '2026-11-26 07:25:27.431+00', '2026-11-26 07:25:27.411+00', 0, 'robot-2', '1795677927483-0', '2026-11-26 07:25:27.553+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (19, 'c41a8283-f71e-4f96-b3ad-c172022e5b9b', 'course.generation.requested', 'course_factory_service', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', '1818708d-3968-4eec-8af3-75ff3940cd05', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "1818708d-3968-4eec-8af3-75ff3940cd05", "source_module": "course_factory", "schema_version": 1}', '{"title": "Working in production", "dry_run": false, "language": "en", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "target_audiences": ["private_individuals"], "full_lessons_count": 3}', '2026-11-26 07:25:22.733+00', '2026-11-26 07:25:22.721+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677922750-2', '2026-11-26 07:25:22.769+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (24, '5f779547-15f6-42d1-b21e-b52e3b302252', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "lesson_id": "9638b1bf-de2c-5585-b1ea-20483161901e", "module_id": "eb41216f-516d-58d4-b9fe-e39b424ee6ef", "lesson_index": 3, "lesson_title": "Widespread mistakes", "content_length": 3229}', '2026-11-26 07:25:22.775+00', '2026-11-26 07:25:22.769+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677922790-3', '2026-11-26 07:25:22.806+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (25, '7e36d8be-bef5-4395-8992-bbc7c9378c15', 'course.quiz.created', 'course_factory_service', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"quiz_id": "ccb9cc02-329d-521e-959c-e71ee0b239f9", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "question_ids": ["ff94f96f-a411-5e87-b7e8-0eee06cd0240", "0252f891-1855-5b26-8bf2-be891bc2403d", "97b0a204-1690-5019-92ee-1c79240c85dc", "db725d66-8990-5579-9056-8c6c0e400ebb", "74c699b2-6d60-5634-be7b-177cd6b588df", "d1911aef-7756-59d1-92f0-0c3ce0d7062d", "491e2d6f-e4ae-5179-95fd-d6eb9f1ab124", "f5a12848-f27f-5ae3-bde1-11ecc3d4ddc3", "88d24393-9ca0-55ec-84db-40e21d337579", "4b1d5954-6cb2-5be1-a0f2-78d893b23eed", "5df7b909-2059-5a39-bdf8-b85c82f5cf59", "985d5369-d95f-5cc8-91a2-659b9dadf207", "c0144ba7-27d8-559e-87c8-f628e0302971", "a3be1726-18bf-5119-93c5-b69b971b88da", "6bebbf46-5c76-54be-951e-d8b8d5474afd"], "question_count": 15}', '2026-11-26 07:25:22.775+00', '2026-11-26 07:25:22.769+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677922790-4', '2026-11-26 07:25:22.806+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (26, '882fb59d-5e34-476b-8606-83f3aac85512', 'course.landing_page.created', 'course_factory_service', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"has_hero": true, "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "has_pricing": false, "sections_count": 7, "landing_page_id": "97c57d50-3c74-56f1-8718-a4175fe3afd1"}', '2026-11-26 07:25:22.775+00', '2026-11-26 07:25:22.769+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677922790-5', '2026-11-26 07:25:22.806+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (27, '2987722c-47cb-447d-a83a-7c83f0726dc5', 'course.generation.completed', 'course_factory_service', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"title": "Working in production", "deployed": false, "language": "en", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "tenant_id": "acme", "description": "Flat tyres, brakes and chains.", "staging_url": null, "completed_at": "2026-11-26T07:25:22.758Z", "total_lessons": 12, "total_modules": 4, "target_audiences": ["private_individuals"], "evidence_pack_path": "artifact:course/55dc127d-3656-4cee-8ffd-b70e2e23163a", "quiz_questions_count": 15, "execution_time_seconds": 0.044, "full_lessons_generated": 3}', '2026-11-26 07:25:22.775+00', '2026-11-26 07:25:22.769+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677922790-6', '2026-11-26 07:25:22.806+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (21, '6da0456a-d70d-4448-bff7-2c41b67fa009', 'course.outline.created', 'course_factory_service', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "template_id": null, "modules_count": 4, "total_lessons": 12}', '2026-11-26 07:25:22.774+00', '2026-11-26 07:25:22.769+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677922790-0', '2026-11-26 07:25:22.806+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (22, '6014575b-a4c5-410d-8250-d18076d001eb', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "lesson_id": "63b98bab-729d-502c-8d01-8d239432cc81", "module_id": "eb41216f-516d-58d4-b9fe-e39b424ee6ef", "lesson_index": 1, "lesson_title": "Terms and context", "content_length": 3264}', '2026-11-26 07:25:22.774+00', '2026-11-26 07:25:22.769+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677922790-1', '2026-11-26 07:25:22.806+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (23, '0ce586a8-a0ef-47b0-b2f6-2495ce733f2c', 'course.lesson.generated', 'course_factory_service', NULL, 'acme', 'author-1', 'e897da7a-03aa-4805-affb-8cc9bed6d804', NULL, NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "lesson_id": "18cf58fe-2be0-5338-b2b9-d25bca68764f", "module_id": "eb41216f-516d-58d4-b9fe-e39b424ee6ef", "lesson_index": 2, "lesson_title": "How things are connected", "content_length": 3260}', '2026-11-26 07:25:22.774+00', '2026-11-26 07:25:22.769+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677922790-2', '2026-11-26 07:25:22.806+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (28, '4e185a91-c169-4681-9c07-60a7ac683adc', 'payment.intent.created', 'payment', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', NULL, NULL, NULL, NULL, 1, 'payment', 'payment', '{"producer": "payment", "source_module": "payment", "schema_version": 1}', '{"user_id": "user-7", "currency": "EUR", "provider": "stripe", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "intent_id": "55f6d00e-ce61-482d-983b-70c067ed985a", "tenant_id": "acme", "payment_id": "55f6d00e-ce61-482d-983b-70c067ed985a", "occurred_at": "2026-11-26T07:25:22.794Z", "amount_cents": 4900}', '2026-11-26 07:25:22.802+00', '2026-11-26 07:25:22.797+00', 0, '55f6d00e-ce61-482d-983b-70c067ed985a', '1795677922878-0', '2026-11-26 07:25:22.953+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (30, 'da397c20-413d-445f-97b1-3fab5d290b9e', 'course.deployed.staging', 'course_factory_service', NULL, 'acme', NULL, 'e897da7a-03aa-4805-affb-8cc9bed6d804', '6ab28d93-9d97-4c24-8f99-b0a010c52549', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "6ab28d93-9d97-4c24-8f99-b0a010c52549", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "deployed_at": "2026-11-26T07:25:23.062Z", "staging_url": "https://course-factory.staging", "staging_domain": "course-factory.staging"}', '2026-11-26 07:25:23.064+00', '2026-11-26 07:25:23.057+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677923100-0', '2026-11-26 07:25:23.119+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (35, 'd15215ef-0afb-4d7c-930a-ef9dec909e71', 'distribution.published', 'course_distribution', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', 'b779aec4-7138-4112-a4d8-3aca7089439f', NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "causation_id": "b779aec4-7138-4112-a4d8-3aca7089439f", "source_module": "course_distribution", "schema_version": 1}', '{"seo": {"meta_title": "Working in production", "meta_keywords": [], "meta_description": "Flat tyres, brakes and chains. An online course with lessons, examples and exercises."}, "slug": "working-in-production", "title": "Working in production", "language": "en", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "visibility": "public", "published_at": "2026-11-26T07:25:23.206Z", "target_group": ["private_individuals"], "distribution_id": "dist_32a83279f3e2cc03"}', '2026-11-26 07:25:23.208+00', '2026-11-26 07:25:23.204+00', 0, 'dist_32a83279f3e2cc03', '1795677923237-0', '2026-11-26 07:25:23.251+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (36, '9c013afc-620e-4074-9491-b88195415f87', 'course.distribution.completed', 'course_distribution', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', 'b779aec4-7138-4112-a4d8-3aca7089439f', NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "causation_id": "b779aec4-7138-4112-a4d8-3aca7089439f", "source_module": "course_distribution", "schema_version": 1}', '{"slug": "working-in-production", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "distribution_id": "dist_32a83279f3e2cc03"}', '2026-11-26 07:25:23.208+00', '2026-11-26 07:25:23.204+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677923237-1', '2026-11-26 07:25:23.251+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (29, '6ab28d93-9d97-4c24-8f99-b0a010c52549', 'distribution.created', 'course_distribution', NULL, 'acme', NULL, 'e897da7a-03aa-4805-affb-8cc9bed6d804', '2987722c-47cb-447d-a83a-7c83f0726dc5', NULL, NULL, NULL, 1, 'course_distribution', 'course_distribution', '{"producer": "course_distribution", "causation_id": "2987722c-47cb-447d-a83a-7c83f0726dc5", "source_module": "course_distribution", "schema_version": 1}', '{"slug": "working-in-production", "title": "Working in production", "version": "v1", "language": "en", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "created_at": "2026-11-26T07:25:22.869Z", "visibility": "private", "derived_from": null, "target_group": ["private_individuals"], "distribution_id": "dist_32a83279f3e2cc03"}', '2026-11-26 07:25:22.874+00', '2026-11-26 07:25:22.856+00', 0, 'dist_32a83279f3e2cc03', '1795677922954-0', '2026-11-26 07:25:23.026+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (31, '03c23db5-9861-4da0-9f18-4f57233ed332', 'payment.transaction.completed', 'payment', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', '4e185a91-c169-4681-9c07-60a7ac683adc', NULL, NULL, NULL, 1, 'payment', 'payment', '{"producer": "payment", "causation_id": "4e185a91-c169-4681-9c07-60a7ac683adc", "source_module": "payment", "schema_version": 1}', '{"user_id": "user-7", "currency": "EUR", "provider": "stripe", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "intent_id": "55f6d00e-ce61-482d-983b-70c067ed985a", "tenant_id": "acme", "payment_id": "6e8268cd-3d26-4b49-9e7e-f017a294842e", "occurred_at": "2026-11-26T07:25:23.057Z", "amount_cents": 4900}', '2026-11-26 07:25:23.075+00', '2026-11-26 07:25:23.055+00', 0, '6e8268cd-3d26-4b49-9e7e-f017a294842e', '1795677923120-0', '2026-11-26 07:25:23.138+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (32, '0b5e0368-0fba-48c8-b1a3-fbb966f6916a', 'course.payment.completed', 'course_factory_service', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', '03c23db5-9861-4da0-9f18-4f57233ed332', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "03c23db5-9861-4da0-9f18-4f57233ed332", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "transaction_id": "6e8268cd-3d26-4b49-9e7e-f017a294842e"}', '2026-11-26 07:25:23.165+00', '2026-11-26 07:25:23.153+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677923190-0', '2026-11-26 07:25:23.2+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (33, 'b779aec4-7138-4112-a4d8-3aca7089439f', 'course.distribution.requested', 'course_factory_service', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', '03c23db5-9861-4da0-9f18-4f57233ed332', NULL, NULL, NULL, 1, 'course_factory_service', 'course_factory', '{"producer": "course_factory_service", "causation_id": "03c23db5-9861-4da0-9f18-4f57233ed332", "source_module": "course_factory", "schema_version": 1}', '{"course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a"}', '2026-11-26 07:25:23.166+00', '2026-11-26 07:25:23.153+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677923190-1', '2026-11-26 07:25:23.2+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (34, 'b0b79528-ebef-4dfc-87b7-efaa3f363445', 'course.access.granted', 'course_access', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', '03c23db5-9861-4da0-9f18-4f57233ed332', NULL, NULL, NULL, 1, 'course_access', 'course_access', '{"producer": "course_access", "causation_id": "03c23db5-9861-4da0-9f18-4f57233ed332", "source_module": "course_access", "schema_version": 1}', '{"user_id": "user-7", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "tenant_id": "acme", "granted_at": "2026-11-26T07:25:23.178Z", "payment_id": "6e8268cd-3d26-4b49-9e7e-f017a294842e"}', '2026-11-26 07:25:23.186+00', '2026-11-26 07:25:23.154+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677923214-0', '2026-11-26 07:25:23.235+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (37, '51dfa78b-b64f-42fa-8cf6-f57e9898ec64', 'payment.refund.requested', 'payment', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', '03c23db5-9861-4da0-9f18-4f57233ed332', NULL, NULL, NULL, 1, 'payment', 'payment', '{"producer": "payment", "causation_id": "03c23db5-9861-4da0-9f18-4f57233ed332", "source_module": "payment", "schema_version": 1}', '{"user_id": "user-7", "currency": "EUR", "provider": "stripe", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "intent_id": "55f6d00e-ce61-482d-983b-70c067ed985a", "refund_id": "11c3c546-08e0-4936-b598-7bb03770096f", "tenant_id": "acme", "payment_id": "6e8268cd-3d26-4b49-9e7e-f017a294842e", "occurred_at": "2026-11-26T07:25:26.983Z", "amount_cents": 4900}', '2026-11-26 07:25:27.014+00', '2026-11-26 07:25:26.997+00', 0, '6e8268cd-3d26-4b49-9e7e-f017a294842e', '1795677927045-0', '2026-11-26 07:25:27.073+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (38, 'e6cecac2-2299-4619-a8f9-6103278bfb09', 'payment.refund.completed', 'payment', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', '51dfa78b-b64f-42fa-8cf6-f57e9898ec64', NULL, NULL, NULL, 1, 'payment', 'payment', '{"producer": "payment", "causation_id": "51dfa78b-b64f-42fa-8cf6-f57e9898ec64", "source_module": "payment", "schema_version": 1}', '{"user_id": "user-7", "currency": "EUR", "provider": "stripe", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "intent_id": "55f6d00e-ce61-482d-983b-70c067ed985a", "refund_id": "11c3c546-08e0-4936-b598-7bb03770096f", "tenant_id": "acme", "payment_id": "6e8268cd-3d26-4b49-9e7e-f017a294842e", "occurred_at": "2026-11-26T07:25:27.063Z", "amount_cents": 4900}', '2026-11-26 07:25:27.074+00', '2026-11-26 07:25:27.061+00', 0, '6e8268cd-3d26-4b49-9e7e-f017a294842e', '1795677927139-0', '2026-11-26 07:25:27.187+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (39, '19782d6f-6c07-4a8e-a3f3-79d4f32c9535', 'mission.created', 'mission_queue_manager', NULL, NULL, NULL, 'a67baf55-a4c0-42c0-b5cd-a6b3ae57e319', NULL, '7d9e03f4-9ee5-4400-9d15-438143740cde', '7d9e03f4-9ee5-4400-9d15-438143740cde', NULL, 1, 'mission_queue_manager', 'missions', '{"producer": "mission_queue_manager", "source_module": "missions", "schema_version": 1}', '{"type": "echo", "priority": "HIGH", "created_at": "2026-11-26T07:25:27.152Z", "mission_id": "7d9e03f4-9ee5-4400-9d15-438143740cde", "mission_name": "Say it back"}', '2026-11-26 07:25:27.209+00', '2026-11-26 07:25:27.175+00', 0, '7d9e03f4-9ee5-4400-9d15-438143740cde', '1795677927410-0', '2026-11-26 07:25:27.482+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (40, 'c385ce20-2f50-4944-8036-60311fad27d2', 'task.created', 'mission_queue_manager', NULL, NULL, NULL, 'a67baf55-a4c0-42c0-b5cd-a6b3ae57e319', '19782d6f-6c07-4a8e-a3f3-79d4f32c9535', '7d9e03f4-9ee5-4400-9d15-438143740cde', '7d9e03f4-9ee5-4400-9d15-438143740cde', NULL, 1, 'mission_queue_manager', 'missions', '{"producer": "mission_queue_manager", "causation_id": "19782d6f-6c07-4a8e-a3f3-79d4f32c9535", "source_module": "missions", "schema_version": 1}', '{"task_id": "7d9e03f4-9ee5-4400-9d15-438143740cde", "priority": "HIGH", "created_at": "2026-11-26T07:25:27.152Z", "mission_type": "echo"}', '2026-11-26 07:25:27.213+00', '2026-11-26 07:25:27.175+00', 0, '7d9e03f4-9ee5-4400-9d15-438143740cde', '1795677927410-1', '2026-11-26 07:25:27.482+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (42, 'bad1afc2-4fad-4f3a-8904-d96d62e807b2', 'mission.started', 'mission_worker', NULL, NULL, NULL, 'a67baf55-a4c0-42c0-b5cd-a6b3ae57e319', 'c385ce20-2f50-4944-8036-60311fad27d2', '7d9e03f4-9ee5-4400-9d15-438143740cde', '7d9e03f4-9ee5-4400-9d15-438143740cde', NULL, 1, 'mission_worker', 'missions', '{"producer": "mission_worker", "causation_id": "c385ce20-2f50-4944-8036-60311fad27d2", "source_module": "missions", "schema_version": 1}', '{"result": null, "mission_id": "7d9e03f4-9ee5-4400-9d15-438143740cde", "new_status": "running", "old_status": "queued", "mission_name": "Say it back", "error_message": null}', '2026-11-26 07:25:27.49+00', '2026-11-26 07:25:27.457+00', 0, '7d9e03f4-9ee5-4400-9d15-438143740cde', '1795677927653-0', '2026-11-26 07:25:27.694+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (43, '0290da64-acb6-4c9d-9619-4f3e2046e65b', 'task.started', 'mission_worker', NULL, NULL, NULL, 'a67baf55-a4c0-42c0-b5cd-a6b3ae57e319', 'bad1afc2-4fad-4f3a-8904-d96d62e807b2', '7d9e03f4-9ee5-4400-9d15-438143740cde', '7d9e03f4-9ee5-4400-9d15-438143740cde', NULL, 1, 'mission_worker', 'missions', '{"producer": "mission_worker", "causation_id": "bad1afc2-4fad-4f3a-8904-d96d62e807b2", "source_module": "missions", "schema_version": 1}', '{"score": 29.999999999999, "task_id": "7d9e03f4-9ee5-4400-9d15-438143740cde", "priority": "HIGH", "started_at": "2026-11-26T07:25:27.464Z", "retry_count": 0, "mission_type": "echo"}', '2026-11-26 07:25:27.497+00', '2026-11-26 07:25:27.457+00', 0, '7d9e03f4-9ee5-4400-9d15-438143740cde', '1795677927653-1', '2026-11-26 07:25:27.694+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (44, '65efd233-a41c-4489-abf2-9383907a3ba6', 'course.access.revoked', 'course_access', NULL, 'acme', NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', 'e6cecac2-2299-4619-a8f9-6103278bfb09', NULL, NULL, NULL, 1, 'course_access', 'course_access', '{"producer": "course_access", "causation_id": "e6cecac2-2299-4619-a8f9-6103278bfb09", "source_module": "course_access", "schema_version": 1}', '{"reason": "payment_refunded", "user_id": "user-7", "course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a", "tenant_id": "acme", "payment_id": "6e8268cd-3d26-4b49-9e7e-f017a294842e", "revoked_at": "2026-11-26T07:25:27.585Z"}', '2026-11-26 07:25:27.589+00', '2026-11-26 07:25:27.359+00', 0, '55dc127d-3656-4cee-8ffd-b70e2e23163a', '1795677927653-2', '2026-11-26 07:25:27.694+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (45, 'f18ff41b-478e-49fe-9991-81d8afffe08c', 'task.completed', 'mission_worker', NULL, NULL, NULL, 'a67baf55-a4c0-42c0-b5cd-a6b3ae57e319', '0290da64-acb6-4c9d-9619-4f3e2046e65b', '7d9e03f4-9ee5-4400-9d15-438143740cde', '7d9e03f4-9ee5-4400-9d15-438143740cde', NULL, 1, 'mission_worker', 'missions', '{"producer": "mission_worker", "causation_id": "0290da64-acb6-4c9d-9619-4f3e2046e65b", "source_module": "missions", "schema_version": 1}', '{"task_id": "7d9e03f4-9ee5-4400-9d15-438143740cde", "duration_ms": 170, "completed_at": "2026-11-26T07:25:27.634Z", "mission_type": "echo"}', '2026-11-26 07:25:27.662+00', '2026-11-26 07:25:27.63+00', 0, '7d9e03f4-9ee5-4400-9d15-438143740cde', '1795677927817-0', '2026-11-26 07:25:27.833+00', DEFAULT);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (46, 'da9b2b0e-b88f-4fe9-8afc-a08f80113568', 'mission.completed', 'mission_worker', NULL, NULL, NULL, 'a67baf55-a4c0-42c0-b5cd-a6b3ae57e319', 'f18ff41b-478e-49fe-9991-81d8afffe08c', '7d9e03f4-9ee5-4400-9d15-438143740cde', '7d9e03f4-9ee5-4400-9d15-438143740cde', NULL, 1, 'mission_worker', 'missions', '{"producer": "mission_worker", "causation_id": "f18ff41b-478e-49fe-9991-81d8afffe08c", "source_module": "missions", "schema_version": 1}', '{"result": null, "mission_id": "7d9e03f4-9ee5-4400-9d15-438143740cde", "new_status": "completed", "old_status": "running", "mission_name": "Say it back", "error_message": null}', '2026-11-26 07:25:27.662+00', '2026-11-26 07:25:27.63+00', 0, '7d9e03f4-9ee5-4400-9d15-438143740cde', '1795677927817-1', '2026-11-26 07:25:27.833+00', DEFAULT);

INSERT INTO public.ir_governance_approvals VALUES ('748b904c-6b6a-4c74-87e2-d5a02a0949d2', 'acme', 'e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376', 'v2', 'consumed', 'a89c3b6ac81f713bb1d47c9ea26e7425cbcc7da33848ff3702dd0a24a6e49d75', 3600, '2026-11-26 07:25:22.677+00', '2026-11-26 08:25:22.677+00', 'reviewer-1', '2026-11-26 07:25:22.721+00', 'author-1', NULL, NULL, 'e897da7a-03aa-4805-affb-8cc9bed6d804', '79ec6aee-7193-485c-8647-5a94f3682435', 'cecfdba1-ce63-449f-8f3a-ae8ea01fe9af');

INSERT INTO public.ir_governance_validations VALUES ('acme', '86a185684ca8068836efb3cd3ed8832c522e48f35fbf6971a45bb510bf7b67fa', NULL, 'PASS', 0, '[]', '{"steps": [{"action": "course.create", "reason": "course.create no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle", "risk_tier": 0, "step_index": 0}, {"action": "course.generate_outline", "reason": "course.generate_outline no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:outline", "risk_tier": 0, "step_index": 1}, {"action": "course.generate_lessons", "reason": "course.generate_lessons no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:lessons", "risk_tier": 0, "step_index": 2}, {"action": "course.generate_quiz", "reason": "course.generate_quiz no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:quiz", "risk_tier": 0, "step_index": 3}, {"action": "course.generate_landing", "reason": "course.generate_landing no lasting effect", "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:landing", "risk_tier": 0, "step_index": 4}], "step_count": 5, "budget_cents": 0, "intent_summary": "Generate the course: Repairing a bicycle"}', '{"steps": [{"action": "course.create", "params": {"title": "Repairing a bicycle", "language": "en", "description": "Flat tyres, brakes and chains.", "target_audiences": ["private_individuals"]}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_create_acme_Repairing a bicycle"}, {"action": "course.generate_outline", "params": {"modules_count": "4-6", "lessons_per_module": "3-5"}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:outline", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_outline_acme_Repairing a bicycle"}, {"action": "course.generate_lessons", "params": {"full_lessons_count": 3}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:lessons", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_lessons_acme_Repairing a bicycle"}, {"action": "course.generate_quiz", "params": {"question_count": 15}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:quiz", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_quiz_acme_Repairing a bicycle"}, {"action": "course.generate_landing", "params": {}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Repairing a bicycle:landing", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_landing_acme_Repairing a bicycle"}], "labels": {"module": "course_factory", "dry_run": "false", "language": "en"}, "tenant_id": "acme", "intent_summary": "Generate the course: Repairing a bicycle"}', '0bf8a7cf-a579-45cf-a2cd-21da65517aa7', '73a2493d-e21b-4a40-884d-854d250ac69c', 'ceadc629-729f-4945-a5c2-e59862f3e7b0', '2026-11-26 07:25:19.252+00');
INSERT INTO public.ir_governance_validations VALUES ('acme', 'e01ae4c50b5fbf0d62eacd51df2a792ce2eaa62089b725674cbcf2d4afaf2376', NULL, 'ESCALATE', 2, '[]', '{"steps": [{"action": "course.create", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production", "risk_tier": 2, "step_index": 0}, {"action": "course.generate_outline", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production:outline", "risk_tier": 2, "step_index": 1}, {"action": "course.generate_lessons", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production:lessons", "risk_tier": 2, "step_index": 2}, {"action": "course.generate_quiz", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production:quiz", "risk_tier": 2, "step_index": 3}, {"action": "course.generate_landing", "reason": "the resource names production", "provider": "course_factory.v1", "resource": "course:Working in production:landing", "risk_tier": 2, "step_index": 4}], "step_count": 5, "budget_cents": 0, "intent_summary": "Generate the course: Working in production"}', '{"steps": [{"action": "course.create", "params": {"title": "Working in production", "language": "en", "description": "Flat tyres, brakes and chains.", "target_audiences": ["private_individuals"]}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_create_acme_Working in production"}, {"action": "course.generate_outline", "params": {"modules_count": "4-6", "lessons_per_module": "3-5"}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production:outline", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_outline_acme_Working in production"}, {"action": "course.generate_lessons", "params": {"full_lessons_count": 3}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production:lessons", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_lessons_acme_Working in production"}, {"action": "course.generate_quiz", "params": {"question_count": 15}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production:quiz", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_quiz_acme_Working in production"}, {"action": "course.generate_landing", "params": {}, "step_id": null, "provider": "course_factory.v1", "resource": "course:Working in production:landing", "constraints": {}, "description": null, "budget_cents": null, "idempotency_key": "course_landing_acme_Working in production"}], "labels": {"module": "course_factory", "dry_run": "false", "language": "en"}, "tenant_id": "acme", "intent_summary": "Generate the course: Working in production"}', 'b4a5582e-3cb0-446a-92bd-fc79c8043f2a', 'e897da7a-03aa-4805-affb-8cc9bed6d804', '1818708d-3968-4eec-8af3-75ff3940cd05', '2026-11-26 07:25:22.721+00');

INSERT INTO public.jobs OVERRIDING SYSTEM VALUE VALUES (1, 'replay', 'course_access_handler', 'from yesterday', 'running', NULL, '{}', NULL, 0, NULL, 0, 1, 0, 0, 0, 0, NULL, 1, 1000, NULL, 0, 0, '2026-11-26 07:26:51.055+00', NULL, NULL, NULL, '2026-11-26 07:26:51.055+00', '2026-11-26 07:26:51.055+00', NULL);

INSERT INTO public.mission_log OVERRIDING SYSTEM VALUE VALUES (1, '7d9e03f4-9ee5-4400-9d15-438143740cde', '2026-11-26 07:25:27.464+00', 'info', 'Attempt 1 of 3 begins.', '{}');
INSERT INTO public.mission_log OVERRIDING SYSTEM VALUE VALUES (2, '7d9e03f4-9ee5-4400-9d15-438143740cde', '2026-11-26 07:25:27.634+00', 'info', 'Attempt 1 completed the mission.', '{}');

INSERT INTO public.missions OVERRIDING SYSTEM VALUE VALUES ('7d9e03f4-9ee5-4400-9d15-438143740cde', 'echo', 'Say it back', NULL, NULL, '{"word": "hello"}', 30, 'completed', 1, 3, 3, 1, NULL, NULL, '2026-11-26 07:25:27.175+00', '2026-11-26 07:25:27.464+00', '2026-11-26 07:25:27.464+00', '2026-11-26 07:25:27.634+00', '{"echo": {"word": "hello"}}', NULL, NULL, 'a67baf55-a4c0-42c0-b5cd-a6b3ae57e319', 'api', 'da9b2b0e-b88f-4fe9-8afc-a08f80113568', NULL, NULL, NULL, '2026-11-26 07:25:27.152+00', '2026-11-26 07:25:27.634+00');

INSERT INTO public.operator_actions OVERRIDING SYSTEM VALUE VALUES (1, 'pause', NULL, 'for the record', NULL, NULL, NULL, NULL, NULL, '2026-11-26 07:26:51.066+00');

INSERT INTO public.paycore_intents VALUES ('55f6d00e-ce61-482d-983b-70c067ed985a', 'acme', 'user-7', '55dc127d-3656-4cee-8ffd-b70e2e23163a', 'stripe', 'cs_test_5ea31e1e1ccfbae155ccc591', 'pi_940d5cbba67f38f9e78818eb', 'http://127.0.0.1:35963/pay/cs_test_5ea31e1e1ccfbae155ccc591', 4900, 'EUR', 'succeeded', NULL, '{"course_id": "55dc127d-3656-4cee-8ffd-b70e2e23163a"}', '6e8268cd-3d26-4b49-9e7e-f017a294842e', 'http://127.0.0.1:35963/thanks?intent_id=55f6d00e-ce61-482d-983b-70c067ed985a', 'http://127.0.0.1:35963/given-up?intent_id=55f6d00e-ce61-482d-983b-70c067ed985a', 1, '2026-11-26 07:26:22.837+00', NULL, NULL, NULL, '5602270e-f789-48bc-98bc-081e725b4e9b', 'e6cecac2-2299-4619-a8f9-6103278bfb09', '2026-11-26 07:25:22.794+00', '2026-11-26 07:25:27.063+00');

INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_d80271ebef5e66b03f50309d', 'charge.succeeded', 'recorded', NULL, '2026-11-26 07:25:22.986+00');
INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_82582f539300061ec82ecc69', 'payment_intent.succeeded', 'processed', '55f6d00e-ce61-482d-983b-70c067ed985a', '2026-11-26 07:25:23.057+00');
INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_76a1d1ce13f7993d559b8b8a', 'checkout.session.completed', 'ignored', '55f6d00e-ce61-482d-983b-70c067ed985a', '2026-11-26 07:25:23.119+00');
INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_564707375451c80b72c916aa', 'refund.created', 'ignored', '55f6d00e-ce61-482d-983b-70c067ed985a', '2026-11-26 07:25:27.067+00');
INSERT INTO public.paycore_provider_events VALUES ('stripe', 'evt_4caff975a9ce575822a11a49', 'charge.refunded', 'ignored', '55f6d00e-ce61-482d-983b-70c067ed985a', '2026-11-26 07:25:27.387+00');

INSERT INTO public.paycore_refunds VALUES ('11c3c546-08e0-4936-b598-7bb03770096f', '55f6d00e-ce61-482d-983b-70c067ed985a', 'acme', '3718e102-5098-4855-a0f0-8fb9daae07e6', 4900, 'wrong course', 'succeeded', NULL, 'api', NULL, 're_32e97bec551a0a64af426d2e', 1, '2026-11-26 07:26:27.039+00', NULL, NULL, '2026-11-26 07:25:26.983+00', '2026-11-26 07:25:27.063+00');

INSERT INTO public.paycore_revenue_daily VALUES ('2026-11-26', 'acme', 'EUR', 4900, 1, 1, 4900);

INSERT INTO public.paycore_transactions VALUES ('6e8268cd-3d26-4b49-9e7e-f017a294842e', '55f6d00e-ce61-482d-983b-70c067ed985a', 'payment_succeeded', 'evt_82582f539300061ec82ecc69', NULL, 4900, 'EUR', '{"reason": null, "payment": "pi_940d5cbba67f38f9e78818eb", "session": null}', '2026-11-26 07:25:23.057+00');
INSERT INTO public.paycore_transactions VALUES ('3718e102-5098-4855-a0f0-8fb9daae07e6', '55f6d00e-ce61-482d-983b-70c067ed985a', 'refund_succeeded', NULL, '11c3c546-08e0-4936-b598-7bb03770096f', 4900, 'EUR', '{"reason": null, "refund": "re_32e97bec551a0a64af426d2e"}', '2026-11-26 07:25:27.063+00');

INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (2, 'course_factory', 'brain:events:stream', '1795677919452-0', 'a9830554-08ac-4001-93db-1b11448be8ba', 'course.generation.started', '2026-11-26 07:25:19.483+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (3, 'course_distribution', 'brain:events:stream', '1795677919486-0', '7a10cedf-2b4d-4cc6-a8b2-d235110d3fd4', 'course.outline.created', '2026-11-26 07:25:19.514+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (4, 'course_distribution', 'brain:events:stream', '1795677919486-1', '06a59ed3-ce74-48d5-9159-28fb1e54c59f', 'course.lesson.generated', '2026-11-26 07:25:19.514+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (5, 'course_distribution', 'brain:events:stream', '1795677919486-2', '1b811845-6fde-4a57-aec9-6b07af192e7c', 'course.lesson.generated', '2026-11-26 07:25:19.514+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (6, 'course_distribution', 'brain:events:stream', '1795677919486-3', 'b4362bdb-a8c3-41a5-9b1f-acd50d0ba7ec', 'course.lesson.generated', '2026-11-26 07:25:19.514+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (7, 'course_distribution', 'brain:events:stream', '1795677919486-6', '40b015a8-baa7-4bdc-86a6-9b1dde8d4b24', 'course.generation.completed', '2026-11-26 07:25:19.514+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (8, 'course_access_notifications', 'brain:events:stream', '1795677919486-6', '40b015a8-baa7-4bdc-86a6-9b1dde8d4b24', 'course.generation.completed', '2026-11-26 07:25:19.527+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (9, 'course_factory', 'brain:events:stream', '1795677919590-0', '44fe6d22-ed52-4635-8100-c22a5d19e185', 'distribution.created', '2026-11-26 07:25:19.619+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (10, 'course_distribution', 'brain:events:stream', '1795677919636-0', '1aa89925-d715-4393-8404-500e47d63d75', 'course.deployed.staging', '2026-11-26 07:25:19.652+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (11, 'course_factory', 'brain:events:stream', '1795677919336-1', 'c73d9f47-d7eb-48bf-9f2a-7c0109e3447d', 'course.generation.requested', '2026-11-26 07:25:19.943+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (12, 'course_factory', 'brain:events:stream', '1795677922750-1', 'cecfdba1-ce63-449f-8f3a-ae8ea01fe9af', 'ir.approval_consumed', '2026-11-26 07:25:22.776+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (13, 'course_factory', 'brain:events:stream', '1795677922750-2', 'c41a8283-f71e-4f96-b3ad-c172022e5b9b', 'course.generation.requested', '2026-11-26 07:25:22.776+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (14, 'course_distribution', 'brain:events:stream', '1795677922790-0', '6da0456a-d70d-4448-bff7-2c41b67fa009', 'course.outline.created', '2026-11-26 07:25:22.856+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (15, 'course_distribution', 'brain:events:stream', '1795677922790-1', '6014575b-a4c5-410d-8250-d18076d001eb', 'course.lesson.generated', '2026-11-26 07:25:22.856+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (16, 'course_distribution', 'brain:events:stream', '1795677922790-2', '0ce586a8-a0ef-47b0-b2f6-2495ce733f2c', 'course.lesson.generated', '2026-11-26 07:25:22.856+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (17, 'course_distribution', 'brain:events:stream', '1795677922790-3', '5f779547-15f6-42d1-b21e-b52e3b302252', 'course.lesson.generated', '2026-11-26 07:25:22.856+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (18, 'course_distribution', 'brain:events:stream', '1795677922790-6', '2987722c-47cb-447d-a83a-7c83f0726dc5', 'course.generation.completed', '2026-11-26 07:25:22.856+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (19, 'course_access_notifications', 'brain:events:stream', '1795677922790-6', '2987722c-47cb-447d-a83a-7c83f0726dc5', 'course.generation.completed', '2026-11-26 07:25:22.85+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (20, 'course_factory', 'brain:events:stream', '1795677922771-0', 'a5a1b302-0fec-432f-957e-cf79b210359d', 'course.generation.started', '2026-11-26 07:25:22.884+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (21, 'course_factory', 'brain:events:stream', '1795677922954-0', '6ab28d93-9d97-4c24-8f99-b0a010c52549', 'distribution.created', '2026-11-26 07:25:23.057+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (22, 'course_distribution', 'brain:events:stream', '1795677923100-0', 'da397c20-413d-445f-97b1-3fab5d290b9e', 'course.deployed.staging', '2026-11-26 07:25:23.123+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (23, 'course_factory', 'brain:events:stream', '1795677923120-0', '03c23db5-9861-4da0-9f18-4f57233ed332', 'payment.transaction.completed', '2026-11-26 07:25:23.153+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (24, 'course_access_handler', 'brain:events:stream', '1795677923120-0', '03c23db5-9861-4da0-9f18-4f57233ed332', 'payment.transaction.completed', '2026-11-26 07:25:23.154+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (25, 'course_distribution', 'brain:events:stream', '1795677923190-1', 'b779aec4-7138-4112-a4d8-3aca7089439f', 'course.distribution.requested', '2026-11-26 07:25:23.204+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (26, 'course_access_notifications', 'brain:events:stream', '1795677923214-0', 'b0b79528-ebef-4dfc-87b7-efaa3f363445', 'course.access.granted', '2026-11-26 07:25:23.24+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (27, 'course_factory', 'brain:events:stream', '1795677923237-1', '9c013afc-620e-4074-9491-b88195415f87', 'course.distribution.completed', '2026-11-26 07:25:23.256+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (28, 'course_access_handler', 'brain:events:stream', '1795677927139-0', 'e6cecac2-2299-4619-a8f9-6103278bfb09', 'payment.refund.completed', '2026-11-26 07:25:27.359+00', 'acme', NULL, 0);
INSERT INTO public.processed_events OVERRIDING SYSTEM VALUE VALUES (29, 'course_access_notifications', 'brain:events:stream', '1795677927653-2', '65efd233-a41c-4489-abf2-9383907a3ba6', 'course.access.revoked', '2026-11-26 07:25:27.743+00', 'acme', NULL, 0);

INSERT INTO public.relay_layout VALUES (1, 1, NULL, '2026-11-26 07:24:59.625+00');

INSERT INTO public.relay_shards VALUES (0, NULL, NULL, false, 1795677927817, 1, 1795677927817, 1, NULL, NULL, NULL, 0, 0, 25, 25);

INSERT INTO public.replay_claims OVERRIDING SYSTEM VALUE VALUES (1, 'course_access_handler', 1, 'brain:events:stream', '1795000000002-0', 'claim-1', NULL, '2026-11-26 07:26:51.058+00', NULL, NULL);

SELECT pg_catalog.setval('drizzle.__drizzle_migrations_id_seq', 12, true);

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

SELECT pg_catalog.setval('public.processed_events_id_seq', 29, true);

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

