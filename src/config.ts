import {
  calledUrl,
  defineSettings,
  type EngineSettings,
  engineSettings,
  flag,
  readEnvironment,
  shownText,
  type UnknownSetting,
  whole,
} from "@brain/engine";
import * as z from "zod";

/*
 * What the product reads from the environment, beside the engine. Parsed once per isolate; anything missing or odd stops
 * the start with a message that names the variable.
 */

const shape = {
  /** Bearer key with all rights. */
  BRAIN_API_KEY: z.string().min(16, "expected at least 16 characters"),
  /** Requests in work at once in an isolate; what is beyond is answered 503 at once. */
  BRAIN_REQUESTS_MAX: whole(1, 10_000).default(64),
  /** Time between two heartbeats of an agent that does not name its own; after three missed ones it counts as offline. */
  BRAIN_AGENT_HEARTBEAT_SECONDS: whole(1, 86_400).default(60),
  /** The tasks module's move to domain events; false: the old path. Until 2026-12-31. */
  USE_NEW_EVENT_SYSTEM: flag.optional(),
  /** The same under its older name. */
  MISSION_CONTROL_USE_NEW_EVENT_SYSTEM: flag.optional(),
  /** Origin of the public pages, for canonical links; left out: there are none. */
  BRAIN_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Where the button of a public course leads; `{course_id}`, `{slug}`, `{language}` are filled in. Left out: to a page of ours. */
  BRAIN_ENROLMENT_URL: z.url({ protocol: /^https?$/ }).optional(),
  BRAIN_STAGING_DOMAIN: shownText(
    z
      .string()
      .regex(/^[a-z0-9.-]+$/)
      .default("course-factory.staging"),
  ),
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
  BRAIN_MISSION_HTTP_ALLOW: shownText(
    z
      .string()
      .regex(/^[a-z0-9.:[\]\- ,]*$/, "expected host names in lower case, separated by commas")
      .optional(),
  ),
  /** Gets "your course is ready" as JSON, signed; left out: it goes to the log. */
  BRAIN_NOTIFY_URL: calledUrl.optional(),
  BRAIN_NOTIFY_SECRET: z.string().min(16, "expected at least 16 characters").optional(),
  /** Ed25519 private key that signs certificates, PKCS #8 in base64; left out: none are issued. */
  BRAIN_CERTIFICATE_KEY: z
    .string()
    .regex(/^[A-Za-z0-9+/]{60,100}={0,2}$/, "expected an Ed25519 private key, PKCS #8 in base64")
    .optional(),
};

type Values = z.output<z.ZodObject<typeof shape>>;

const productSettings = defineSettings(shape, (values, fault) => {
  const required = (name: keyof typeof shape, why: string) => {
    if (values[name] === undefined) fault(name, `is missing; ${why}`);
  };
  if (values.CONTENT_API_URL !== undefined) {
    required("CONTENT_API_KEY", "CONTENT_API_URL needs it");
    required("CONTENT_MODEL", "CONTENT_API_URL needs it");
  }
  if (values.STRIPE_SECRET_KEY !== undefined) {
    required(
      "STRIPE_WEBHOOK_SECRET",
      "STRIPE_SECRET_KEY needs it, because payments are confirmed by webhooks",
    );
  }
  if (values.BRAIN_NOTIFY_URL !== undefined) {
    required("BRAIN_NOTIFY_SECRET", "BRAIN_NOTIFY_URL needs it, because notifications are signed");
  }
  const { USE_NEW_EVENT_SYSTEM: current, MISSION_CONTROL_USE_NEW_EVENT_SYSTEM: older } = values;
  if (current !== undefined && older !== undefined && current !== older)
    fault("MISSION_CONTROL_USE_NEW_EVENT_SYSTEM", "differs from USE_NEW_EVENT_SYSTEM; set one of them");
  return productConfig(values);
});

/** Every variable that is read here. What a host reads beside them, it lists itself. */
export const settingNames: readonly string[] = [...engineSettings.names, ...productSettings.names];

/** Beginnings that only settings of this project have. */
export const settingBeginnings = ["BRAIN_", "PAYCORE_", "WEBGENESIS_", "MISSION_CONTROL_"] as const;

/** Settings of the whole system, validated. */
export interface Config extends EngineSettings {
  readonly apiKey: string;
  readonly requestPlaces: number;
  readonly agentHeartbeatSeconds: number;
  /** Which path the tasks module takes, and the variable that said so, or `default`. */
  readonly tasks: { readonly useNewEventSystem: boolean; readonly switchSource: string };
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
  const { settings, unknown } = readEnvironment(
    env,
    { engine: engineSettings, product: productSettings },
    { others: hostSettings, beginnings: settingBeginnings },
  );
  return { ...settings.engine, ...settings.product, unknown };
}

function productConfig(values: Values): Omit<Config, keyof EngineSettings> {
  const { CONTENT_API_URL: contentUrl, CONTENT_API_KEY: contentKey, CONTENT_MODEL: contentModel } = values;
  return {
    apiKey: values.BRAIN_API_KEY,
    requestPlaces: values.BRAIN_REQUESTS_MAX,
    agentHeartbeatSeconds: values.BRAIN_AGENT_HEARTBEAT_SECONDS,
    tasks: taskConfig(values),
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
  };
}

function taskConfig(values: Values): Config["tasks"] {
  for (const name of ["USE_NEW_EVENT_SYSTEM", "MISSION_CONTROL_USE_NEW_EVENT_SYSTEM"] as const) {
    const value = values[name];
    if (value !== undefined) return { useNewEventSystem: value, switchSource: name };
  }
  // Phase 3 of the move: the new path is what everybody gets.
  return { useNewEventSystem: true, switchSource: "default" };
}

function paymentConfig(values: Values): Pick<Config, "stripe" | "payment" | "notify"> {
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
