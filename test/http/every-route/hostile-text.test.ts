import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGatedProduct, type GatedProduct } from "../gated-product.ts";
import { expectErrorShape } from "../refusal.ts";
import type { Reply } from "../surface.ts";
import { bodyOf, isPublic, nameOf, pathOf, type Route, routesOf, withParams } from "./routes.ts";

let product: GatedProduct;
beforeAll(async () => {
  product = await createGatedProduct();
});
afterAll(() => product?.close());

const writing = () => routesOf(product.app).filter(({ method }) => method !== "GET");

/** Routes that judge a body part by part, and answer in their own shape. */
const batch = "POST /api/events/batch";
const taskImport = "POST /api/tasks/import";
/** A webhook's bytes are read when its signature is good; PayPal is not connected. */
const webhooks = ["POST /api/paycore/webhooks/stripe", "POST /api/paycore/webhooks/paypal"];

test("every route that may have a body says how it takes it", () => {
  const silent = writing().filter((route) => bodyOf(route) === null);
  expect(silent.map(nameOf)).toEqual([]);
  // The check sees what a route declares: without declaration it would be named.
  expect(bodyOf({ method: "GET", path: "/api/health", access: null, parts: [] })).toBeNull();
  expect(new Set(writing().map((route) => bodyOf(route)))).toEqual(
    new Set(["json", "input", "text", "bytes", "none"]),
  );
});

async function sendTo(route: Route, body: BodyInit, headers: Record<string, string> = {}): Promise<Reply> {
  return product.send(pathOf(route), {
    method: route.method,
    headers: { "content-type": "application/json", ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  });
}

/** What the route says is wrong with the body, as `status: path message`. */
function verdictOf(route: Route, reply: Reply): string {
  if (nameOf(route) === taskImport && reply.status === 200) {
    expect(reply.body).toMatchObject({ read: 1, imported: 0 });
    return reply.body.corrupt[0].reason;
  }
  if (nameOf(route) !== batch || reply.status === 400) {
    expectErrorShape(reply, reply.status, reply.status === 400 ? "bad_request" : "validation_failed");
  }
  const error =
    nameOf(route) === batch && reply.status !== 400 ? reply.body.results[0].error : reply.body.error;
  return `${reply.status}: ${JSON.stringify(error.details ?? error.message)}`;
}

describe("a body that would not be kept as it is", () => {
  const depth = 200;
  const deep = `{"deep":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  test.each([
    ["a key that stands twice", '{"twice":1,"twice":1}', "twice"],
    ["a member of __proto__", '{"a":{"__proto__":{"x":1}}}', "a.__proto__"],
    ["a member that reaches a prototype", '{"constructor":{"prototype":{}}}', "constructor.prototype"],
    ["a number beyond 2^53", '{"amount_cents":9007199254740993}', "amount_cents"],
    ["a number beyond a double", '{"n":[1e400]}', "n.0"],
    ["NUL", '{"title":"a\\u0000b"}', "title"],
    ["half a surrogate pair", '{"reason":"\\ud800"}', "reason"],
    ["data that is too deep", deep, "deep.0"],
  ])("is refused by every route, naming the place: %s", async (_what, body, place) => {
    for (const route of writing()) {
      const kind = bodyOf(route);
      const reply = await sendTo(route, body);
      const verdict = `${nameOf(route)} ${reply.status} ${reply.text.slice(0, 300)}`;
      if (kind === "bytes") expect([400, 404], verdict).toContain(reply.status);
      else if (kind === "none") expect(verdictOf(route, reply), verdict).toContain("expected no body");
      else expect(verdictOf(route, reply), verdict).toContain(place);
    }
  });

  test("passes JSON.parse without a word", () => {
    expect(JSON.parse('{"twice":1,"twice":2}')).toEqual({ twice: 2 });
    expect({ ...JSON.parse('{"__proto__":{"x":1}}') }).not.toHaveProperty("x", 1);
    expect(JSON.parse("9007199254740993")).toBe(9_007_199_254_740_992);
  });
});

describe("bytes that are no text", () => {
  const notUtf8 = new Uint8Array([...new TextEncoder().encode('{"title":"zqz'), 0xe9, 0x22, 0x7d]);

  test("are refused by every route with the offset of the first of them", async () => {
    const before = await product.sql("SELECT count(*) FROM events");
    for (const route of writing()) {
      const reply = await sendTo(route, notUtf8);
      if (webhooks.includes(nameOf(route))) expect([400, 404]).toContain(reply.status);
      else expect(verdictOf(route, reply)).toContain("400: ");
      if (!webhooks.includes(nameOf(route))) expect(reply.text, nameOf(route)).toContain("offset 13");
      expect(reply.text).not.toContain("zqz");
    }
    expect(await product.sql("SELECT count(*) FROM events")).toEqual(before);
  });

  test.each([
    ["content-encoding", "gzip"],
    ["content-encoding", "br, gzip"],
    ["content-type", "application/json; charset=iso-8859-1"],
    ["content-type", 'application/json; charset="utf-16"'],
  ])("are refused by every route when they are said to be other than UTF-8: %s %s", async (name, value) => {
    for (const route of routesOf(product.app)) {
      const body = route.method === "GET" ? {} : { body: "{}" };
      const reply = await product.send(pathOf(route), {
        method: route.method,
        headers: { [name]: value },
        ...body,
      });
      expectErrorShape(reply, 415, "unsupported_media_type");
      expect(reply.body.error.details[0].path).toBe(name);
    }
  });

  test.each([
    { "content-encoding": "identity" },
    { "content-type": "application/json; charset=utf-8" },
    { "content-type": 'application/json;charset="UTF-8"' },
  ])("are taken when they are said to be what they are: %j", async (headers) => {
    for (const route of writing()) expect((await sendTo(route, "{}", headers)).status).not.toBe(415);
  });

  test("that end before their end are refused with 400 by every route, and told at debug only", async () => {
    const logged = product.logs.length;
    for (const route of writing()) {
      const broken = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"title":"'));
          controller.error(new TypeError("terminated"));
        },
      });
      const reply = await sendTo(route, broken);
      expectErrorShape(reply, 400, "bad_request");
      expect(reply.body.error.message, nameOf(route)).toContain("could not be read to its end");
    }
    expect(product.logs.slice(logged).filter((line) => /"level":"(?:info|warn|error)"/.test(line))).toEqual(
      [],
    );
  });
});

describe("an address that is no text", () => {
  const wrong = ["%00", "a%00b", "%ED%A0%80", "%f0%28%8c%28", "%ff", "%c0%80"];
  // Health takes nothing, and answers whatever happens.
  const careful = () => routesOf(product.app).filter(({ path }) => path !== "/api/health");

  test("in its path is refused by every route", async () => {
    for (const route of careful().filter(({ path }) => path.includes(":"))) {
      for (const value of wrong) {
        const reply = await product.send(withParams(route.path, value), { method: route.method });
        expect(`${nameOf(route)} ${value} ${reply.status}`).toBe(`${nameOf(route)} ${value} 422`);
        expectErrorShape(reply, 422, "validation_failed");
        expect(reply.body.error.details[0].path).toBe("path");
      }
    }
  });

  test("in its query is refused by every route, naming the parameter", async () => {
    for (const route of careful()) {
      for (const value of wrong) {
        const path = `${pathOf(route)}?limit=1&q=${value}&${value}=1`;
        const reply = await product.send(path, { method: route.method });
        expect(`${nameOf(route)} ${value} ${reply.status}`).toBe(`${nameOf(route)} ${value} 422`);
        const paths = reply.body.error.details.map(({ path }: { path: string }) => path);
        expect(paths).toEqual(["q", "query"]);
      }
    }
  });

  test("is told to nobody without the key", async () => {
    for (const route of careful().filter((route) => !isPublic(route))) {
      const path = `${withParams(route.path, "%00")}?q=%00`;
      const reply = await product.send(path, { method: route.method, headers: { authorization: "" } });
      expectErrorShape(reply, 401, "unauthorized");
    }
  });

  test.each(["100%", "%zz", "%41", "%C3%A4", "%F0%9F%98%80"])("is not one with %s", async (value) => {
    const reply = await product.send(`/api/events/correlation/none?limit=1&view=${value}`);
    expect(reply.text).not.toContain("The address");
  });
});
