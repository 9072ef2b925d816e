import { duration as durationText } from '../contract/schema/fields.js';
import { secondsOf } from '../text/duration.js';

/** `8h`, `1h30m`, `10m`: in the file a text, for the worker seconds. */
export function duration(seconds: { min: number; max: number }) {
  return durationText(seconds).transform(secondsOf);
}
