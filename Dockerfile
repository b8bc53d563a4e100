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
ENV NODE_ENV=production HOST=0.0.0.0
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
# The account, where no other store is named, and lines that a database could not take; a volume keeps them. All else is root's.
RUN mkdir data && chown node:node data
VOLUME /app/data
USER node
EXPOSE 3456
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.SWITCHYARD_PORT||process.env.PORT||process.env.PROXY_PORT||3456)+'/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# SIGTERM lets running answers finish: `docker stop --time 40`.
CMD ["node", "--enable-source-maps", "dist/src/server.js"]
