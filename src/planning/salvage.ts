/** A table as whoever orders them needs it. */
interface Referring {
  relation: string;
  /** Tables that its foreign keys refer to. */
  parents: readonly string[];
}

/** Tables so that each comes after those that its foreign keys refer to; in a circle the first named comes first. */
export function parentsFirst<Table extends Referring>(tables: readonly Table[]): Table[] {
  const sorted: Table[] = [];
  const seen = new Set<string>();
  const add = (table: Table): void => {
    if (seen.has(table.relation)) return;
    seen.add(table.relation);
    for (const parent of table.parents) {
      const known = tables.find(({ relation }) => relation === parent);
      if (known) add(known);
    }
    sorted.push(table);
  };
  tables.forEach(add);
  return sorted;
}
