import type { Command } from 'commander';
import type { ReplaceWorkerInput } from '../../contract/index.js';
import type { Session } from '../app.js';
import { optional } from '../options/operation-options.js';
import { optionOf } from '../options/parse.js';
import { defineOperation } from './operation.js';

/** Defines `replace`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation<{ with?: string; method?: string }>(command, session, {
    node: 'the worker that goes: host:port',
    addOptions: (to) =>
      to
        .option(
          '--with <host:port>',
          'the server that comes: a streaming standby of it (with --method move: an empty one)',
        )
        .addOption(
          optionOf('--method <method>', 'whether a standby takes over, or shards move', ['clone', 'move']),
        ),
    examples: [
      'citus-scaler replace shop db3:5432 --with db7:5432 --dry-run',
      'citus-scaler replace shop db3:5432 --method move',
    ],
    start: (client, common, { options, nodes }, how) =>
      client.replaceWorker(
        {
          ...common,
          node: nodes[0] ?? '',
          ...optional('with', options.with),
          // A method of a later version, or a wrong one, is refused by the check with what it may be.
          ...optional('method', options.method as ReplaceWorkerInput['method']),
        },
        how,
      ),
  });
}
