/*
 * What modules ask each other, beside events. A port is a question with a name: a module offers to answer it, others say
 * that they need the answer, and neither imports the other. The start connects them, or says who is missing.
 */

/** Something that a module answers for others. Told apart by identity: make it once, where both sides can import it. */
export interface Port<T> {
  /** For messages, e.g. `ir_gate`. */
  readonly name: string;
  /** To be answered by exactly one. */
  readonly one: Need<T>;
  /** To be answered by one at most; null: by nobody. */
  readonly optional: Need<T | null>;
  /** To be answered by any number, in the order of the product's list. */
  readonly all: Need<readonly T[]>;
  /** @param make called when somebody asks for the answer, at most once */
  from(make: () => T): Offer;
}

/** What a module needs answered. */
export interface Need<T> {
  readonly port: { readonly name: string };
  readonly how: "one" | "optional" | "all";
  pick(answers: readonly unknown[]): T;
}

/** An answer to a port, made when it is asked for. */
export interface Offer {
  readonly port: { readonly name: string };
  make(): unknown;
}

/** Needs by the names under which the module gets the answers. */
export type Needs = Readonly<Record<string, Need<unknown>>>;

/** The answers to `N`. */
export type Answers<N extends Needs> = { readonly [K in keyof N]: N[K] extends Need<infer T> ? T : never };

/** @param name for messages */
export function definePort<T>(name: string): Port<T> {
  const port = { name };
  return {
    name,
    one: { port, how: "one", pick: ([answer]) => answer as T },
    optional: { port, how: "optional", pick: ([answer]) => (answer ?? null) as T | null },
    all: { port, how: "all", pick: (answers) => answers as readonly T[] },
    from: (make) => ({ port, make }),
  };
}

/** An offer and whose it is. */
export interface OwnedOffer {
  readonly owner: string;
  readonly offer: Offer;
}

/** Connects needs with offers. Offers may be added until the first answer is read. */
export function connectPorts() {
  const offers: OwnedOffer[] = [];
  const made = new Map<Offer, unknown>();
  /** Whose answers are being made, the outermost first. */
  const making: OwnedOffer[] = [];

  function answerOf(owned: OwnedOffer): unknown {
    const { offer } = owned;
    if (made.has(offer)) return made.get(offer);
    if (making.includes(owned)) {
      const circle = [...making.slice(making.indexOf(owned)), owned];
      const steps = circle.map((step) => `"${step.offer.port.name}" of "${step.owner}"`);
      throw new Error(
        `Ports need each other in a circle: ${steps.join(", which needs ")}. One of them has to do without.`,
      );
    }
    making.push(owned);
    try {
      const answer = offer.make();
      made.set(offer, answer);
      return answer;
    } finally {
      making.pop();
    }
  }

  function findOffers(owner: string, { port, how }: Need<unknown>): readonly OwnedOffer[] {
    const found = offers.filter(({ offer }) => offer.port === port);
    if (how === "one" && found.length === 0) {
      throw new Error(
        `The module "${owner}" needs the port "${port.name}", and no module of the product offers it. Add one that does, or take the need away.`,
      );
    }
    if (how !== "all" && found.length > 1) {
      const names = found.map((other) => `"${other.owner}"`).join(" and ");
      throw new Error(
        `The module "${owner}" needs one answer to the port "${port.name}", and ${names} give one. Keep one of them.`,
      );
    }
    return found;
  }

  return {
    offer(owner: string, given: readonly Offer[]): void {
      offers.push(...given.map((offer) => ({ owner, offer })));
    },

    /** The answers that a module needs; each is made when it is first read. */
    answersFor<N extends Needs>(owner: string, needs: N): Answers<N> {
      const answers = {};
      for (const [key, need] of Object.entries(needs)) {
        const get = () => need.pick(findOffers(owner, need).map(answerOf));
        Object.defineProperty(answers, key, { enumerable: true, get });
      }
      return answers as Answers<N>;
    },
  };
}
