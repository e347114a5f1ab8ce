import { isPrivateHost, type PayloadLimits } from "@brain/engine";
import * as z from "zod";
import { type UnknownSetting, unknownSettings } from "./unknown-settings.ts";

/*
 * The only reader of the environment. Parsed once per isolate; anything missing or odd stops the start with a message
 * that names the variable.
 */

const flag = z.enum(["true", "false"]).transform((value) => value === "true");
const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** What is called with a key or with data of ours. Private hosts are meant to be possible: a service beside this one. */
const calledUrl = z.url({ protocol: /^https?$/ }).superRefine((text, context) => {
  if (!URL.canParse(text)) return;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    context.addIssue({ code: "custom", message: "user and password do not belong into a URL" });
  if (url.protocol === "http:" && !isPrivateHost(url))
    context.addIssue({
      code: "custom",
      message:
        "expected https; http is for hosts of a private network, because anybody on the way could read",
    });
});

const schema = z
  .object({
    BRAIN_EVENTSTREAM_MODE: z.enum(["required", "degraded"]).default("required"),
    /** Neon's connection string, or that of a gateway on loopback. */
    NEON_DATABASE_URL: z
      .string()
      .regex(/^postgres(?:ql)?:\/\/[^@]+@[^/]+\/./, "expected postgres://user:password@host/database"),
    UPSTASH_REDIS_REST_URL: calledUrl.optional(),
    UPSTASH_REDIS_REST_TOKEN: z.string().min(1).optional(),
    /** Bearer key with all rights. */
    BRAIN_API_KEY: z.string().min(16, "expected at least 16 characters"),
    BRAIN_REDIS_PREFIX: z
      .string()
      .regex(/^[A-Za-z0-9:_-]{1,50}$/)
      .default("brain"),
    BRAIN_SHARDS: whole(1, 64).default(1),
    BRAIN_PAYLOAD_WARN_BYTES: whole(1, 1_048_576).default(8_192),
    BRAIN_PAYLOAD_MAX_BYTES: whole(1, 1_048_576).default(65_536),
    /** Writes stream entries that the first Python reader can parse: `target` always there, naive timestamps. */
    BRAIN_WIRE_COMPAT: flag.default(false),
    /** Also publishes each event to its live channel and keeps it in the daily log list, as the Python programs do. */
    BRAIN_PUBSUB_FANOUT: flag.default(false),
    /** Outgoing calls of one invocation: 50 on Workers' free plan, 10,000 on the paid one. */
    BRAIN_SUBREQUEST_LIMIT: whole(20, 10_000).default(10_000),
    /** A holder of a lease that vanished is succeeded after this time. */
    BRAIN_LEASE_MS: whole(500, 60_000).default(4_000),
    /** Requests in work at once in an isolate; what is beyond is answered 503 at once. */
    BRAIN_REQUESTS_MAX: whole(1, 10_000).default(64),
    /** Long polls and live feeds at once in an isolate, and of one key; what is beyond is answered 429. */
    BRAIN_FOLLOWERS_MAX: whole(1, 10_000).default(500),
    BRAIN_FOLLOWERS_PER_KEY: whole(1, 10_000).default(250),
    /** Events that one key may hand in a minute, over all isolates; 0: any number. */
    BRAIN_INGEST_PER_MINUTE: whole(0, 1_000_000_000).default(0),
    /** Least time between looks at an idle database; it sleeps after five idle minutes, and each look wakes it. */
    BRAIN_RELAY_SWEEP_MS: whole(0, 3_600_000).default(3_600_000),
    /** Entries of each stream that the janitor leaves for readers who look back. */
    BRAIN_STREAM_KEEP: whole(0, 10_000_000).default(10_000),
    /** Days that claims are kept: how far back repeats are recognised, so the reach of a replay. */
    BRAIN_DEDUP_DAYS: whole(30, 3_650).default(90),
    /** Days that events stay in the record before they go to the archive; 0: for ever. */
    BRAIN_EVENTS_DAYS: whole(0, 36_500).default(90),
    /** Time between two heartbeats of an agent that does not name its own; after three missed ones it counts as offline. */
    BRAIN_AGENT_HEARTBEAT_SECONDS: whole(1, 86_400).default(60),
    /** The tasks module's move to domain events; false: the old path. Until 2026-12-31. */
    USE_NEW_EVENT_SYSTEM: flag.optional(),
    /** The same under its older name. */
    MISSION_CONTROL_USE_NEW_EVENT_SYSTEM: flag.optional(),
    BRAIN_LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
    /** Origin of the public pages, for canonical links; left out: there are none. */
    BRAIN_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** Where the button of a public course leads; `{course_id}`, `{slug}`, `{language}` are filled in. Left out: to a page of ours. */
    BRAIN_ENROLMENT_URL: z.url({ protocol: /^https?$/ }).optional(),
    BRAIN_STAGING_DOMAIN: z
      .string()
      .regex(/^[a-z0-9.-]+$/)
      .default("course-factory.staging"),
    CONTENT_API_URL: calledUrl.optional(),
    CONTENT_API_KEY: z.string().min(1).optional(),
    CONTENT_MODEL: z.string().min(1).optional(),
    /** What happens before plans are carried out: `off` asks nobody, `opt_in` checks the plans there are, `required` demands one. */
    WEBGENESIS_IR_MODE: z.enum(["off", "opt_in", "required"]).default("opt_in"),
    /** Risk tier from which a person must approve. */
    WEBGENESIS_IR_APPROVAL_TIER: whole(0, 3).default(2),
    /** Budget of a plan above which it is blocked; left out: none. */
    WEBGENESIS_IR_MAX_BUDGET_CENTS: whole(0, 2_147_483_647).optional(),
    /** Secret key of the Stripe account; left out: no payments through Stripe. */
    STRIPE_SECRET_KEY: z.string().min(1).optional(),
    /** Signing secrets of the webhook endpoint, separated by commas while one is being replaced. */
    STRIPE_WEBHOOK_SECRET: z
      .string()
      .regex(/[^,\s]/, "expected one or more secrets, separated by commas")
      .optional(),
    STRIPE_API_URL: calledUrl.default("https://api.stripe.com"),
    /** Age above which a signed webhook is refused, seconds. */
    STRIPE_WEBHOOK_TOLERANCE_SECONDS: whole(1, 86_400).default(300),
    /** Refunds above this need a policy decision, cents. */
    PAYCORE_REFUND_SUPERVISOR_THRESHOLD: whole(0, 2_147_483_647).default(10_000),
    /** Where the payment page sends the buyer; left out: BRAIN_PUBLIC_URL, or on this machine the origin of the request. */
    PAYCORE_SUCCESS_URL: z.url({ protocol: /^https?$/ }).optional(),
    PAYCORE_CANCEL_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** False: missions are accepted and wait in the queue. */
    ENABLE_MISSION_WORKER: flag.default(true),
    /** Hosts that missions may call although they are private, `name` or `name:port`, separated by commas. */
    BRAIN_MISSION_HTTP_ALLOW: z
      .string()
      .regex(/^[a-z0-9.:[\]\- ,]*$/, "expected host names in lower case, separated by commas")
      .optional(),
    /** Gets "your course is ready" as JSON, signed; left out: it goes to the log. */
    BRAIN_NOTIFY_URL: calledUrl.optional(),
    BRAIN_NOTIFY_SECRET: z.string().min(16, "expected at least 16 characters").optional(),
    /** Ed25519 private key that signs certificates, PKCS #8 in base64; left out: none are issued. */
    BRAIN_CERTIFICATE_KEY: z
      .string()
      .regex(/^[A-Za-z0-9+/]{60,100}={0,2}$/, "expected an Ed25519 private key, PKCS #8 in base64")
      .optional(),
  })
  .superRefine((env, context) => {
    const required = (name: keyof typeof env, why: string) => {
      if (env[name] === undefined)
        context.addIssue({ code: "custom", path: [name], message: `is missing; ${why}` });
    };
    if (env.BRAIN_EVENTSTREAM_MODE === "required") {
      const why =
        'the event stream is required. Set it, or BRAIN_EVENTSTREAM_MODE="degraded" for development';
      required("UPSTASH_REDIS_REST_URL", why);
      required("UPSTASH_REDIS_REST_TOKEN", why);
    }
    if (env.CONTENT_API_URL !== undefined) {
      required("CONTENT_API_KEY", "CONTENT_API_URL needs it");
      required("CONTENT_MODEL", "CONTENT_API_URL needs it");
    }
    if (env.STRIPE_SECRET_KEY !== undefined) {
      required(
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_SECRET_KEY needs it, because payments are confirmed by webhooks",
      );
    }
    if (env.BRAIN_NOTIFY_URL !== undefined) {
      required("BRAIN_NOTIFY_SECRET", "BRAIN_NOTIFY_URL needs it, because notifications are signed");
    }
    const { USE_NEW_EVENT_SYSTEM: current, MISSION_CONTROL_USE_NEW_EVENT_SYSTEM: older } = env;
    if (current !== undefined && older !== undefined && current !== older) {
      context.addIssue({
        code: "custom",
        path: ["MISSION_CONTROL_USE_NEW_EVENT_SYSTEM"],
        message: "differs from USE_NEW_EVENT_SYSTEM; set one of them",
      });
    }
    if (env.BRAIN_PAYLOAD_WARN_BYTES > env.BRAIN_PAYLOAD_MAX_BYTES) {
      context.addIssue({
        code: "custom",
        path: ["BRAIN_PAYLOAD_WARN_BYTES"],
        message: "is above BRAIN_PAYLOAD_MAX_BYTES",
      });
    }
  });

/** Every variable that is read here. What a host reads beside them, it lists itself. */
export const settingNames: readonly string[] = Object.keys(schema.shape);

/** Settings of the whole system, validated. */
export interface Config {
  readonly mode: "required" | "degraded";
  readonly databaseUrl: string;
  /** Null in degraded mode without a stream: events wait in the record. */
  readonly redis: { readonly url: string; readonly token: string } | null;
  readonly apiKey: string;
  readonly redisPrefix: string;
  readonly shards: number;
  readonly payload: PayloadLimits;
  readonly wireCompat: boolean;
  readonly pubsubFanout: boolean;
  readonly subrequestLimit: number;
  readonly leaseMs: number;
  readonly requestPlaces: number;
  /** Who may follow events live, in an isolate. */
  readonly followers: { readonly perIsolate: number; readonly perCaller: number };
  /** Events of one caller a minute; null: any number. */
  readonly ingestPerMinute: number | null;
  readonly relaySweepMs: number;
  readonly streamKeep: number;
  readonly dedupDays: number;
  readonly eventsDays: number;
  readonly agentHeartbeatSeconds: number;
  /** Which path the tasks module takes, and the variable that said so, or `default`. */
  readonly tasks: { readonly useNewEventSystem: boolean; readonly switchSource: string };
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly publicUrl: string | null;
  /** Null: the button of a public course leads to a page of ours. */
  readonly enrolmentUrl: string | null;
  readonly stagingDomain: string;
  readonly content: { readonly url: string; readonly key: string; readonly model: string } | null;
  readonly ir: {
    readonly mode: "off" | "opt_in" | "required";
    readonly approvalTier: number;
    readonly maxBudgetCents: number | null;
  };
  /** Null: no payments through Stripe. */
  readonly stripe: {
    readonly apiUrl: string;
    readonly secretKey: string;
    /** At least one; the first is the newest. */
    readonly webhookSecrets: readonly string[];
    readonly toleranceSeconds: number;
  } | null;
  readonly payment: {
    readonly refundThresholdCents: number;
    readonly successUrl: string | null;
    readonly cancelUrl: string | null;
  };
  readonly missions: {
    readonly worker: boolean;
    /** Private hosts that missions may call. */
    readonly httpAllow: readonly string[];
  };
  /** Null: notifications go to the log. */
  readonly notify: { readonly url: string; readonly secret: string } | null;
  /** PKCS #8 in base64; null: no certificates. */
  readonly certificateKey: string | null;
  /** What was set in vain. */
  readonly unknown: readonly UnknownSetting[];
}

/** Variables whose value is, or may contain, a secret. */
const secretName = /KEY|TOKEN|URL/;

/** The configuration is missing or wrong; the message names each variable, and its value unless it may be a secret. */
export class ConfigError extends Error {}

/**
 * Parses the environment of a Worker, of Deno or of a test. Variables that are not ours are ignored; empty ones count
 * as not set.
 *
 * @param hostSettings names of what the host itself reads from the same environment
 * @throws {ConfigError}
 */
export function parseConfig(
  env: Readonly<Record<string, unknown>>,
  hostSettings: readonly string[] = [],
): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => typeof value === "string" && value !== ""),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const name = issue.path.join(".");
      const received =
        given[name] === undefined || secretName.test(name) ? "" : ` (received "${given[name]}")`;
      return `  ${name}: ${issue.message}${received}`;
    });
    throw new ConfigError(`The configuration is not valid:\n${lines.join("\n")}`);
  }
  const values = parsed.data;
  const { UPSTASH_REDIS_REST_URL: redisUrl, UPSTASH_REDIS_REST_TOKEN: redisToken } = values;
  const { CONTENT_API_URL: contentUrl, CONTENT_API_KEY: contentKey, CONTENT_MODEL: contentModel } = values;
  return {
    mode: values.BRAIN_EVENTSTREAM_MODE,
    databaseUrl: values.NEON_DATABASE_URL,
    redis: redisUrl === undefined || redisToken === undefined ? null : { url: redisUrl, token: redisToken },
    apiKey: values.BRAIN_API_KEY,
    redisPrefix: values.BRAIN_REDIS_PREFIX,
    shards: values.BRAIN_SHARDS,
    payload: { warnBytes: values.BRAIN_PAYLOAD_WARN_BYTES, maxBytes: values.BRAIN_PAYLOAD_MAX_BYTES },
    wireCompat: values.BRAIN_WIRE_COMPAT,
    pubsubFanout: values.BRAIN_PUBSUB_FANOUT,
    subrequestLimit: values.BRAIN_SUBREQUEST_LIMIT,
    leaseMs: values.BRAIN_LEASE_MS,
    requestPlaces: values.BRAIN_REQUESTS_MAX,
    followers: { perIsolate: values.BRAIN_FOLLOWERS_MAX, perCaller: values.BRAIN_FOLLOWERS_PER_KEY },
    ingestPerMinute: values.BRAIN_INGEST_PER_MINUTE || null,
    relaySweepMs: values.BRAIN_RELAY_SWEEP_MS,
    streamKeep: values.BRAIN_STREAM_KEEP,
    dedupDays: values.BRAIN_DEDUP_DAYS,
    eventsDays: values.BRAIN_EVENTS_DAYS,
    agentHeartbeatSeconds: values.BRAIN_AGENT_HEARTBEAT_SECONDS,
    tasks: taskConfig(values),
    logLevel: values.BRAIN_LOG_LEVEL,
    publicUrl: values.BRAIN_PUBLIC_URL ?? null,
    enrolmentUrl: values.BRAIN_ENROLMENT_URL ?? null,
    stagingDomain: values.BRAIN_STAGING_DOMAIN,
    content:
      contentUrl === undefined || contentKey === undefined || contentModel === undefined
        ? null
        : { url: contentUrl, key: contentKey, model: contentModel },
    ir: {
      mode: values.WEBGENESIS_IR_MODE,
      approvalTier: values.WEBGENESIS_IR_APPROVAL_TIER,
      maxBudgetCents: values.WEBGENESIS_IR_MAX_BUDGET_CENTS ?? null,
    },
    missions: {
      worker: values.ENABLE_MISSION_WORKER,
      httpAllow: (values.BRAIN_MISSION_HTTP_ALLOW ?? "").split(/[\s,]+/).filter((host) => host !== ""),
    },
    ...paymentConfig(values),
    certificateKey: values.BRAIN_CERTIFICATE_KEY ?? null,
    unknown: unknownSettings(given, [...settingNames, ...hostSettings]),
  };
}

function taskConfig(values: z.output<typeof schema>): Config["tasks"] {
  for (const name of ["USE_NEW_EVENT_SYSTEM", "MISSION_CONTROL_USE_NEW_EVENT_SYSTEM"] as const) {
    const value = values[name];
    if (value !== undefined) return { useNewEventSystem: value, switchSource: name };
  }
  // Phase 3 of the move: the new path is what everybody gets.
  return { useNewEventSystem: true, switchSource: "default" };
}

function paymentConfig(values: z.output<typeof schema>): Pick<Config, "stripe" | "payment" | "notify"> {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = values;
  const { BRAIN_NOTIFY_URL: notifyUrl, BRAIN_NOTIFY_SECRET: notifySecret } = values;
  return {
    stripe:
      secretKey === undefined || webhookSecret === undefined
        ? null
        : {
            apiUrl: values.STRIPE_API_URL,
            secretKey,
            webhookSecrets: webhookSecret
              .split(",")
              .map((secret) => secret.trim())
              .filter((secret) => secret !== ""),
            toleranceSeconds: values.STRIPE_WEBHOOK_TOLERANCE_SECONDS,
          },
    payment: {
      refundThresholdCents: values.PAYCORE_REFUND_SUPERVISOR_THRESHOLD,
      successUrl: values.PAYCORE_SUCCESS_URL ?? null,
      cancelUrl: values.PAYCORE_CANCEL_URL ?? null,
    },
    notify:
      notifyUrl === undefined || notifySecret === undefined ? null : { url: notifyUrl, secret: notifySecret },
  };
}
