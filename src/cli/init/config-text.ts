/** A cluster as `init` asks for it. */
export interface NewCluster {
  name: string;
  host: string;
  port: number;
  database: string;
  user: string;
  passwordFile?: string;
  passwordEnv?: string;
  tls?: string;
  tlsCa?: string;
  /** Patterns of servers that may join. */
  allowedNodes?: string[];
}

/**
 * A config with this one cluster; what may be set besides stands in comments. With the path of the schema, editors
 * check the file while it is written.
 */
export function configText(cluster: NewCluster, schema?: string): string {
  const { name, host, port, database, user, passwordFile, passwordEnv } = cluster;
  return `${schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`}# Config of the citus-scaler worker. Relative paths start at this file's folder.
clusters:
  ${quoted(name)}:
    coordinator:
      host: ${quoted(host)}                # or hosts: [a, b]; the writable one is used
      port: ${port}
      database: ${quoted(database)}
      user: ${quoted(user)}
${passwordLine(passwordFile, passwordEnv)}
${tlsLine(cluster)}

    # Hosts that may ever be connected to, besides the coordinator and the registered nodes.
    # Name the addresses of future workers here.
${allowedLine(cluster)}

    # Programs that start and stop machines for new workers: each gets a JSON request on standard
    # input and answers JSON on standard output. Left out: machines are started elsewhere.
    # workersFrom:
    #   command:
    #     start: [./machines, start]
    #     stop: [./machines, stop]
    #     list: [./machines, list]

    movement:
      transferMode: auto                # auto, force_logical or block_writes
      maxWriteStall: 0.3s               # block writes for less than this where it is faster; 0s: never
      parallelMoves: 2
      tune: true                        # lower wal_retrieve_retry_interval while moving

    # Without this line the request decides. With "required", no request can do without a person's word.
    approval: required

# Final reports are kept here as JSON, since Temporal forgets closed workflows.
# reports: ./reports

# Address of the Temporal UI, for links.
# temporalUi: http://localhost:8233
`;
}

function allowedLine({ allowedNodes }: NewCluster): string {
  if (allowedNodes === undefined) return '    # allowedNodes: ["10.1.0.*:5432", "db*.internal:5432"]';
  return `    allowedNodes: [${allowedNodes.map((pattern) => JSON.stringify(pattern)).join(', ')}]`;
}

function tlsLine({ tls, tlsCa }: NewCluster): string {
  if (tls === undefined) return '      # tls: { mode: verify-full, ca: ./ca.pem }';
  return `      tls: { mode: ${quoted(tls)}${tlsCa === undefined ? '' : `, ca: ${quoted(tlsCa)}`} }`;
}

function passwordLine(file: string | undefined, variable: string | undefined): string {
  if (file !== undefined) return `      passwordFile: ${quoted(file)}`;
  if (variable !== undefined) return `      passwordEnv: ${quoted(variable)}`;
  return '      # The password comes from ~/.pgpass; or: passwordFile: /run/secrets/…, passwordEnv: VARIABLE';
}

/** Plain where YAML takes it for a text, quoted where it might not. */
function quoted(text: string): string {
  const plain =
    /^[A-Za-z_./][A-Za-z0-9_./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n|~)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}
