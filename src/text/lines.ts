/** A text of several lines in one. */
export function oneLine(text: string): string {
  return text.split(/\s*\n\s*/).join(' ');
}

/** At most so many characters: a longer text loses its middle, since its end often says what to do. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor((most - 3) / 2);
  return `${text.slice(0, half).trimEnd()} … ${text.slice(-half).trimStart()}`;
}
