import { startStack } from "./connect.ts";
import { batchBody, makers } from "./events.ts";
import { untilRelayed } from "./load.ts";
import { type Check, checkLines, numberOptions, percentiles } from "./report.ts";

/*
 * `npm run bench console`: pages of the console in workerd, each in turns with the route of the API that gives most of
 * what it shows, so that what the page itself costs can be told. With all on one machine, browser not included.
 */

const pages = [
  { page: "/", route: "/api/overview?window=1h" },
  { page: "/events", route: "/api/events/history?limit=100" },
  { page: "/events?limit=1000", route: "/api/events/history?limit=1000" },
  { page: "/consumers", route: "/api/consumers" },
  { page: "/dead-letters", route: "/api/dead-letters/groups" },
  { page: "/catalog", route: "/api/catalog" },
  { page: "/analytics", route: "/api/me" },
] as const;

const largePage = "/events?limit=1000";
const maxLargeMs = 200;
const maxLargeKb = 300;

/** @returns the exit code */
export async function benchConsole(args: readonly string[]): Promise<number> {
  const { rounds, events } = numberOptions(args, { rounds: 30, events: 2_000 });
  const stack = await startStack("product");
  try {
    for (let from = 0; from < events; from += 500)
      await stack.call("/api/events/batch", batchBody(makers.deleted, 500, from));
    await untilRelayed(stack);
    const cookie = await signIn(stack.info.url, stack.info.apiKey);
    const checks: Check[] = [];
    for (const { page, route } of pages) {
      const [shown, asked]: number[][] = [[], []];
      let bytes = 0;
      for (let round = -3; round < rounds; round += 1) {
        const seen = await timed(stack.info.url + page, cookie);
        const answered = await timed(stack.info.url + route, cookie);
        bytes = seen.bytes;
        // The first ones load the part of the program.
        if (round >= 0) {
          shown?.push(seen.ms);
          asked?.push(answered.ms);
        }
      }
      const { p50, p95 } = percentiles(shown ?? []);
      const of = percentiles(asked ?? []).p50;
      const measured = `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, ${(bytes / 1_000).toFixed(0)} KB; its route alone ${of.toFixed(0)} ms`;
      const isLarge = page === largePage;
      checks.push({
        what: page,
        measured,
        demanded: isLarge ? `<= ${maxLargeMs} ms, < ${maxLargeKb} KB` : "nothing",
        holds: !isLarge || (p50 <= maxLargeMs && bytes < maxLargeKb * 1_000),
      });
    }
    console.log(checkLines(checks));
    return checks.every(({ holds }) => holds) ? 0 : 1;
  } finally {
    await stack.stop();
  }
}

async function signIn(url: string, key: string): Promise<string> {
  const answer = await fetch(`${url}/api/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
  });
  if (!answer.ok) throw new Error(`the session was refused: ${await answer.text()}`);
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

async function timed(url: string, cookie: string): Promise<{ readonly ms: number; readonly bytes: number }> {
  const startedMs = performance.now();
  const answer = await fetch(url, { headers: { cookie } });
  const bytes = (await answer.arrayBuffer()).byteLength;
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return { ms: performance.now() - startedMs, bytes };
}
