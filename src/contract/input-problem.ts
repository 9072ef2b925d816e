/** One mistake in an input, or in an update's argument. */
export interface InputProblem {
  /** The field: `to`, `nodes.0`. Absent: the input as a whole. */
  field?: string;
  /** Other fields with which it is wrong, or instead of which it is missing. */
  with?: string[];
  /** What is wrong and what it may be, in words that name no field. */
  text: string;
}

/** `to, add: only one of them can be given` */
export function problemLine({ field, with: others = [], text }: InputProblem): string {
  return field === undefined ? text : `${[field, ...others].join(', ')}: ${text}`;
}
