/** Where spans go, and how many. */
export interface TraceSettings {
  /** `https://collector.example`, to which `/v1/traces` is added; null: nobody traces. */
  readonly endpoint: string | null;
  /** Of each request, e.g. a key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Share of the traces begun here that are kept, 0 to 1. What comes with a trace follows that. */
  readonly ratio: number;
}

/** The same where there is somewhere to go. */
export interface TraceTarget extends TraceSettings {
  readonly endpoint: string;
}
