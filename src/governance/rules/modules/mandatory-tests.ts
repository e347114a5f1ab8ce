import type { Project } from "../../project.ts";
import { makersOf } from "../../tree/product/handlers.ts";
import type { DefinedConsumer, TypeScriptTree } from "../../tree/product/typescript.ts";
import type { Shown } from "../../tree/tests/shown.ts";
import type { Report, Rule } from "../rule.ts";

/**
 * The four tests of each module, recognised by what they do. A module that only publishes has the first one: that its
 * events can be read and delivered again is the engine's contract, which the engine's own tests hold.
 */
export const mandatoryTests: readonly Rule[] = [
  {
    id: "T-1",
    title: "A test shows that the module's events are published, with type, payload and meta",
    severity: "error",
    why: "An event that nobody has seen published may never be, or come without what its readers need.",
    mend: "Write a test that makes the change, reads the event from the record, and compares type, payload and the three keys of meta.",
    caughtBy: [],
    check: published,
  },
  consumerRule({
    id: "T-2",
    what: "consumed",
    title: "A test shows that the consumer handles an event from a real stream",
    why: "A handler that is called by hand has never met what comes from the stream.",
    mend: "Write a test that publishes an event, lets the consumer drain the stream, and asserts the effect there, before it delivers anything again.",
    lacks: "handles an event from a real stream",
  }),
  consumerRule({
    id: "T-3",
    what: "redelivered",
    title: "A test shows that the same message delivered again has no second effect",
    why: "Every stream delivers some messages again; without a real redelivery a test shows nothing of it.",
    mend: "Write a test that has the same entry delivered again (`redeliver()` of the test engine, or the same fields once more), drains, and asserts that there is one effect.",
    lacks: "has one effect when the same message is delivered again",
  }),
  consumerRule({
    id: "T-4",
    what: "permanent",
    title: "A test shows that a permanent error ends as a dead letter, acked",
    why: "An error that can never go away holds up the stream when it is tried for ever, and is lost when it is only acked.",
    mend: "Write a test whose event can never be handled, drain, and assert the dead letter.",
    lacks: "keeps what can never be handled as a dead letter",
  }),
  consumerRule({
    id: "T-4b",
    what: "transient",
    title: "A test shows that a transient error is not acked and tried again",
    why: "An error that passes must not lose its event.",
    mend: "Write a test whose effect fails for a while, drain, and assert that the event is retried or pending, and is handled later.",
    lacks: "tries again what failed for now",
  }),
];

function published({ typescript: { modules }, tests }: Project, report: Report): void {
  for (const module of modules) {
    if (module.definition === null || tests.typesOf(module).size === 0) continue;
    if (tests.publishedBy(module) !== null) continue;
    const types = [...tests.typesOf(module)];
    report({
      at: module.definition.call,
      message: `No test shows that ${module.name} publishes ${types.length === 1 ? `"${types[0]}"` : `one of its ${types.length} events`} with type, payload and complete meta.`,
    });
  }
}

interface ConsumerRule {
  readonly id: string;
  readonly what: Shown;
  readonly title: string;
  readonly why: string;
  readonly mend: string;
  /** What the consumer does in the test that is missing. */
  readonly lacks: string;
}

function consumerRule({ what, lacks, ...texts }: ConsumerRule): Rule {
  return {
    ...texts,
    severity: "error",
    caughtBy: [],
    check({ typescript, tests }, report) {
      for (const consumer of typescript.consumers) {
        if (consumer.subscriber === null || !isDue(typescript, consumer, what)) continue;
        if (tests.consumerTest(consumer, what) !== null) continue;
        report({
          at: consumer.call,
          message: `No test shows that the consumer "${consumer.subscriber}" ${lacks}.`,
        });
      }
    },
  };
}

/** Who takes every entry as it is, read or not, has nothing that can never be handled. */
function isDue(tree: TypeScriptTree, consumer: DefinedConsumer, what: Shown): boolean {
  const makers = makersOf(tree, consumer);
  return what !== "permanent" || makers.length === 0 || makers.some((maker) => maker !== "onEntries");
}
