import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { closeServer, listenOnLoopback } from "../../../workers/local/ports.ts";
import { sandboxEnv } from "../../backbone.ts";
import { compiledCode } from "../../compiled-code.ts";
import {
  createPaymentEngine,
  knowCourse,
  ledgerOf,
  type PaymentEngine,
  readIntent,
  runJob,
  typesOf,
} from "./stripe-fixture.ts";

let engine: PaymentEngine;
beforeEach(async () => {
  engine = await createPaymentEngine();
  await knowCourse(engine, "course-1");
});
afterEach(() => engine?.cleanup());

/** A process that asks for a payment; its Stripe is at `stripeUrl`. */
function startProcess(stripeUrl: string): ChildProcess {
  const env = sandboxEnv(engine.sandbox, {
    STRIPE_API_URL: stripeUrl,
    STRIPE_SECRET_KEY: "sk_of_the_tests",
    STRIPE_WEBHOOK_SECRET: "whsec_newest",
    BRAIN_PUBLIC_URL: "https://courses.example",
  });
  const file = join(import.meta.dirname, "crash-child.ts");
  const started = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", file], {
    env: { PATH: process.env.PATH ?? "", ...compiledCode, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  onTestFinished(() => void started.kill("SIGKILL"));
  return started;
}

/** Kills the process as soon as `reached`. */
async function killAt(running: ChildProcess, reached: Promise<void>): Promise<void> {
  const exited = once(running, "exit");
  await Promise.race([
    reached,
    exited.then(([code]) => {
      throw new Error(`the process ended with ${code} before it came so far`);
    }),
  ]);
  running.kill("SIGKILL");
  await exited;
}

async function onlyIntent(): Promise<string> {
  const rows = await engine.sql<{ id: string; status: string }>("SELECT id, status FROM paycore_intents");
  expect(rows).toMatchObject([{ status: "created" }]);
  return rows[0]?.id ?? "";
}

async function expectOnePurchase(intentId: string): Promise<void> {
  await runJob(engine, "paycore_intents");
  const [session, ...others] = [...engine.stripe.account.sessions.values()];
  expect(others).toEqual([]);
  expect(await readIntent(engine, intentId)).toMatchObject({
    status: "pending",
    provider_intent_id: session?.id,
    checkout_url: session?.url,
  });
  await engine.atStripe(() => engine.stripe.account.pay(session?.id ?? ""));
  expect(engine.stripe.account.charges.size).toBe(1);
  expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded"]);
  expect(await typesOf(engine, intentId)).toEqual([
    "payment.intent.created",
    "payment.transaction.completed",
  ]);
}

test("a process killed between storing a payment and calling Stripe leaves one payment, which the job goes on with", async () => {
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  // It takes the call and does nothing with it.
  const silent = createServer(() => reach());
  const url = `http://127.0.0.1:${await listenOnLoopback(silent, 0)}`;
  try {
    await killAt(startProcess(url), reached);
  } finally {
    await closeServer(silent);
  }
  const intentId = await onlyIntent();
  expect(engine.stripe.account.sessions.size).toBe(0);
  await expectOnePurchase(intentId);
});

test("a process killed while Stripe answers leaves one payment and one session", async () => {
  let release: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    engine.stripe.beforeNextSession(
      () =>
        new Promise<void>((answer) => {
          release = answer;
          resolve();
        }),
    );
  });
  await killAt(startProcess(engine.stripe.url), reached);
  const intentId = await onlyIntent();
  expect(engine.stripe.account.sessions.size).toBe(1);
  release();
  await expectOnePurchase(intentId);
});
