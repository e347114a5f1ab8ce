import { calledUrl } from "../core/settings/environment.ts";
import { evenNumbers } from "./databases.ts";

/* Further Redis databases, for those who need more than one gives. */

/** How one database is reached. */
export interface RedisAddress {
  readonly url: string;
  readonly token: string;
}

const furtherRedisExpected =
  "expected url and token with a space between them, several such pairs separated by commas";

type Fault = (message: string) => void;

/**
 * Reads the databases beside the first, which have the numbers from 2 on.
 *
 * @param fault told of what is wrong, without the text, which has the tokens
 */
function readFurtherRedis(text: string, first: RedisAddress | null, fault: Fault): RedisAddress[] {
  const known = new Map(first === null ? [] : [[originOf(first.url), 1]]);
  return text.split(",").flatMap((pair, index): RedisAddress[] => {
    const number = index + 2;
    const [url = "", token, ...rest] = pair.trim().split(/\s+/);
    const wrong = calledUrl.safeParse(url).error?.issues[0]?.message;
    if (url === "" || token === undefined || rest.length > 0) {
      fault(`${furtherRedisExpected}; database ${number} is not like that`);
      return [];
    }
    if (wrong !== undefined) {
      fault(`the URL of database ${number}: ${wrong}`);
      return [];
    }
    const same = known.get(originOf(url));
    if (same !== undefined) fault(`database ${number} has the URL of database ${same}; each is given once`);
    known.set(originOf(url), number);
    return [{ url, token }];
  });
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/**
 * The number of the database by shard.
 *
 * @param given as it was set; null: each database has the next shards, as many as the others
 */
function readShardDatabases(given: string | null, shards: number, databases: number, fault: Fault): number[] {
  if (given === null) return evenNumbers(shards, databases);
  const numbers = given.split(",").map(Number);
  const highest = Math.max(...numbers);
  if (numbers.length !== shards)
    fault(`has ${numbers.length} numbers, and BRAIN_SHARDS is ${shards}; expected one number for each shard`);
  else if (highest > databases)
    fault(
      `names database ${highest}, and there are ${databases}: UPSTASH_REDIS_REST_URL and those of BRAIN_MORE_REDIS`,
    );
  else if (numbers[0] !== 1)
    fault(
      "expected 1 for the first shard: programs that know of one stream only write to that one, on the first database",
    );
  return numbers;
}

/** What no shard is on; null when each database has one. */
function emptyDatabase(numbers: readonly number[], databases: number): number | null {
  for (let number = 1; number <= databases; number += 1) if (!numbers.includes(number)) return number;
  return null;
}

/** Several Redis databases; nothing when there is one. */
export function readDatabases(
  values: {
    readonly BRAIN_SHARDS: number;
    readonly BRAIN_MORE_REDIS?: string | undefined;
    readonly BRAIN_SHARD_DATABASES?: string | undefined;
  },
  redis: RedisAddress | null,
  fault: (name: "BRAIN_MORE_REDIS" | "BRAIN_SHARD_DATABASES", message: string) => void,
): { readonly furtherRedis?: readonly RedisAddress[]; readonly shardDatabases?: readonly number[] } {
  const { BRAIN_SHARDS: shards, BRAIN_MORE_REDIS: more, BRAIN_SHARD_DATABASES: given = null } = values;
  if (more === undefined && given === null) return {};
  if (redis === null)
    fault(
      "BRAIN_MORE_REDIS",
      "needs UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, the first database",
    );
  const isFaulty = { was: false };
  const furtherRedis =
    more === undefined
      ? []
      : readFurtherRedis(more, redis, (message) => {
          isFaulty.was = true;
          fault("BRAIN_MORE_REDIS", message);
        });
  if (isFaulty.was) return {};
  const databases = furtherRedis.length + 1;
  const shardDatabases = readShardDatabases(given, shards, databases, (message) => {
    isFaulty.was = true;
    fault("BRAIN_SHARD_DATABASES", message);
  });
  const empty = isFaulty.was ? null : emptyDatabase(shardDatabases, databases);
  if (empty !== null)
    fault(
      given === null ? "BRAIN_MORE_REDIS" : "BRAIN_SHARD_DATABASES",
      `leaves database ${empty} without a shard: BRAIN_SHARDS is ${shards}. Raise it with the number of databases`,
    );
  return { furtherRedis, shardDatabases };
}
