/** A PostgreSQL server that a provisioner looks after. */
export interface Machine {
  /** `host:port` */
  node: string;
  /** The idempotency key with which it was started; absent when it was started otherwise. */
  key?: string;
  running: boolean;
}

/** Where PostgreSQL servers run. Each call may be made any number of times, and may be cut off at any point. */
export interface Provisioner {
  /**
   * Starts the machine of this key, or finds it; answers its `host:port`.
   *
   * @param standbyOf `host:port` of the server of which it is to be a streaming standby; else it is a server of its own
   * @throws ProvisioningFailed
   */
  start: (key: string, signal: AbortSignal, standbyOf?: string) => Promise<string>;
  /** Stops a machine; one that is gone already is no error. */
  stop: (node: string, key: string | undefined, signal: AbortSignal) => Promise<void>;
  list: (signal: AbortSignal) => Promise<Machine[]>;
}
