/** The line with address and key: the last one at the start, and in view again when others have pushed it away. */

/** Lines after which a person has to look for it. */
const manyLines = 8;
/** Others may follow at once; between them it would be in the way, ms. */
const quietMs = 1_000;
/** On a system that is never quiet, ms. */
const longestWaitMs = 15_000;

export interface ReadyLine {
  /**
   * Something else was printed.
   *
   * @param isLoud people look at it, so one of these is enough
   */
  pushed(isLoud: boolean): void;
  /** From now on it is not shown again. */
  stop(): void;
}

/** Shows the line, and again once enough has been printed behind it. */
export function showReadyLine(line: string, print: (line: string) => void): ReadyLine {
  let lines = 0;
  let firstAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const show = () => {
    lines = 0;
    print(line);
  };
  show();
  return {
    pushed(isLoud) {
      if (stopped) return;
      const wasMany = lines >= manyLines;
      lines += isLoud ? manyLines : 1;
      if (lines < manyLines) return;
      if (!wasMany) firstAt = Date.now();
      clearTimeout(timer);
      timer = setTimeout(show, Math.max(0, Math.min(quietMs, firstAt + longestWaitMs - Date.now())));
      timer.unref();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
