import { expect, test } from 'vitest';
import { commandLine } from '../../../src/activities/machines/fate.js';

test.each([
  [['/usr/bin/node', './machines.mjs', 'stop'], '/usr/bin/node ./machines.mjs stop'],
  [['./machines', '--password=hunter2', 'stop'], './machines --password=*** stop'],
  [['./machines', 'x'.repeat(200)], `./machines ${'x'.repeat(108)}…`],
])('who stops a machine is told with its arguments: %j', (argv, told) => {
  expect(commandLine(argv)).toBe(told);
});
