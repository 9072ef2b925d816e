/** A release of Citus with a major PostgreSQL that it can be built for. */
interface Combination {
  citus: string;
  postgres: number;
  /** The versions with which our tests ran, and when. Absent: nobody has tried. */
  tried?: string;
}

/** All combinations from the oldest release with which citus-scaler works. docs/versions.md says what "tried" means. */
export const combinations: readonly Combination[] = [
  { citus: '12.1', postgres: 14 },
  { citus: '12.1', postgres: 15, tried: '12.1.12 with 15.20, November 2026, in part' },
  { citus: '12.1', postgres: 16 },
  { citus: '13.0', postgres: 15 },
  { citus: '13.0', postgres: 16 },
  { citus: '13.0', postgres: 17 },
  { citus: '13.1', postgres: 15 },
  { citus: '13.1', postgres: 16 },
  { citus: '13.1', postgres: 17 },
  { citus: '13.2', postgres: 15, tried: '13.2.2 with 15.20, November 2026' },
  { citus: '13.2', postgres: 16 },
  { citus: '13.2', postgres: 17, tried: '13.2.2 with 17.12, November 2026' },
  { citus: '14.0', postgres: 16 },
  { citus: '14.0', postgres: 17, tried: '14.0.1 with 17.12, November 2026, in part' },
  { citus: '14.0', postgres: 18 },
];

/** What is known of a server's Citus and PostgreSQL. */
export interface Support {
  state: 'tried' | 'untried' | 'too-old' | 'half-updated' | 'double';
  /** What it is, as a sentence. */
  evidence: string;
}

/** The versions that a server tells. */
export interface Versions {
  /** Of the extension in the database: `13.2-1`. What there is in catalog and functions follows it. */
  extension: string;
  /** Of the library: `13.2.2`; a stand-in for Citus says so after the number. */
  library: string;
  /** Such as 150020. */
  postgres: number;
}

const oldest = releaseOf('12.1');

/** Whether citus-scaler works with these versions, as far as anybody knows. */
export function supportOf({ extension, library, postgres }: Versions): Support {
  const [citus, loaded] = [releaseOf(extension), releaseOf(library)];
  const major = Math.floor(postgres / 10_000);
  const both = `Citus ${citus.name} with PostgreSQL ${major}`;
  if (isOlder(citus, oldest))
    return {
      state: 'too-old',
      evidence: `Citus ${citus.name} is too old: ${oldest.name} is the oldest that works`,
    };
  if (citus.name !== loaded.name)
    return {
      state: 'half-updated',
      evidence: `the server has loaded Citus ${loaded.name}, the extension in the database is of ${citus.name}`,
    };
  if (library.includes('stand-in')) return { state: 'double', evidence: `${both}: a stand-in, for tests` };
  const row = combinations.find((each) => each.citus === citus.name && each.postgres === major);
  if (row?.tried !== undefined) return { state: 'tried', evidence: `${both}: tried (${row.tried})` };
  return { state: 'untried', evidence: `nobody has tried citus-scaler with ${both}` };
}

interface Release {
  major: number;
  minor: number;
  name: string;
}

/** `13.2` of `13.2-1`, `13.2.2` or `13.2devel`. */
function releaseOf(text: string): Release {
  const [, major = '0', minor = '0'] = /^(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return { major: Number(major), minor: Number(minor), name: `${major}.${minor}` };
}

function isOlder(one: Release, other: Release): boolean {
  return one.major === other.major ? one.minor < other.minor : one.major < other.major;
}
