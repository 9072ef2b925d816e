/**
 * `ms` publishes types that `moduleResolution: nodenext` cannot see, which would turn every Temporal
 * `Duration` into `any`, so that `startToCloseTimeout: 'banana'` compiles.
 */
declare module 'ms' {
  type Unit = 'ms' | 's' | 'm' | 'h' | 'd';
  export type StringValue = `${number}` | `${number}${Unit}` | `${number} ${Unit}`;
  export default function ms(value: StringValue): number;
}
