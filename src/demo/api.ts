/** Requests of the demo to a running system: its HTTP API, as any program uses it. */

/** One request; what is left out is not sent. */
export interface DemoRequest {
  readonly body?: unknown;
  /** Id of the user on whose behalf it is made. */
  readonly actor?: string;
  /** Correlation id of the story that it belongs to. */
  readonly story?: string;
  /** Makes a repetition harmless; for routes that keep no keys it is left out. */
  readonly once?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses beside 2xx that are an answer and no failure. */
  readonly fine?: readonly number[];
}

export interface DemoAnswer {
  readonly status: number;
  /** The JSON that came; null when it was none. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface DemoApi {
  /** Origin of the system, without a slash at its end. */
  readonly url: string;
  /** @throws {DemoError} the answer is an error, or none came */
  send(method: "GET" | "POST" | "PUT" | "DELETE", path: string, request?: DemoRequest): Promise<DemoAnswer>;
  /** Presses the button of a payment page of the stand-in for Stripe. @throws {DemoError} */
  pay(checkoutUrl: string): Promise<void>;
}

/** The world could not be made, or not whole; the message is for people. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}

/** A server that is busy says so, and has done nothing. */
const maxWaits = 20;
const waitMs = 300;
const timeoutMs = 30_000;
/** What goes on by itself is looked at so often, with this time between. */
const maxLooks = 200;
const lookMs = 100;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Whether this address leads to the machine that the program runs on. */
export function isOnThisMachine(address: string): boolean {
  return URL.canParse(address) && ["127.0.0.1", "localhost", "[::1]"].includes(new URL(address).hostname);
}

/** @param key bearer key of all tenants that may do everything */
export function createDemoApi(url: string, key: string): DemoApi {
  const origin = new URL(url).origin;

  async function fetchOnce(address: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      // biome-ignore lint/style/noRestrictedGlobals: redirects are off
      return await fetch(address, { ...init, redirect: "manual", signal });
    } catch (error) {
      throw new DemoError(`${init.method} ${address} got no answer (${String(error)}).`, { cause: error });
    }
  }

  return {
    url: origin,
    async send(method, path, { body, actor, story, once, headers = {}, fine = [] } = {}) {
      const init: RequestInit = {
        method,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(actor === undefined ? {} : { "x-actor-id": actor }),
          ...(story === undefined ? {} : { "x-correlation-id": story }),
          ...(once === undefined ? {} : { "idempotency-key": once }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      };
      for (let waits = 0; ; waits += 1) {
        const answer = await fetchOnce(`${origin}${path}`, init);
        const text = await answer.text();
        const isBusy = answer.status === 503 || (answer.status === 409 && answer.headers.has("retry-after"));
        if (isBusy && waits < maxWaits) {
          await pause(waitMs);
          continue;
        }
        if (answer.ok || fine.includes(answer.status)) return { status: answer.status, body: parsed(text) };
        const { message, details = [] } = parsed(text)?.error ?? { message: text.slice(0, 300) };
        throw new DemoError(
          `${method} ${path} answered ${answer.status}: ${message} ${details.length === 0 ? "" : JSON.stringify(details)}`,
        );
      }
    },
    async pay(checkoutUrl) {
      if (!isOnThisMachine(checkoutUrl)) {
        throw new DemoError(`${new URL(checkoutUrl).host} is not the stand-in for Stripe; nothing was paid.`);
      }
      const answer = await fetchOnce(`${checkoutUrl}/pay`, { method: "POST" });
      await answer.text();
      if (answer.status >= 400) throw new DemoError(`The stand-in for Stripe answered ${answer.status}.`);
    },
  };
}

function parsed(text: string): ReturnType<typeof JSON.parse> {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Asks again until the answer is as wanted. The system works on while it is asked: nothing is pushed from here.
 *
 * @param what for the message when it does not happen
 * @throws {DemoError} it was not so at any look, for some 20 s and longer; tells the last answer
 */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer>,
  isSo: (answer: Answer) => boolean,
): Promise<Answer> {
  for (let looks = 1; ; looks += 1) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (looks >= maxLooks) {
      throw new DemoError(
        `${what} did not come after ${maxLooks} looks. The last answer was ${JSON.stringify(answer).slice(0, 300)}. Is the consumer running?`,
      );
    }
    await pause(lookMs);
  }
}
