import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf, readProject } from "../../tools/checks/documents.ts";
import { createPaymentEngine, type PaymentEngine } from "../modules/payment/stripe-fixture.ts";
import { type KnownIds, mismatch, readSteps, shellWords, withRealIds } from "./console.ts";

const { documents } = await readProject();
/** The README's first; the others go on in the same terminal. */
const sessions = blocksOf(documents, "console").map(({ path, text }) => ({ path, steps: readSteps(text) }));
const maxRequestsOfReadme = 10;
const origin = "http://127.0.0.1:8787";

/** A request as curl would send it. */
interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

function readRequest(options: readonly string[]): Request {
  const headers: Record<string, string> = {};
  let method: string | undefined;
  let url: string | undefined;
  let body: string | undefined;
  for (let at = 0; at < options.length; at += 1) {
    const option = options[at];
    const value = () => options[++at] ?? "";
    if (option === "-X") method = value();
    else if (option === "-d") body = value();
    else if (option === "-H") {
      const [name = "", text = ""] = value().split(": ");
      headers[name] = text;
    } else if (option?.startsWith(origin)) url = option.slice(origin.length);
    else if (option?.startsWith("http://127.0.0.1:")) url = option;
    else if (option !== "-s") throw new Error(`The tour uses "${option}", which this test does not know.`);
  }
  if (url === undefined) throw new Error("The tour calls no URL.");
  return { method: method ?? (body === undefined ? "GET" : "POST"), url, headers, body };
}

test(`the README's tour has at most ${maxRequestsOfReadme} requests`, () => {
  const steps = sessions.filter(({ path }) => path === "README.md").flatMap((session) => session.steps);
  const requests = steps.filter(({ command }) => /^(call|curl) /.test(command));
  expect(requests.length).toBeGreaterThan(5);
  expect(requests.length).toBeLessThanOrEqual(maxRequestsOfReadme);
});

describe("the sessions of the documents, in their order", () => {
  let engine: PaymentEngine;
  const variables = new Map<string, string>();
  const known: KnownIds = new Map();
  beforeAll(async () => {
    engine = await createPaymentEngine();
  });
  afterAll(() => engine?.cleanup());

  /** The body, and for `call` the status behind it. */
  async function answerOf(command: string): Promise<string> {
    const [program, ...options] = shellWords(withRealIds(command, known), variables);
    if (program !== "call" && program !== "curl")
      throw new Error(`The tour runs "${command}", expected call or curl.`);
    const { method, url, headers, body } = readRequest(options);
    // Another server: the page of the payment provider.
    if (url.startsWith("http")) {
      const page = await fetch(url, { method, redirect: "manual" });
      expect(page.status).toBeLessThan(400);
      await engine.stripe.delivered();
      await engine.settle();
      return page.text();
    }
    const answer = await engine.request(method, url, body, {
      "user-agent": "curl/8.5.0",
      ...(program === "curl" ? { authorization: "" } : headers),
    });
    await engine.settle();
    // What is due now: `npm start` runs it at once, this engine with its cron.
    await engine.cron();
    return program === "curl" ? answer.text : `${answer.text}\nHTTP ${answer.status}`;
  }

  for (const { command, shown } of sessions.flatMap(({ steps }) => steps)) {
    if (command.startsWith("call() ")) continue;
    const assignment = /^([A-Z]+)=(.*?)(?:\s+#.*)?$/.exec(command);
    if (assignment !== null) {
      const [, name = "", value = ""] = assignment;
      test(`sets ${name}`, () => {
        const [word = ""] = shellWords(withRealIds(value, known), variables);
        variables.set(name, word);
      });
      continue;
    }
    test(`${command.slice(0, 70)} answers as shown`, async () => {
      expect(mismatch(shown.join("\n"), await answerOf(command), known)).toBeNull();
    });
  }
});

describe("the comparison itself", () => {
  test.each([
    ['{"a":1}', '{"a":2}'],
    ['{"a":1,…}', '{"b":1,"c":2}'],
    [
      '["00000000-0000-4000-8000-000000000001","00000000-0000-4000-8000-000000000001"]',
      '["10000000-0000-4000-8000-000000000001","10000000-0000-4000-8000-000000000002"]',
    ],
    ["{}\nHTTP 200", "{}\nHTTP 500"],
  ])("finds that %s is not %s", (shown, answer) => {
    expect(mismatch(shown, answer, new Map())).not.toBeNull();
  });

  test("a shown id stands for one real id from its first answer on", () => {
    const known: KnownIds = new Map();
    expect(mismatch("dist_0000000000000000 …", "dist_1111111111111111 new", known)).toBeNull();
    expect(mismatch("dist_0000000000000000", "dist_1111111111111111", known)).toBeNull();
    expect(mismatch("dist_0000000000000000", "dist_2222222222222222", known)).not.toBeNull();
    expect(withRealIds("/x/dist_0000000000000000", known)).toBe("/x/dist_1111111111111111");
  });

  test("a token is one also when a hyphen begins or ends it", () => {
    const known: KnownIds = new Map();
    const tokens = ["x".repeat(43), `-${"y".repeat(41)}-`] as const;
    const [shown, answer] = tokens.map((token) => JSON.stringify({ token })) as [string, string];
    expect(mismatch(shown, answer, known)).toBeNull();
    expect(withRealIds(`token: ${tokens[0]}`, known)).toBe(`token: ${tokens[1]}`);
  });
});
