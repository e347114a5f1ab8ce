/**
 * Violations that are planted in code of this project's own modules, several in each file and all at once: every one is
 * found in its line, and nothing else is. No file on the disk is touched.
 */

import { readFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { root } from "../../../tools/root.ts";
import { type Baseline, compareWith, parseBaseline } from "../check/baseline.ts";
import { checkProject } from "../check/check.ts";
import type { Finding } from "../finding.ts";
import { type Project, projectOf, readProject } from "../project.ts";
import { rules } from "../rules/index.ts";

/** Lines behind the end of a file. `//! B-5` at the end of a line says what is found there, and is not planted. */
const planted: Readonly<Record<string, string>> = {
  "src/modules/course_access/service.ts": `
import { courseAccessGranted as grantedEvent } from "@brain/schemas";
import { Redis } from "@upstash/redis";
import { courseAccess as accessTable } from "./tables.ts";
import { leftBehind } from "./store.ts"; //! L-3
const own = new Redis({ url: "", token: "" }); //! B-2
export async function planted(services: RequestServices, id: string, eventStream: Planted | null) {
  await own.xadd("brain:events:stream", "*", { id }); //! B-5
  await fetch(\`\${id}/xadd/brain:events:stream/*/id/1\`); //! B-5
  if (eventStream === null) return; //! B-6
  await eventStream.publish_event({ type: "course.access.granted", payload: { id } }); //! E-8
  await eventStream?.publish("course.access.revoked", { id }); //! B-6 E-8
  await fetch("/api/payment/intents", { method: "POST" }); //! 11.4
  await services.db.update(accessTable).set({ status: "active" });
  await services.transact(contextOf(services, null), (_tx, publish) => publish(grantedEvent, { id })); //! B-1
  await services.transact(contextOf(services, null), async (tx, publish) => {
    publish(grantedEvent, { id }); //! B-1
    await services.db.delete(accessTable); //! B-1
    try {
      await publish(grantedEvent, { id });
    } catch { //! B-3
      services.log.warn({}, "lost");
    }
    await tx.execute("SELECT 1");
    await tx.execute(sql\`INSERT INTO events (id) VALUES (\${id})\`); //! E-8
    await tx.execute(sql\`SELECT count(*) FROM events\`);
    await tx.execute("DELETE FROM public.unsent_events"); //! C-3
    await tx.execute(sql\`UPDATE "paycore_intents" SET status = 'paid'\`); //! 11.1
    await tx.execute(sql.raw("SELECT 1 FROM course_access a JOIN paycore_intents p ON true")); //! 11.1
    await tx.execute(sql\`TRUNCATE course_access, dead_letters\`); //! C-3
    await tx.execute(sql\`SELECT 1 FROM course_access a, /* theirs */ public.paycore_refunds r\`); //! 11.1
    await tx.execute(sql\`ALTER TABLE IF EXISTS ONLY jobs ADD COLUMN own text\`); //! C-3
    await tx.execute(sql\`DROP TABLE IF EXISTS events\`); //! E-8
    await tx.execute(sql\`SELECT 1 FROM generate_series(1, 2) g, \${accessTable} a, (paycore_intents i)\`); //! 11.1
    await tx.execute(sql\`WITH paycore_intents AS (SELECT 'from paycore_refunds') SELECT * FROM paycore_intents\`);
    const text = \`SELECT '--' FROM paycore_refunds WHERE refund_id = \${id}\`; //! 11.1
    await tx.execute(sql.raw(text));
    services.log.info({}, "It does not update paycore_intents.");
    await import(id); //! 11.1
    await fetch("https://example.org"); //! B-1
  });
  // await services.transact(id); //! L-1
  // TODO remove this when all have moved //! L-2
  if (services.env.USE_EVENTS) return planted(services, id, null); //! C1b
  return services.env.BRAIN_EVENTSTREAM_MODE; //! M-1
}
`,
  "src/modules/payment/consumer.ts": `
import { on as handles, defineConsumer as makes } from "@brain/engine";
import { paymentRefundFailed as failedEvent } from "@brain/schemas";
const handledIds = new Set<string>();
export const forgotten = makes({ //! C-7 C-2
  subscriber: "payment",
  handlers: [
    handles(failedEvent, async (event, { tx, log }) => { //! C-6
      if (handledIds.has(event.id)) return; //! B-7
      await tx.execute(sql\`DELETE FROM processed_events WHERE true\`); //! C-3
      try {
        await tx.execute("SELECT 2");
      } catch (error) { //! C-4
        throw new PermanentError("no", { cause: error });
      }
      await tx.execute("SELECT 3").catch((error) => log.error({ error })); //! C-8
      await fetch("https://example.org", { method: "POST", body: event.id }); //! C-5
    }),
  ],
});
export async function ownLoop(redis: Planted) {
  while (true) { //! 11.2
    const [entry] = await redis.command(["XREADGROUP", "GROUP", "g", "c", "STREAMS", "brain:events:stream", ">"]); //! C-1
    await redis.select(entry);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await redis.xack("brain:events:stream", "g", entry); //! C-8
  }
}
`,
  "src/modules/missions/service.ts": `
export async function chosen(settings: Planted, publish: Planted, id: string) {
  if (settings.useEventStream) await publish({ type: "mission.created", payload: { id } }); //! 11.8 E-8
  else await settings.legacy(id);
  setInterval(async () => console.log(await settings.db.select().from("tasks")), 1_000); //! 11.2
}
`,
  "workers/host.ts": `
export const second = createEngine({}); //! B-4
export const off = { BRAIN_EVENTSTREAM_MODE: "off" }; //! M-1
`,
};

const looked = /^(?:E-8|B-\d|C-\d|C1b|L-\d|M-1|11\.[1248])$/;
let project: Project;
let baseline: Baseline;
beforeAll(async () => {
  project = await readProject(root);
  baseline = parseBaseline(await readFile(`${root}/charter-baseline.json`, "utf8"), "charter-baseline.json");
});

/** Those that are not known: an applied migration cannot be mended. */
const newOf = (findings: readonly Finding[]) => compareWith(baseline, findings, project.files.files).fresh;

const marks = / \/\/! ([\w. -]+)$/;

test("what is planted in real modules is found in its line, and nothing else", () => {
  const files = new Map(project.files.files);
  const expected: string[] = [];
  for (const [path, lines] of Object.entries(planted)) {
    const text = project.files.files.get(path)?.text ?? "";
    expect(text, path).not.toBe("");
    const before = text.split("\n").length - 1;
    const clean = lines.split("\n").map((line, index) => {
      for (const id of (marks.exec(line)?.[1] ?? "").split(" "))
        if (looked.test(id)) expected.push(`${path}:${before + index + 1} ${id}`);
      return line.replace(marks, "");
    });
    files.set(path, { path, text: text + clean.join("\n") });
  }
  const chosen = rules.filter(({ id }) => looked.test(id));
  const { findings } = checkProject(projectOf({ ...project.files, files }), chosen, "2026-11-27");
  const found = newOf(findings)
    .filter(({ rule }) => rule !== "S-1")
    .map(({ file, line, rule }) => `${file}:${line} ${rule}`);
  expect([...new Set(found)].toSorted()).toEqual(expected.toSorted());
  // Each of the rules is broken by it.
  expect(new Set(expected.map((each) => each.split(" ")[1]))).toEqual(new Set(chosen.map(({ id }) => id)));
});

test("without what is planted nothing is found", () => {
  const chosen = rules.filter(({ id }) => looked.test(id) || /^T-/.test(id));
  const { findings } = checkProject(project, chosen, "2026-11-27");
  expect(newOf(findings).filter(({ rule }) => rule !== "S-1")).toEqual([]);
  // What is known is one file, which a database has applied long ago.
  expect(new Set(baseline.findings.map(({ file }) => file))).toEqual(
    new Set(["migrations/0012_course_access_subscriber.sql"]),
  );
});

test("a consumer whose tests deliver nothing again has no third test", () => {
  const files = new Map(project.files.files);
  for (const [path, file] of files)
    if (/^test\/modules\/(?:course_factory\/undelivered-)?payment/.test(path)) {
      files.set(path, { path, text: file.text.replace(/"(?:XGROUP|XADD|\/api\/replays)"/g, '"PING"') });
    }
  const chosen = rules.filter(({ id }) => id === "T-3");
  const { findings } = checkProject(projectOf({ ...project.files, files }), chosen, "2026-11-27");
  expect(findings.filter(({ rule }) => rule === "T-3").map(({ file }) => file)).toEqual([
    "src/modules/payment/consumer.ts",
  ]);
});
