import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parseConfig, settingNames } from "../../src/config.ts";
import { startServices } from "../../workers/local/services.ts";
import { readStartOptions } from "../../workers/local/start-options.ts";
import { readCompatibility } from "../../workers/local/workerd/bundle.ts";
import { type RunningWorkers, runWorkers } from "../../workers/local/workerd/run-workers.ts";
import { workerBindings } from "../../workers/local/workerd/worker-bindings.ts";

const { neonUrl, upstash } = inject("services");

/** A value for every setting, none of them its default. What it names is asked at the start, so it has to be there. */
const values: Readonly<Record<string, string>> = {
  BRAIN_EVENTSTREAM_MODE: "degraded",
  NEON_DATABASE_URL: neonUrl,
  UPSTASH_REDIS_REST_URL: upstash.url,
  UPSTASH_REDIS_REST_TOKEN: upstash.token,
  BRAIN_API_KEY: "a-key-of-my-own-0123456789",
  BRAIN_BOOTSTRAP_KEY: "off",
  BRAIN_REDIS_PREFIX: "another",
  BRAIN_LOG_LEVEL: "warn",
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
  OTEL_EXPORTER_OTLP_HEADERS: "x-key=secret",
  OTEL_SERVICE_NAME: "school",
  OTEL_TRACES_SAMPLER_ARG: "0.5",
  BRAIN_PUBLIC_URL: "https://courses.example",
  BRAIN_PUBLIC_SCHEMAS: "true",
  BRAIN_ENROLMENT_URL: "https://shop.example/{slug}",
  BRAIN_STAGING_DOMAIN: "staging.example",
  BRAIN_WIRE_COMPAT: "true",
  BRAIN_PUBSUB_FANOUT: "true",
  USE_NEW_EVENT_SYSTEM: "false",
  MISSION_CONTROL_USE_NEW_EVENT_SYSTEM: "false",
  ENABLE_MISSION_WORKER: "false",
  CONTENT_API_URL: "http://127.0.0.1:11434/v1",
  CONTENT_API_KEY: "content-key",
  CONTENT_MODEL: "a-model",
  WEBGENESIS_IR_MODE: "required",
  STRIPE_SECRET_KEY: "sk_test_1",
  STRIPE_WEBHOOK_SECRET: "whsec_1",
  STRIPE_API_URL: "http://127.0.0.1:12111",
  PAYCORE_SUCCESS_URL: "https://shop.example/thanks",
  PAYCORE_CANCEL_URL: "https://shop.example/back",
  BRAIN_MISSION_HTTP_ALLOW: "localhost:8080",
  BRAIN_ALERT_WEBHOOK_URL: "https://alerts.example/hook",
  BRAIN_ALERT_WEBHOOK_SECRET: "secret-of-alerts-1234",
  BRAIN_ALERT_SLACK_URL: "https://slack.example/hook",
  BRAIN_ALERT_EVENTS: "true",
  BRAIN_ALERT_LEAST: "high",
  BRAIN_NOTIFY_URL: "https://notify.example",
  BRAIN_AUDIT_URL: "https://audit.example",
  BRAIN_AUDIT_SECRET: "secret-of-audit-roots",
  BRAIN_NOTIFY_SECRET: "secret-of-notifications",
  BRAIN_CERTIFICATE_KEY: "A".repeat(64),
  BRAIN_SECRETS_KEY: `${"A".repeat(43)}=`,
  BRAIN_SECRETS_KEY_PREVIOUS: `${"B".repeat(42)}A=`,
  BRAIN_JWT_ISSUERS:
    '[{"name":"staff","issuer":"https://issuer.example","audience":"brain","tenant":"all","grants":[{"roles":["viewer"]}]}]',
  BRAIN_SHARDS: "4",
  BRAIN_MORE_REDIS: "https://two.example token-of-two",
  BRAIN_SHARD_DATABASES: "1,1,1,2",
  BRAIN_SIGN_IN: '[{"issuer":"staff","client_id":"console"}]',
};
/** Numbers need no value of their own here: each is near its default, and none equals it. */
const numbers: Readonly<Record<string, string>> = Object.fromEntries(
  settingNames.filter((name) => values[name] === undefined).map((name) => [name, otherNumber(name)]),
);
const all = { ...numbers, ...values };

/** A number that the setting takes and that is not its default. */
function otherNumber(name: string): string {
  const required = { ...values, BRAIN_EVENTSTREAM_MODE: "required" };
  const usual = JSON.stringify(parseConfig(required));
  for (const number of ["3", "30", "700", "9000", "100000"]) {
    try {
      if (JSON.stringify(parseConfig({ ...required, [name]: number })) !== usual) return number;
    } catch {
      // Out of its bounds.
    }
  }
  throw new Error(`${name} is a setting without a value in this test. Give it one that is not its default.`);
}

test.each(settingNames.map((name) => [name]))(
  "%s is not only read: it makes another configuration",
  (name) => {
    // The two names of one switch are the same setting.
    const twin = { USE_NEW_EVENT_SYSTEM: "MISSION_CONTROL_USE_NEW_EVENT_SYSTEM" }[name] ?? "";
    // The key means nothing while it is switched off.
    const everything = name === "BRAIN_API_KEY" ? { ...all, BRAIN_BOOTSTRAP_KEY: "on" } : all;
    const { [name]: _left, [twin]: _twin, ...rest } = everything;
    let other: unknown = "refused";
    try {
      other = parseConfig(rest);
    } catch (error) {
      expect(String(error)).toContain(name);
    }
    const older = name === "MISSION_CONTROL_USE_NEW_EVENT_SYSTEM";
    const full = parseConfig(older ? { ...everything, USE_NEW_EVENT_SYSTEM: "" } : everything);
    if (older) other = parseConfig({ ...rest, USE_NEW_EVENT_SYSTEM: "" });
    expect(other).not.toEqual(full);
  },
);

describe("npm start with every documented variable set", () => {
  let dataDir: string;
  let workers: RunningWorkers;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "brain-settings-"));
    const options = readStartOptions({ ...all, PATH: "/usr/bin", REDIS_URL: "" });
    const services = await startServices({ env: options.services, dataDir });
    const echo = `export default { fetch: (_, env) => Response.json(
      Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === "string"))) }`;
    workers = await runWorkers({
      bundles: { api: echo, consumer: echo },
      compatibility: await readCompatibility(),
      bindings: workerBindings({
        options,
        services,
        port: options.port,
        apiKey: options.apiKey ?? "",
        certificateKey: "generated",
        secretsKey: "generated",
        stripe: { STRIPE_API_URL: "http://stand-in", PAYCORE_SUCCESS_URL: "http://stand-in/thanks" },
      }),
      port: 0,
    });
  });
  afterAll(async () => {
    await workers?.dispose();
    await rm(dataDir, { recursive: true, force: true });
  });

  test("all of them are in the worker, as they were set, and nothing else", async () => {
    const bound = await (await fetch(workers.url)).json();
    // The one binding that is no setting: since when the program around workerd runs.
    expect(bound).toEqual({ ...all, HOST_STARTED_AT: expect.stringMatching(/^\d{13}$/) });
  });
});
