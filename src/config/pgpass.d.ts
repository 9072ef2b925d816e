/** `pgpass` publishes no types. */
declare module 'pgpass' {
  function pgpass(
    target: { host: string; port: number; database: string; user: string },
    done: (password: string | undefined) => void,
  ): void;
  export = pgpass;
}
