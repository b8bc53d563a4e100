# Node 20.19 or later will do; the one that is supported for the longest.
ARG NODE=24-slim

FROM node:${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src src
COPY plugins plugins
COPY providers providers
RUN npm run build

# What the service needs at run time, and nothing that built it.
FROM node:${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:${NODE}
WORKDIR /app
# The account stays in the volume, wherever a file of the configuration is; so do lines for a PostgreSQL that is away.
ENV NODE_ENV=production HOST=0.0.0.0 SWITCHYARD_USAGE__PATH=/app/data/switchyard.db
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
# All else is root's.
RUN mkdir data && chown node:node data
VOLUME /app/data
USER node
EXPOSE 3456
# It reads where the service listens as the service does: a file may say so.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 CMD ["node", "dist/src/server.js", "health"]
# SIGTERM lets running answers finish: `docker stop --time 40`.
CMD ["node", "--enable-source-maps", "dist/src/server.js"]
