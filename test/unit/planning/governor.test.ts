import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { govern, newGovernor, type GovernorState } from '../../../src/planning/governor.js';

const minute = 60_000;

/** Samples every two seconds, each a share of the limit; answers the numbers that came of it, and when. */
function course(shares: number[], { ceiling = 8, start = 8, startedAt = 0 } = {}) {
  let state: GovernorState = newGovernor(start, 0);
  const changes: { at: number; parallelMoves: number; reason: string }[] = [];
  shares.forEach((share, index) => {
    const at = (index + 1) * 2_000;
    const figures = [{ limitedBy: 'maxCpuPressure' as const, value: share * 60, limit: 60 }];
    const verdict = govern(state, { at, figures }, { ceiling, startedAt });
    state = verdict.state;
    if (verdict.change) changes.push({ at, ...verdict.change });
  });
  return { changes, numbers: changes.map(({ parallelMoves }) => parallelMoves), state };
}
const times = (n: number, share: number): number[] => Array.from({ length: n }, () => share);

describe('the number of parallel moves', () => {
  test('is halved while the load stays over its limit, down to one, and then to none', () => {
    expect(course(times(20, 1.2)).numbers).toEqual([4, 2, 1, 0]);
  });

  test('begins low and goes up by one every few seconds while the load is low, up to the ceiling', () => {
    const { numbers, changes } = course(times(100, 0.3), { start: 1, ceiling: 4 });
    expect(numbers).toEqual([2, 3, 4]);
    expect(changes.map(({ at }) => at)).toEqual([4_000, 8_000, 12_000]);
    expect(changes[0]?.reason).toBe('CPU pressure (18 %) is well below maxCpuPressure (60 %)');
  });

  test('goes up slowly once the load has been over its limit', () => {
    const { changes } = course([...times(3, 2.5), ...times(100, 0.3)], { start: 4, ceiling: 4 });
    expect(changes.map(({ parallelMoves }) => parallelMoves)).toEqual([2, 1, 2, 3, 4]);
    expect(changes.slice(2).map(({ at }) => at)).toEqual([26_000, 46_000, 66_000]);
  });

  test('stays between the two marks, however long', () => {
    expect(course(times(500, 0.85), { start: 4 }).numbers).toEqual([]);
  });

  test('isn’t changed by one sample over the limit, nor by two with calm between them', () => {
    expect(course([...times(5, 0.3), 1.2, ...times(5, 0.3), 1.2, ...times(3, 0.3)]).numbers).toEqual([]);
    expect(course([...times(5, 0.8), 1.2, 0.8, 1.2]).numbers).toEqual([4]);
  });

  test('is halved by one sample that is far over the limit', () => {
    const { changes } = course([0.3, 0.3, 2.5]);
    expect(changes).toEqual([
      { at: 6_000, parallelMoves: 4, reason: 'CPU pressure (150 %) is over maxCpuPressure (60 %)' },
    ]);
  });

  test('follows the worst figure of several, and stays when none can be read', () => {
    const state = newGovernor(4, 0);
    const bounds = { ceiling: 4, startedAt: 0 };
    const figures = [
      { limitedBy: 'maxCpuPressure' as const, value: 10, limit: 60 },
      { limitedBy: 'maxStatementSeconds' as const, value: 5, limit: 2 },
    ];
    expect(govern(state, { at: 10_000, figures }, bounds).change).toEqual({
      parallelMoves: 2,
      reason: 'the longest statement (5 s) is over maxStatementSeconds (2 s)',
    });
    expect(govern(state, { at: 10_000, figures: [] }, bounds).change).toBeUndefined();
  });
});

describe('whatever the load does', () => {
  /** A load that stays where it is for some samples, and then is elsewhere: shares of the limit. */
  const load = fc
    .array(
      fc.record({
        share: fc.double({ min: 0, max: 3, noNaN: true }),
        samples: fc.integer({ min: 1, max: 40 }),
      }),
      {
        maxLength: 60,
      },
    )
    .map((stretches) => stretches.flatMap(({ share, samples }) => times(samples, share)));

  test('the number is within its bounds, changes in known steps, and changes lie apart', () => {
    fc.assert(
      fc.property(load, fc.integer({ min: 1, max: 64 }), (shares, ceiling) => {
        let [lastAt, last, met] = [-4_000, ceiling, false];
        for (const { at, parallelMoves } of course(shares, { ceiling, start: ceiling }).changes) {
          expect(parallelMoves).toBeGreaterThanOrEqual(0);
          expect(parallelMoves).toBeLessThanOrEqual(ceiling);
          expect([last + 1, Math.floor(last / 2)]).toContain(parallelMoves);
          const up = met ? 20_000 : 4_000;
          expect(at - lastAt).toBeGreaterThanOrEqual(parallelMoves > last ? up : 4_000);
          [lastAt, last, met] = [at, parallelMoves, met || parallelMoves < last];
        }
      }),
    );
  });

  test('it is back at the ceiling when the load has been low for long enough', () => {
    fc.assert(
      fc.property(load, (shares) => {
        expect(course([...shares, ...times(400, 0.2)], { ceiling: 8 }).state.parallelMoves).toBe(8);
      }),
    );
  });

  test('a load that swings as badly as it can makes no more than some hundred changes in a day', () => {
    const swing = Array.from({ length: 43_200 }, (_, index) => (Math.floor(index / 12) % 2 === 0 ? 0.1 : 3));
    expect(course(swing).changes.length).toBeLessThan(900);
  });

  test('steps up get rarer, steps down don’t', () => {
    const day = 24 * 60 * minute;
    const bounds = { ceiling: 8, startedAt: 0 };
    const calm = [{ limitedBy: 'maxLag' as const, value: 1, limit: 100 }];
    const high = [{ limitedBy: 'maxLag' as const, value: 300, limit: 100 }];
    const state = { ...newGovernor(4, day), calm: 100, met: true };
    expect(govern(state, { at: day + 10 * minute, figures: calm }, bounds).change).toBeUndefined();
    expect(govern(state, { at: day + 15 * minute, figures: calm }, bounds).change?.parallelMoves).toBe(5);
    expect(govern(state, { at: day + 4_000, figures: high }, bounds).change?.parallelMoves).toBe(2);
  });
});
