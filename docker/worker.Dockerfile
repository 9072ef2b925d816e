# The citus-scaler worker. Debian, not Alpine: the Temporal SDK's native part needs glibc.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package needs its install script at run time.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/bundle.mjs scripts/
COPY src src
# The SDK brings its native part for five platforms, about 27 MB each; only ours is kept.
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM node:20-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# Final reports are kept here when the config says `reports: /var/lib/citus-scaler/reports`.
RUN mkdir -p /var/lib/citus-scaler/reports && chown -R node:node /var/lib/citus-scaler
USER node
EXPOSE 9464
# Ready means: the worker polls Temporal.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=12 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/src/cli/main.js"]
CMD ["worker", "--config", "/etc/citus-scaler/citus-scaler.yaml", "--listen", "0.0.0.0:9464"]
