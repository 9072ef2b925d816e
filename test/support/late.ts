/**
 * What is undone has to stay undone: for so long after its end nothing of an operation may show at the servers that it
 * had begun before. LATE_MS=3000 is for trying out a test.
 */
export const lateMs = Number(process.env['LATE_MS'] ?? 15_000);
