/** Seconds for which moves block writes: as expected, corrected by what this operation measured. */
export interface WriteStalls {
  /** Of a shard group of this size. */
  estimate: (bytes: number) => number;
  /** So many moves of so many bytes took so many seconds together. */
  record: (made: { moves: number; bytes: number; seconds: number }) => void;
}

/** Seconds as expected that count before the first measured ones: one quick or slow move says little. */
const trust = 1;

/** Seconds that a move adds to whatever its bytes take. */
const eachSeconds = 0.1;
/** Cautious: 5 MB took 0.2 s and 18 MB 0.4 s on two cores (docs/citus.md). */
const bytesPerSecond = 30e6;

/** Seconds for which writes to a shard group of this size are expected to wait while it is copied. Its bytes include its indexes. */
export function expectedWriteStall(bytes: number): number {
  return eachSeconds + bytes / bytesPerSecond;
}

/** Starts with {@link expectedWriteStall}; each move corrects it. */
export function createWriteStalls(): WriteStalls {
  let expected = trust;
  let actual = trust;
  return {
    estimate: (bytes) => (expectedWriteStall(bytes) * actual) / expected,
    record: ({ moves, bytes, seconds }) => {
      expected += moves * eachSeconds + bytes / bytesPerSecond;
      actual += seconds;
    },
  };
}
