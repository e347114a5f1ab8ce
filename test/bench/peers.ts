import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import pg from "pg";
import { startStack } from "./connect.ts";
import { installPeers, type Peer, startPeer, versionOf } from "./peer-process.ts";
import { type PeerKind, peerKinds } from "./peer-protocol.ts";
import { peerReport } from "./peer-report.ts";
import { measureOurs, measurePeer, type Round, type Sizes, warmUpOurs, warmUpPeer } from "./peer-rounds.ts";
import { numberOptions } from "./report.ts";

/*
 * `npm run bench peers`: BullMQ, pg-boss and graphile-worker beside ours, in alternating rounds of one run, on the same
 * Redis (AOF, everysec) and the same Postgres (fsync, synchronous_commit). The guarantee is the same everywhere: each
 * effect and the claim that lets it happen once are committed once in Postgres, and counted there afterwards.
 *
 * What is to the advantage of the peers is left so: they are called in process over native TCP, and their clock starts
 * with the first job in hand; ours is called over HTTP, goes through both gateways, and its clock starts with the request.
 */

const standard = { rounds: 3, events: 20_000, singles: 500, flight: 2_000, seconds: 10 };

/** @returns the exit code: 1 when a side lost or doubled an effect */
export async function benchPeers(args: readonly string[]): Promise<number> {
  const { out, rest } = outOption(args);
  const { rounds, ...sizes } = numberOptions(rest, standard);
  await installPeers();
  const stack = await startStack("bench");
  const peers = new Map<PeerKind, Peer>();
  const found = new Map<PeerKind | "ours", Round[]>();
  const databaseUrl = new URL(stack.info.databaseUrl);
  databaseUrl.pathname = "/brain_peers";
  const db = new pg.Pool({ connectionString: databaseUrl.href, max: 2 });
  let settings: string;
  try {
    await stack.db.query("CREATE DATABASE brain_peers");
    for (const kind of peerKinds) {
      const { redisUrl } = stack.info;
      peers.set(kind, await startPeer({ kind, redisUrl, databaseUrl: databaseUrl.href }));
    }
    settings = await settingsOf(db);
    await warmUpOurs(stack);
    for (const peer of peers.values()) await warmUpPeer(peer);
    const sides = ["ours" as const, ...peerKinds];
    for (let round = 0; round < rounds; round += 1) {
      // Nobody is always first.
      for (const side of [...sides.slice(round % sides.length), ...sides.slice(0, round % sides.length)]) {
        const peer = side === "ours" ? undefined : peers.get(side);
        const result = await (peer === undefined
          ? measureOurs(stack, sizes)
          : measurePeer(stack, db, peer, sizes));
        found.set(side, [...(found.get(side) ?? []), result]);
        console.error(`  round ${round + 1}, ${side} done`);
      }
    }
  } finally {
    for (const peer of peers.values()) peer.end();
    await db.end();
    await stack.stop();
  }
  const report = `${await heading(settings, rounds, sizes)}\n\n${peerReport(found)}\n`;
  console.log(report);
  if (out !== null) await writeFile(out, report);
  return [...found.values()].flat().every(({ faults }) => faults.length === 0) ? 0 : 1;
}

/** `--out <file>` takes the report, too. */
function outOption(args: readonly string[]): {
  readonly out: string | null;
  readonly rest: readonly string[];
} {
  const at = args.indexOf("--out");
  if (at < 0) return { out: null, rest: args };
  const out = args[at + 1];
  if (out === undefined) throw new Error("--out is without a value; expected a file, e.g. --out peers.md");
  return { out, rest: args.toSpliced(at, 2) };
}

async function settingsOf(db: pg.Pool): Promise<string> {
  const show = async (name: string) => String((await db.query(`SHOW ${name}`)).rows[0][name]);
  const settings = ["fsync", "synchronous_commit"].map(async (name) => `${name} ${await show(name)}`);
  return `PostgreSQL ${await show("server_version")} (${(await Promise.all(settings)).join(", ")})`;
}

async function heading(settings: string, rounds: number, sizes: Sizes): Promise<string> {
  const names = ["bullmq", "pg-boss", "graphile-worker"];
  const versions = await Promise.all(names.map(async (name) => `${name} ${await versionOf(name)}`));
  return [
    `${versions.join(", ")}; ours over HTTP in workerd. Node ${process.version}, ${settings}, Redis with AOF everysec, ${cpus().length} x ${cpus()[0]?.model.trim()}.`,
    `Medians of ${rounds} alternating rounds, lowest and highest in brackets: ${sizes.singles} events one by one, ${sizes.flight} with 32 in flight, ${sizes.events} in bulk and drained, ${sizes.seconds} s at 200/s.`,
  ].join("\n");
}
