import { Client } from '@temporalio/client';
import {
  type ActivityInterceptorsFactory,
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  type NativeConnectionOptions,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { createActivities } from './activities/index.js';
import { usualStallTimes, type StallTimes } from './activities/moving/stalls/watch.js';
import { deedOf } from './activities/deeds.js';
import { keepSchedule } from './activities/samples/schedule.js';
import { sharedActivityBehaviour } from './activities/runtime/interceptor.js';
import { workflowBundle } from './bundle.js';
import { resolveConnection } from './client/temporal/connect.js';
import { explain, isNotFound, noNamespace, unreachable, type Target } from './client/temporal/grpc.js';
import { liveConfig, type Config, type LiveConfig } from './config/index.js';
import type { Limits } from './contract/internal/limits.js';
import { searchAttributes, taskQueue, type SearchAttributeName } from './contract/index.js';
import { serveProbes } from './probes.js';

/** Settings of a worker. */
export interface WorkerOptions {
  configFile: string;
  /** `host:port` or `port` for /healthz, /readyz and /metrics. */
  listen?: string;
  /** Profile of the Temporal configuration file. */
  profile?: string;
  address?: string;
  namespace?: string;
  /** What is to happen around each activity, inside of what all activities share. */
  activityInterceptors?: ActivityInterceptorsFactory[];
  /** When a movement that gets nowhere is looked into, and when trouble is told. */
  stallTimes?: StallTimes;
  /** Milliseconds after which what can't be undone, for a node doesn't answer, is handed over to a person. */
  undoPatienceMs?: number;
  /** Other limits of an operation than the usual ones. */
  limits?: Partial<Limits>;
}

/**
 * Runs the worker until SIGTERM or SIGINT: then it hands over what runs (moves go on at the server and are adopted
 * by the next worker) and leaves.
 * @throws ConfigError; UnreachableError or ConnectionConfigError when Temporal can't be used
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const config = liveConfig(options.configFile);
  const { stallTimes = usualStallTimes } = options;
  const metrics = options.listen === undefined ? undefined : await freeLoopbackAddress();
  installRuntime(metrics);
  const { connection: connectionOptions, target } = resolveConnection(options);
  const { namespace } = target;
  let worker: Worker | undefined;
  // First of all: whoever looks after the process may look at it from its start.
  const probes =
    options.listen === undefined
      ? undefined
      : await serveProbes(options.listen, () => worker?.getState() ?? 'INITIALIZED', metrics);
  let connection: NativeConnection | undefined;
  let following: NodeJS.Timeout | undefined;
  try {
    connection = await connect(connectionOptions, target);
    const client = new Client({ connection, namespace });
    const attributes = await knownSearchAttributes(connection, namespace);
    worker = await Worker.create({
      connection,
      namespace,
      taskQueue,
      workflowBundle: await workflowBundle(),
      activities: createActivities({
        get config() {
          return config.current;
        },
        client,
        namespace,
        searchAttributes: attributes,
        stallTimes,
        ...(options.undoPatienceMs !== undefined && { undoPatienceMs: options.undoPatienceMs }),
        ...(options.limits && { limits: options.limits }),
      }),
      interceptors: {
        activity: [
          sharedActivityBehaviour(client, { patienceMs: stallTimes.patienceMs, wordsFor: deedOf }),
          ...(options.activityInterceptors ?? []),
        ],
      },
      // Recovery of a workflow after its worker was killed takes 1.2 s with this, 10 s by default.
      stickyQueueScheduleToStartTimeout: '1s',
      maxCachedWorkflows: 50,
      maxConcurrentActivityTaskExecutions: 200,
      // Throttling below the beat makes a cancel arrive within two seconds.
      maxHeartbeatThrottleInterval: '2s',
      shutdownGraceTime: 0,
      shutdownForceTime: '20s',
    });
    Runtime.instance().logger.info('worker ready', {
      taskQueue,
      namespace,
      clusters: config.current.clusters.map(({ name }) => name).join(', '),
      searchAttributes:
        attributes.length > 0 ? attributes.join(', ') : 'none registered: the worker does without',
    });
    keepSamples(client, config.current);
    following = setInterval(() => follow(config, client), lookMs);
    await worker.run();
  } finally {
    clearInterval(following);
    await probes?.close();
    await connection?.close();
  }
}

/** Milliseconds between looks at the config. */
const lookMs = 1_000;

/** Goes by a config that has changed, where that is safe. */
function follow(config: LiveConfig, client: Client): void {
  const change = config.look();
  if (!change) return;
  const { logger } = Runtime.instance();
  if (change.notTaken !== undefined) {
    logger.warn('changed config not taken up', { why: change.notTaken });
    return;
  }
  logger.info('config taken up anew', {
    clusters: config.current.clusters.map(({ name }) => name).join(', '),
  });
  keepSamples(client, config.current);
}

/** Samples are of use on another day: nothing waits for their Schedules, and the worker does without where it may not make any. */
function keepSamples(client: Client, { clusters }: Config): void {
  for (const cluster of clusters)
    keepSchedule(client, cluster).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      Runtime.instance().logger.warn('samples: the Schedule could not be kept', {
        cluster: cluster.name,
        why,
      });
    });
}

/** @throws UnreachableError, ConnectionConfigError for a namespace that isn't there */
async function connect(options: NativeConnectionOptions, target: Target): Promise<NativeConnection> {
  let connection: NativeConnection | undefined;
  try {
    connection = await NativeConnection.connect(options);
    // Asked before the workflows are bundled, which takes seconds.
    await connection.workflowService.describeNamespace({ namespace: target.namespace });
    return connection;
  } catch (error) {
    await connection?.close();
    if (connection === undefined) throw unreachable(target, [String(error)], error);
    throw isNotFound(error) ? noNamespace(target, error) : explain(error, target);
  }
}

/** An unknown search attribute in an upsert leaves the workflow task failing for ever, so only these are used. */
async function knownSearchAttributes(
  connection: NativeConnection,
  namespace: string,
): Promise<SearchAttributeName[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return (Object.keys(searchAttributes) as SearchAttributeName[]).filter(
      (name) => name in customAttributes,
    );
  } catch {
    return [];
  }
}

function installRuntime(metricsAddress: string | undefined): void {
  const asJson = !process.stderr.isTTY;
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, timestampNanos, meta }) => {
      const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
      const { taskToken: _token, ...fields } = (meta ?? {}) as Record<string, unknown>;
      const line = asJson
        ? JSON.stringify({ time, level, message, ...printable(fields) })
        : `${time.slice(11, 19)} ${level.padEnd(5)} ${message} ${Object.entries(printable(fields))
            .map(([key, value]) => `${key}=${String(value)}`)
            .join(' ')}`;
      process.stderr.write(`${line}\n`);
    }),
    shutdownSignals: ['SIGINT', 'SIGTERM'],
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metricsAddress === undefined ? {} : { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
}

function printable(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? value.message : typeof value === 'bigint' ? value.toString() : value,
    ]),
  );
}

async function freeLoopbackAddress(): Promise<string> {
  const { createServer } = await import('node:net');
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(`127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`));
    });
  });
}
