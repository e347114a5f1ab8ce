/*
 * Work that failed and whose promise nobody awaits: `publish(…)` without `await`, with a payload that is refused. Nobody
 * would hear of it, or the runtime ends the program. So whoever gave the promise asks here, when the caller has come to
 * its end, whether somebody took notice.
 */

/** Knows whether somebody waits for it. */
class NoticedPromise<T> extends Promise<T> {
  isNoticed = false;

  // What is derived from it is ordinary.
  static override get [Symbol.species]() {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: await of a promise that is not of the very class Promise calls it
  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isNoticed = true;
    return super.then(fulfilled, rejected);
  }
}

export interface UnawaitedFailures {
  /** A promise that fails with this. The runtime does not report it. */
  reject(error: unknown): Promise<never>;
  /** @throws the first error of which nobody took notice */
  check(): void;
}

export function watchFailures(): UnawaitedFailures {
  const failed: { readonly error: unknown; readonly promise: NoticedPromise<never> }[] = [];
  return {
    reject(error) {
      const promise = new NoticedPromise<never>((_, reject) => reject(error));
      Promise.prototype.then.call(promise, undefined, () => undefined);
      failed.push({ error, promise });
      return promise;
    },
    check() {
      const unheard = failed.find(({ promise }) => !promise.isNoticed);
      if (unheard !== undefined) throw unheard.error;
    },
  };
}
