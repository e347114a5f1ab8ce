/** How long an instance lasts, for whoever waits for it: what it leaves unanswered would else be waited for for ever. */
export interface Lifetime {
  /** @throws what `end` was given, where it comes first, or came before */
  during<Value>(work: Promise<Value>): Promise<Value>;
  /** Ends all waiting. What was given first stays. */
  end(reason: Error): void;
}

export function createLifetime(): Lifetime {
  // Not one promise that all race with: it would keep what each of them came to.
  const waiting = new Set<(reason: Error) => void>();
  let ended: Error | null = null;
  return {
    during(work) {
      return new Promise((resolve, reject) => {
        const stop = (reason: Error) => {
          waiting.delete(stop);
          reject(reason);
        };
        waiting.add(stop);
        work.then(resolve, reject).finally(() => waiting.delete(stop));
        if (ended !== null) stop(ended);
      });
    },
    end(reason) {
      ended ??= reason;
      for (const stop of [...waiting]) stop(ended);
    },
  };
}
