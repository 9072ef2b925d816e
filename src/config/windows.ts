import { Cron } from 'croner';
import type { WindowCalendar, WindowSpan } from '../contract/index.js';
import type { WindowRule, Windows } from './config.js';

/** Milliseconds since 1970. */
interface Span {
  from: number;
  to: number;
}

/** Spans up to a time; beyond `until` nothing was looked at. */
interface Outlook {
  spans: Span[];
  until: number;
}

const day = 86_400_000;
/** Looked at first; and, where nothing opens in them, how far one looks before saying that it never does. */
const horizons = [100 * day, 1_500 * day];
/** Spans of one rule that are looked at: a second of work. What lies beyond isn't known then. */
const most = 4_000;
const maxSpans = 20;

/**
 * When movements may run from `from` on: inside `allow` (always, where there is none) and outside `deny`. Daylight
 * saving is croner's: a start in the skipped hour is at its end, one in the repeated hour is the first. Lengths are
 * real time.
 */
export function calendarOf(windows: Windows, from: number): WindowCalendar {
  let outlook: Outlook = { spans: [], until: from };
  for (const horizon of horizons) {
    outlook = openSpans(windows, from, from + horizon);
    if (outlook.spans.length > 0) break;
  }
  const spans = outlook.spans.slice(0, maxSpans);
  const last = spans.at(-1);
  const [longest] = [...outlook.spans].sort((a, b) => b.to - b.from - (a.to - a.from));
  return {
    timezone: windows.timezone,
    open: spans.map(formatSpan),
    until: iso(spans.length < outlook.spans.length && last ? last.to : outlook.until),
    ...(longest && { longest: formatSpan(longest) }),
    graceSeconds: windows.graceSeconds,
  };
}

/** Days after which windows that haven't opened count as never opening. */
export const patienceDays = (horizons.at(-1) ?? 0) / day;

/** The problem with a cron schedule, in a sentence; undefined when it is right. */
export function scheduleProblem(schedule: string): string | undefined {
  const rule =
    'must be a cron schedule of five fields (minute hour day month weekday), for example "0 22 * * 1-5"';
  if (schedule.trim().split(/\s+/).length !== 5) return rule;
  try {
    cron(schedule, 'UTC');
    return undefined;
  } catch (error) {
    return `${rule}: ${error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error)}`;
  }
}

/** Whether the name is one of a time zone, such as `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

function cron(schedule: string, timezone: string): Cron {
  return new Cron(schedule, { timezone, mode: '5-part', paused: true });
}

function openSpans({ timezone, allow, deny }: Windows, from: number, to: number): Outlook {
  const always: Outlook = { spans: [{ from, to }], until: to };
  const outlooks = (rules: WindowRule[]): Outlook[] =>
    rules.map((rule) => spansOf(cron(rule.schedule, timezone), rule.seconds * 1_000, from, to));
  const open = allow ? outlooks(allow) : [always];
  const closed = outlooks(deny);
  const until = Math.min(...[...open, ...closed].map((each) => each.until));
  const union = merged(open.flatMap(({ spans }) => spans));
  const holes = merged(closed.flatMap(({ spans }) => spans));
  const spans = union
    .flatMap((span) => without(span, holes))
    .map((span) => ({ from: Math.max(from, span.from), to: Math.min(until, span.to) }))
    .filter((span) => span.from < span.to);
  return { spans, until };
}

/** The spans of one rule that reach into the time asked for; runs that follow one another closely make one span. */
function spansOf(rule: Cron, length: number, from: number, to: number): Outlook {
  const spans: Span[] = [];
  let runs = 0;
  let run = rule.nextRun(new Date(from - length));
  while (run && run.getTime() < to) {
    const span = { from: run.getTime(), to: run.getTime() + length };
    for (let last = span.from; span.to < to;) {
      runs += 1;
      const [later] = rule.previousRuns(1, new Date(span.to + 1));
      if (!later || later.getTime() <= last || runs > most) break;
      last = later.getTime();
      span.to = last + length;
    }
    spans.push(span);
    runs += 1;
    if (runs > most) return { spans, until: Math.min(to, span.to) };
    run = rule.nextRun(new Date(span.to));
  }
  return { spans, until: to };
}

function merged(spans: Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans.sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else result.push({ ...span });
  }
  return result;
}

function without(span: Span, holes: Span[]): Span[] {
  const result: Span[] = [];
  let from = span.from;
  for (const hole of holes) {
    if (hole.to <= from || hole.from >= span.to) continue;
    if (hole.from > from) result.push({ from, to: hole.from });
    from = hole.to;
  }
  return from < span.to ? [...result, { from, to: span.to }] : result;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function formatSpan({ from, to }: Span): WindowSpan {
  return { from: iso(from), to: iso(to) };
}
