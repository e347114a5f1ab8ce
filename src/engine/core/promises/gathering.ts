import type { Clock } from "../clock.ts";
import { untilTold } from "./until-told.ts";

/*
 * Group commit: what several requests of one isolate want at the same time goes out as one call. The first one goes at
 * once. What comes while it is under way gathers, and goes together as soon as that is over. Nothing waits while nothing
 * is under way, and no time is waited for company.
 *
 * A request may be ended at any point without a word (on Workers by its limits, or with its isolate), and what it has
 * begun ends with it. So each group has a leader among its members: the call runs in the leader's request, which keeps it
 * alive. The others wait with timers of their own (see `until-told.ts`); after a time they count the call as lost and make
 * one themselves. The timers have a second purpose: workerd ends a request that waits for nothing but another request.
 */

export interface GatheringOptions<Item> {
  /** Items of one call at most. */
  readonly maxItems: number;
  /** Size of one call at most, as `sizeOf` says it; an item that is larger goes alone. */
  readonly maxSize: number;
  readonly sizeOf: (item: Item) => number;
  /** After this time, ms, a call that did not come back counts as lost. */
  readonly lostAfterMs: number;
  readonly now: Clock;
}

/** How a request makes the call, in its own invocation. */
export interface GatheredCall<Item, Answer> {
  /**
   * All or nothing. Gives a function that tells the answer of each item; it is called in their order. Repeating it must
   * be safe.
   */
  send(items: readonly Item[]): Promise<(item: Item) => Answer>;
  /** True for an error that has nothing to do with the items: all get it. After any other each item is sent alone. */
  concernsAll(error: unknown): boolean;
  /** Keeps the invocation alive until the work is done. */
  waitUntil(work: Promise<unknown>): void;
}

export interface Gathered<Answer> {
  readonly answer: Answer;
  /**
   * Unix ms: the item went out since then in a call that got lost, and the answer is that of a second one. Null: there
   * was one call only.
   */
  readonly lostSinceMs: number | null;
}

export interface Gathering<Item, Answer> {
  /**
   * Has an item sent, together with others of the same name when there are some.
   *
   * @throws what `send` throws for this item
   */
  join(name: string, item: Item, call: GatheredCall<Item, Answer>): Promise<Gathered<Answer>>;
}

/** What becomes of one that waits. */
type Fate<Item, Answer> =
  | { readonly kind: "gathers" }
  | { readonly kind: "leads"; readonly underWay: UnderWay; readonly group: readonly Member<Item, Answer>[] }
  /** Another one leads its group. */
  | { readonly kind: "follows" }
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "sends alone" };

interface Member<Item, Answer> {
  readonly item: Item;
  fate: Fate<Item, Answer>;
  wake(): void;
}

/** One call. */
interface UnderWay {
  readonly sinceMs: number;
}

interface Lane<Item, Answer> {
  underWay: UnderWay;
  /** Oldest first. */
  waiting: Member<Item, Answer>[];
}

export function createGathering<Item, Answer>(options: GatheringOptions<Item>): Gathering<Item, Answer> {
  type OwnMember = Member<Item, Answer>;
  type Call = GatheredCall<Item, Answer>;
  const { lostAfterMs, now } = options;
  /** Those where something is under way. */
  const lanes = new Map<string, Lane<Item, Answer>>();

  /** The call that is next; whoever waits goes behind it. */
  const begin = (name: string): UnderWay => {
    const underWay = { sinceMs: now() };
    const lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, { underWay, waiting: [] });
    else lane.underWay = underWay;
    return underWay;
  };

  /** The call is over: those who waited for it go. When another one was begun meanwhile, they wait for that. */
  const end = (name: string, underWay: UnderWay) => {
    const lane = lanes.get(name);
    if (lane?.underWay !== underWay) return;
    const group = takeGroup(lane.waiting, options);
    const [leader] = group;
    if (leader === undefined) {
      lanes.delete(name);
      return;
    }
    for (const member of group) member.fate = { kind: "follows" };
    leader.fate = { kind: "leads", underWay: begin(name), group };
    leader.wake();
  };

  const tell = (member: OwnMember, fate: Fate<Item, Answer>) => {
    member.fate = fate;
    member.wake();
  };

  /** Sends a group, and tells each of its members what became of it. Never rejects. */
  const sendGroup = async (name: string, underWay: UnderWay, group: readonly OwnMember[], call: Call) => {
    try {
      const answerOf = await call.send(group.map(({ item }) => item));
      end(name, underWay);
      for (const member of group) tell(member, { kind: "answered", answer: answerOf(member.item) });
    } catch (error) {
      end(name, underWay);
      const isOfAll = group.length === 1 || call.concernsAll(error);
      for (const member of group) tell(member, isOfAll ? { kind: "failed", error } : { kind: "sends alone" });
    }
  };

  const lead = async (
    name: string,
    underWay: UnderWay,
    group: readonly OwnMember[],
    own: OwnMember,
    call: Call,
  ): Promise<Answer> => {
    const work = sendGroup(name, underWay, group, call);
    call.waitUntil(work);
    await work;
    return resultOf(own, call);
  };

  return {
    async join(name, item, call) {
      const joinedMs = now();
      const own: OwnMember = { item, fate: { kind: "gathers" }, wake: () => undefined };
      const lane = lanes.get(name);
      // One that has been under way for so long is lost: its request was ended, and it will never be over.
      if (lane === undefined || joinedMs - lane.underWay.sinceMs >= lostAfterMs) {
        return { answer: await lead(name, begin(name), [own], own, call), lostSinceMs: null };
      }
      lane.waiting.push(own);
      await untilTold({
        limitMs: lostAfterMs,
        isTold: () => own.fate.kind !== "gathers" && own.fate.kind !== "follows",
        listen: (tell) => {
          own.wake = tell;
        },
      });
      // What was decided counts, and not which of the two woke it.
      const { fate } = own;
      switch (fate.kind) {
        case "leads":
          return { answer: await lead(name, fate.underWay, fate.group, own, call), lostSinceMs: null };
        case "gathers":
        case "follows": {
          lane.waiting = lane.waiting.filter((member) => member !== own);
          // What the lost call may still say is about the other one.
          const again = { ...own };
          return {
            answer: await lead(name, begin(name), [again], again, call),
            lostSinceMs: fate.kind === "follows" ? joinedMs : null,
          };
        }
        default:
          return { answer: await resultOf(own, call), lostSinceMs: null };
      }
    },
  };
}

/** Takes from the front as many as go together; the first one in any case. */
function takeGroup<Item, Answer>(
  waiting: Member<Item, Answer>[],
  { maxItems, maxSize, sizeOf }: GatheringOptions<Item>,
): Member<Item, Answer>[] {
  let count = 0;
  let size = 0;
  for (const { item } of waiting.slice(0, maxItems)) {
    size += sizeOf(item);
    if (count > 0 && size > maxSize) break;
    count += 1;
  }
  return waiting.splice(0, count);
}

/** What became of one whose group is over. */
async function resultOf<Item, Answer>(
  { item, fate }: Member<Item, Answer>,
  call: GatheredCall<Item, Answer>,
): Promise<Answer> {
  if (fate.kind === "answered") return fate.answer;
  if (fate.kind === "failed") throw fate.error;
  const answerOf = await call.send([item]);
  return answerOf(item);
}
