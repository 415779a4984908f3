// What the fuzzer runs: a reader of untrusted bytes.

export interface FuzzTarget {
  name: string;
  /** Valid inputs to start from. */
  seeds(): Uint8Array[] | Promise<Uint8Array[]>;
  /** Reads the bytes. Ends, or throws a SynfireError; anything else is a find. */
  run(bytes: Uint8Array): Promise<void> | void;
}
