/**
 * SQL for `host:port` as `formatAddress` spells it, of two columns: an IPv6 host gets the brackets that the catalog
 * doesn't have. Of `pg_dist_node` when nothing else is said.
 */
export function addressSql(alias = '', host = 'nodename', port = 'nodeport'): string {
  const column = (name: string): string => (alias === '' ? name : `${alias}.${name}`);
  const [hostColumn, portColumn] = [column(host), column(port)];
  return `(CASE WHEN strpos(${hostColumn}, ':') > 0 THEN '[' || ${hostColumn} || ']' ELSE ${hostColumn} END || ':' || ${portColumn})`;
}
