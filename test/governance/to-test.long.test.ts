import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { openProduct } from "../../src/http-composition.ts";
import { charter, openStation, type Station } from "../cli/server.ts";
import { createOverlay, type Overlay } from "../readme/overlay.ts";

/* A dead letter of a real system becomes a test, which fails in another process for the reason that the letter tells. */

const timeLimitMs = 400_000;
const personal = {
  mail: "anna.schmidt@example.org",
  iban: "DE44 5001 0517 5407 3249 31",
  card: "5500 0055 5555 5559",
};

let station: Station;
let overlay: Overlay;
beforeAll(async () => {
  const { consumers } = openProduct(
    parseConfig({
      NEON_DATABASE_URL: "postgres://u:p@127.0.0.1/d",
      UPSTASH_REDIS_REST_URL: "http://127.0.0.1",
      UPSTASH_REDIS_REST_TOKEN: "t",
      BRAIN_API_KEY: "k".repeat(32),
    }),
  );
  [station, overlay] = await Promise.all([
    openStation({ consumers: consumers.filter(({ subscriber }) => subscriber === "tasks") }),
    createOverlay(),
  ]);
}, timeLimitMs);
afterAll(async () => {
  await station?.cleanup();
  await overlay?.remove();
});

/** Puts an entry on the stream as programs outside do, who look for nothing personal, and has it handled. */
async function deliver(payload: object): Promise<void> {
  const meta = { schema_version: 1, producer: "outside", source_module: "tasks" };
  await station.append([
    ...["id", crypto.randomUUID(), "type", "task.item.completed", "source", "outside"],
    ...["payload", JSON.stringify(payload), "timestamp", "2026-11-20T10:00:00.000Z"],
    ...["meta", JSON.stringify(meta)],
  ]);
  await station.settle();
}

const letters = () =>
  station.sql<{ id: string; error_message: string }>(
    "SELECT id::text, error_message FROM dead_letters ORDER BY dead_letters.id",
  );

async function toTest(...args: readonly string[]) {
  return charter(station.url, ["dlq", "to-test", ...args, "--dir", overlay.folder]);
}

/** Runs a written test on the servers of this run. @throws {Error} with its output */
async function runWritten(path: string): Promise<string> {
  const services = inject("services");
  const options = { provide: { services }, testTimeout: 180_000, hookTimeout: 240_000 };
  await overlay.write("vitest.config.mjs", `export default ${JSON.stringify({ test: options })}`);
  return overlay.run("vitest", ["run", path]);
}

test(
  "a dead letter becomes a test that fails for the same reason, without anything personal",
  async () => {
    const { mail, iban, card } = personal;
    await deliver({
      task_id: "foreign-1",
      completed_date: "2999-01-01T00:00:00Z",
      completion_notes: `Ask ${mail} about ${iban} and ${card}; again ${mail}\u2028*/ \${1} \`x\` </script>`,
    });
    const [letter] = await letters();
    const { id = "", error_message: message = "" } = letter ?? {};
    const { code, stdout, stderr } = await toTest(id);
    expect(code, stderr).toBe(0);
    const path = `test/modules/tasks/dead-letter-${id}.test.ts`;
    expect(stdout).toContain(path);
    const text = await readFile(join(overlay.folder, path), "utf8");
    for (const planted of Object.values(personal)) expect(text).not.toContain(planted);
    // The same shape, and the same text for the same one.
    const [first, second] = text.match(/[a-z]{4}\.[a-z]{7}@[a-z]{7}\.[a-z]{3}/g) ?? [];
    expect(first).toBeDefined();
    expect(second).toBe(first);
    expect(text).toMatch(/[A-Z]{2}\d\d \d{4} \d{4} \d{4} \d{4} \d\d/);
    expect(text).toContain("src/modules/tasks/consumer.ts");
    await overlay.run("biome", ["check", "--error-on-warnings", "--vcs-enabled=false", path]);
    const failed = await runWritten(path).then(
      () => "it passed",
      ({ message: output }: Error) => output,
    );
    expect(message).toContain("completed_date");
    expect(failed).toContain(`in production: ${message}`);
    // What the test itself saw: the added line of the difference.
    expect(failed).toContain(`+   ${JSON.stringify(message)}`);
    // Never written over.
    const again = await toTest(id);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining(`${path} stands already`)]);
    // Turned around, as its comment says.
    await overlay.write(path, text.replace(".toEqual([])", ".toEqual([inProduction])"));
    expect(await runWritten(path)).toMatch(/Tests {2}1 passed/);
  },
  timeLimitMs,
);

test("a letter of a consumer that the project does not have is refused, and so is one that is not there", async () => {
  const [letter] = await letters();
  await station.sql("UPDATE dead_letters SET subscriber_name = 'somebody' WHERE id = $1", [letter?.id]);
  const refused = await toTest(letter?.id ?? "", "--name", "other");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(
    /Received a delivery to "somebody"; expected a consumer of this project: .*tasks/,
  );
  expect((await toTest("99999")).code).toBe(1);
});
