/** What was started, to be stopped last first. A failing step does not keep the others from stopping. */

export class StopSteps {
  readonly #steps: { readonly what: string; readonly stop: () => Promise<void> }[] = [];
  #current: string | null = null;

  /** @param what for whoever waits for it, e.g. "PostgreSQL" */
  push(what: string, stop: () => Promise<void>): void {
    this.#steps.push({ what, stop });
  }

  /** What is being stopped now; null: nothing. */
  get current(): string | null {
    return this.#current;
  }

  /** Stops all of it once; gives the failures. */
  async run(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const { what, stop } of this.#steps.splice(0).toReversed()) {
      this.#current = what;
      await stop().catch((error: unknown) => failures.push(error));
    }
    this.#current = null;
    return failures;
  }
}
