import { type Invocation, type Logger, ValidationError } from "@brain/engine";
import { redactText } from "@brain/schemas";

/** Fields that the log names. */
const maxNamed = 5;

/**
 * An event that a route publishes may be refused for what the caller sent, an address in a text for example; so he is told,
 * as of a body that is not valid. Whether it was the route itself, its author learns from the log.
 */
export function tellOfRefusals(log: Logger): NonNullable<Invocation["publish"]["onRefused"]> {
  return ({ type, error }) => {
    if (!(error instanceof ValidationError)) return;
    const named = error.issues.slice(0, maxNamed).map(({ path, message }) => `${path} ${message}`);
    log.warn(
      { event_type: type, issues: redactText(named.join("; ")) },
      "A route published what its event does not allow. Nothing was stored, and the caller was told so. Unless it stood in what he sent, mend the route.",
    );
  };
}
