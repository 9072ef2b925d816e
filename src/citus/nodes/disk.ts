import type { Db } from '../session/db.js';
import { runOnNodes } from './node-settings.js';

interface Disk {
  node: string;
  available: number;
  total: number;
}

/** Reads the free and total bytes of the file system that the data folder lies on, for each node that answers. */
export async function readFreeDisk(db: Db, nodes: string[]): Promise<Disk[]> {
  const command = `SELECT row_to_json(d)::text FROM citus_local_disk_space_stats() d`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) => {
    if (!success) return [];
    const row = JSON.parse(result) as { available_disk_size: number; total_disk_size: number };
    return [{ node, available: row.available_disk_size, total: row.total_disk_size }];
  });
}
