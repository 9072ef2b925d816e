/** SQL for a time stamp as ISO 8601 text in UTC, to the second: `2026-01-31T22:00:00Z`. */
export function isoSql(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
}
