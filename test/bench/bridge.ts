import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { KafkaRecord } from "../../src/cli/commands/events/kafka-record.ts";
import { findFreePort } from "../../workers/local/ports.ts";
import { type Child, startChild } from "../../workers/local/processes/child-process.ts";
import { charterProgram } from "../cli/charter-program.ts";
import { type Stack, startStack } from "./connect.ts";
import { batchBody, makers } from "./events.ts";
import { inParallel, untilRelayed } from "./load.ts";
import { connectNats, type Nats } from "./nats.ts";
import { type Check, checkLines, numberOptions } from "./report.ts";

/*
 * `npm run bench bridge`: events into a real distributed log, NATS JetStream of Debian's package, by `charter export`. The
 * export is killed on the way and begun again; then the log is read and counted. Needs nats-server, or root on Debian.
 */

const stream = "BRAIN";
const topic = "brain.events";

/** @returns the exit code: 1 when an event is missing, doubled or out of order */
export async function benchBridge(args: readonly string[]): Promise<number> {
  const { events } = numberOptions(args, { events: 20_000 });
  const program = await findNats();
  const folder = await mkdtemp(join(tmpdir(), "brain-bridge-"));
  const stack = await startStack("bench");
  const port = await findFreePort();
  const server = await startNats(program, port, folder);
  try {
    const nats = await connectWhenUp(port);
    await nats.api(`STREAM.CREATE.${stream}`, {
      name: stream,
      subjects: [`${topic}.>`],
      storage: "file",
      // As long as an export may be away and then send something again.
      duplicate_window: 3_600 * 1e9,
    });
    const size = 1_000;
    const bodies = Array.from({ length: Math.ceil(events / size) }, (_, n) =>
      batchBody(makers.deleted, Math.min(size, events - n * size), n * size),
    );
    await inParallel(
      bodies.map((body) => () => stack.call("/api/events/batch", body).then((answer) => answer.text())),
      2,
    );
    await untilRelayed(stack);
    const startedMs = performance.now();
    const first = await bridge(stack, nats, null, Math.floor(events / 3));
    // As if the bridge had died, too, before it noted its last records.
    const second = await bridge(stack, nats, first.cursors.at(-1_000) ?? null, null);
    const seconds = (performance.now() - startedMs) / 1_000;
    const checks = await countLog(stack, nats, events);
    const sentTwice = first.duplicates + second.duplicates;
    console.log(
      `${events} events in ${seconds.toFixed(1)} s, ${Math.round(events / seconds)}/s; killed after ${first.stored}, then ${sentTwice} came again and were not stored; the export held at most ${Math.round(Math.max(first.peakBytes, second.peakBytes) / 2 ** 20)} MiB`,
    );
    console.log(checkLines(checks));
    nats.close();
    return checks.every(({ holds }) => holds) ? 0 : 1;
  } finally {
    await server.stop();
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const run = promisify(execFile);

/** @throws {Error} it is not there and cannot be installed */
async function findNats(): Promise<string> {
  const places = [
    "/usr/sbin/nats-server",
    "/usr/bin/nats-server",
    "/usr/local/bin/nats-server",
    "/opt/homebrew/bin/nats-server",
  ];
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    throw new Error(
      "nats-server was not found. Install it (Debian, Ubuntu: sudo apt-get install nats-server; macOS: brew install nats-server).",
    );
  }
  console.error("installing nats-server with apt-get");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  await run("apt-get", ["update"], { env });
  await run("apt-get", ["install", "-y", "--no-install-recommends", "nats-server"], { env });
  return findNats();
}

function startNats(command: string, port: number, folder: string): Promise<Child> {
  return startChild({
    command,
    args: ["--addr", "127.0.0.1", "--port", String(port), "--jetstream", "--store_dir", join(folder, "nats")],
    logFile: join(folder, "nats.log"),
    stopSignal: "SIGTERM",
  });
}

async function connectWhenUp(port: number): Promise<Nats> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await connectNats(port);
    } catch (error) {
      if (tries >= 300) throw error;
      await delay(100);
    }
  }
}

interface Bridged {
  readonly stored: number;
  /** What the log knew already. */
  readonly duplicates: number;
  /** Most memory that the export had. */
  readonly peakBytes: number;
  /** Of the records that the log has, in order: what a bridge notes. */
  readonly cursors: readonly string[];
}

/**
 * The bridge: `charter export`, and each of its lines to the log. The line's topic and key are the subject, its id the one
 * by which the log knows what it has.
 *
 * @param killAfter records after which the export is killed; null: it comes to its end
 */
async function bridge(
  stack: Stack,
  nats: Nats,
  cursor: string | null,
  killAfter: number | null,
): Promise<Bridged> {
  const from = cursor === null ? [] : ["--cursor", cursor];
  const child = spawn(
    process.execPath,
    [charterProgram, "export", "--to", "kafka-jsonl", "--topic", topic, ...from],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: process.env.PATH, CHARTER_URL: stack.info.url, CHARTER_KEY: stack.info.apiKey },
    },
  );
  const ended = once(child, "exit");
  let [stored, duplicates, peakBytes] = [0, 0, 0];
  let underWay: Promise<void>[] = [];
  const settle = async () => {
    await Promise.all(underWay);
    underWay = [];
    peakBytes = Math.max(peakBytes, await peakOf(child.pid ?? 0));
  };
  const cursors: string[] = [];
  for await (const line of wholeLines(child.stdout)) {
    const {
      key,
      headers,
      value,
      cursor: behind,
    }: KafkaRecord & { readonly cursor: string } = JSON.parse(line);
    cursors.push(behind);
    const subject = `${topic}.${(key ?? "none").replaceAll(/[^\w-]/g, "_")}`;
    const sent = nats.publish(
      subject,
      { "Nats-Msg-Id": headers.ce_id ?? "", ...headers },
      JSON.stringify(value),
    );
    underWay.push(
      sent.then(({ duplicate }) => {
        if (duplicate === true) duplicates += 1;
        else stored += 1;
      }),
    );
    // One connection stores in the order in which it was sent; only so many are not answered yet.
    if (underWay.length >= 500) await settle();
    if (killAfter !== null && stored >= killAfter) child.kill("SIGKILL");
  }
  await settle();
  const [code] = await ended;
  if (killAfter === null && code !== 0) throw new Error(`charter export ended with ${code}`);
  return { stored, duplicates, peakBytes, cursors };
}

/** A line without an end is none: the program was killed while it wrote it. */
async function* wholeLines(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = "";
  input.setEncoding("utf8");
  for await (const chunk of input) {
    const lines = `${rest}${String(chunk)}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Linux only, else 0. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1_024;
}

/** Reads the whole log and compares it with the record. */
async function countLog(stack: Stack, nats: Nats, events: number): Promise<Check[]> {
  const info = await nats.api<{ readonly state: { readonly messages: number } }>(`STREAM.INFO.${stream}`, {});
  const ids = new Set<string>();
  const last = new Map<string, bigint>();
  let [outOfOrder, changed] = [0, 0];
  const rows = await stack.db.query("SELECT id, key, payload FROM events");
  const recorded = new Map(rows.rows.map((row) => [row.id, row] as const));
  for (let from = 1; from <= info.state.messages; from += 500) {
    const count = Math.min(500, info.state.messages - from + 1);
    const messages = await Promise.all(Array.from({ length: count }, (_, n) => nats.read(stream, from + n)));
    for (const { headers, data } of messages) {
      const id = headers.get("ce_id") ?? "";
      const key = headers.get("ce_partitionkey") ?? "";
      const position = BigInt(headers.get("ce_position") ?? 0);
      if (position <= (last.get(key) ?? 0n)) outOfOrder += 1;
      last.set(key, position);
      ids.add(id);
      const row = recorded.get(id);
      if (row?.key !== key || !sameJson(row.payload, JSON.parse(data))) changed += 1;
    }
  }
  const check = (what: string, measured: number, demanded: number): Check => ({
    what,
    measured: measured.toLocaleString("en-US"),
    demanded: demanded.toLocaleString("en-US"),
    holds: measured === demanded,
  });
  return [
    check("messages in the log", info.state.messages, events),
    check("different events among them", ids.size, events),
    check("out of the order of their keys", outOfOrder, 0),
    check("other than in the record", changed, 0),
  ];
}

/** Objects are the same whatever the order of their keys: jsonb has one of its own. */
function sameJson(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const sorted = (value: Record<string, unknown>) => JSON.stringify(Object.entries(value).toSorted());
  return sorted(a) === sorted(b);
}
