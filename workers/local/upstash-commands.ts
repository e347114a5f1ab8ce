/** What a REST request may ask for: arguments become strings, commands that need a session are refused. */

/** A request that the gateway refuses itself. The message starts with `ERR`, as Upstash's do. */
export class RefusedRequestError extends Error {
  override readonly name = "RefusedRequestError";
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/**
 * Commands that would change the shared connection, wait on it, or end the server.
 * Upstash refuses them too: over REST each request stands alone.
 */
const sessionCommands: ReadonlySet<string> = new Set(
  `AUTH HELLO QUIT RESET CLIENT MULTI EXEC DISCARD WATCH UNWATCH
   BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF
   SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR
   SYNC PSYNC REPLICAOF SLAVEOF REPLCONF FAILOVER SHUTDOWN MODULE CLUSTER DEBUG CONFIG ACL READONLY READWRITE`
    .split(/\s+/)
    .filter(Boolean),
);

function refuseSessionCommands(args: readonly string[]): void {
  const name = (args[0] ?? "").toUpperCase();
  if (sessionCommands.has(name)) {
    throw new RefusedRequestError(
      `ERR Command is not available: '${name}'. Each REST request stands alone, so commands that wait or keep state are refused`,
    );
  }
  if (name === "SELECT" && args[1] !== "0") {
    throw new RefusedRequestError(
      `ERR Only database 0 is available over REST, received SELECT ${args[1] ?? ""}`,
    );
  }
  if (name === "XREAD" || name === "XREADGROUP") {
    for (const arg of args.slice(1)) {
      const option = arg.toUpperCase();
      if (option === "STREAMS") break;
      if (option === "BLOCK") {
        throw new RefusedRequestError(
          `ERR ${name} with BLOCK is not available over REST, leave BLOCK out and poll`,
        );
      }
    }
  }
}

function toArgument(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null) throw new RefusedRequestError("ERR null args are not supported");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * One command from its JSON array. Numbers and booleans become their text, arrays and objects their JSON text.
 *
 * @throws RefusedRequestError when it is no array, is empty, holds null, or is a command that needs a session.
 */
export function parseCommand(value: unknown): string[] {
  if (!Array.isArray(value)) {
    throw new RefusedRequestError('ERR failed to parse command: expected a JSON array like ["GET", "key"]');
  }
  if (value.length === 0) throw new RefusedRequestError("ERR empty command");
  const args = value.map(toArgument);
  refuseSessionCommands(args);
  return args;
}

/**
 * The commands of a pipeline or a transaction.
 *
 * @throws RefusedRequestError for anything but a non-empty array of arrays. What is wrong with a single command is
 * in its place of the result: a pipeline goes on after it, a transaction does not start.
 */
export function parseCommands(value: unknown, path: string): (string[] | RefusedRequestError)[] {
  if (!Array.isArray(value) || !value.every(Array.isArray)) {
    throw new RefusedRequestError(
      `ERR failed to parse ${path} request: expected a JSON array of commands like [["GET", "key"]]`,
    );
  }
  if (value.length === 0) throw new RefusedRequestError(`ERR empty ${path} request`);
  return value.map((command) => {
    try {
      return parseCommand(command);
    } catch (error) {
      if (error instanceof RefusedRequestError) return error;
      throw error;
    }
  });
}

/**
 * The command of a path like `/set/key/value?EX=60`. A body is one more argument, before those of the query string.
 * The parameter `_token` is the key of the request and no argument.
 */
export function parsePathCommand(url: URL, body: string): string[] {
  const args = url.pathname
    .slice(1)
    .split("/")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        throw new RefusedRequestError(`ERR failed to parse path: '${part}' is not percent-encoded UTF-8`);
      }
    });
  if (body !== "") args.push(body);
  for (const [name, value] of url.searchParams) {
    if (name === "_token") continue;
    args.push(name);
    if (value !== "") args.push(value);
  }
  return parseCommand(args);
}
