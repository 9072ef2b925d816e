import { expect, test } from 'vitest';
import { wrapperNames } from '../../../src/citus/roles/wrappers.js';
import { grantScript, type GrantOwner } from '../../../src/citus/roles/grants.js';

const owner = (role: string, more: Partial<GrantOwner> = {}): GrantOwner => ({
  role,
  superuser: false,
  lacksLogin: false,
  lacksCreateIn: [],
  ...more,
});
const script = (owners: GrantOwner[], names: { operator?: string; database?: string } = {}) =>
  grantScript({ operator: 'op', observer: 'viewer', database: 'shop', owners, ...names });

test('each part says first where it is to be run', () => {
  const { coordinator, everyNode } = script([]);
  expect(coordinator.split('\n')[0]).toMatch(/^-- 1\. ON THE COORDINATOR, as a superuser/);
  expect(everyNode.split('\n')[0]).toMatch(/^-- 2\. ON EVERY NODE/);
  expect(everyNode).toContain('ALSO ON EACH NEW WORKER BEFORE IT IS ADDED');
});

test('an owner gets what it lacks, and nothing that it has', () => {
  const { coordinator } = script([
    owner('shop_owner', { lacksLogin: true, lacksCreateIn: ['shop'] }),
    owner('other'),
  ]);
  expect(coordinator).toContain('GRANT "shop_owner" TO "op";');
  expect(coordinator).toContain('ALTER ROLE "shop_owner" LOGIN;');
  expect(coordinator).toContain('GRANT CREATE ON SCHEMA "shop" TO "shop_owner";');
  expect(coordinator).toContain('GRANT "other" TO "op";');
  expect(coordinator).not.toContain('ALTER ROLE "other"');
});

test('membership in a superuser is never granted', () => {
  const { coordinator } = script([owner('postgres', { superuser: true })]);
  expect(coordinator).not.toContain('GRANT "postgres"');
  expect(coordinator).toContain('-- "postgres" is a superuser');
});

test('a membership that is there already is inherited afterwards, also where each says so for itself', () => {
  const { coordinator } = script([owner('shop_owner'), owner('postgres', { superuser: true })]);
  expect(coordinator).toContain(`EXECUTE 'GRANT pg_monitor, "shop_owner" TO "op" WITH INHERIT TRUE'`);
  expect(coordinator).toContain(`EXECUTE 'GRANT pg_monitor TO "viewer" WITH INHERIT TRUE'`);
});

test('a name stays a name, whatever it holds', () => {
  const odd = `x"; DROP ROLE y; --\nDROP ROLE z; '`;
  const { coordinator, everyNode } = script([owner(odd), owner(odd, { superuser: true })], {
    operator: `o'p`,
    database: 'my "shop"',
  });
  expect(coordinator).toContain(`GRANT "x""; DROP ROLE y; --\nDROP ROLE z; '" TO "o'p";`);
  expect(coordinator).not.toMatch(/^DROP ROLE z; '" is a superuser/m);
  expect(coordinator).toContain(`rolname = 'o''p'`);
  expect(everyNode).toContain('ON DATABASE "my ""shop""" TO');
});

test('nobody but the operator may execute the functions that lend rights, and their search_path is fixed', () => {
  const { coordinator } = script([]);
  const functions = coordinator.match(/CREATE OR REPLACE FUNCTION citus_scaler\.\w+/g) ?? [];
  expect(functions).toHaveLength(wrapperNames.length);
  expect(coordinator.match(/REVOKE ALL ON FUNCTION citus_scaler\..* FROM PUBLIC;/g)).toHaveLength(
    wrapperNames.length,
  );
  expect(coordinator.match(/SECURITY DEFINER SET search_path = pg_catalog, pg_temp/g)).toHaveLength(
    wrapperNames.length,
  );
  expect(coordinator).not.toMatch(/GRANT .* TO "viewer".*citus_scaler\./);
});
