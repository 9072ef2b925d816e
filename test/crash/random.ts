import { createHash } from 'node:crypto';

/** Numbers from 0 to 1 that hang on the seed and a text alone, so that a case is the same whatever else runs. */
export function randomOf(seed: number, text: string): () => number {
  let count = 0;
  return () => {
    count += 1;
    const digest = createHash('sha256').update(`${seed}/${text}/${count}`).digest();
    return digest.readUInt32BE(0) / 2 ** 32;
  };
}
