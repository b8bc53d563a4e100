// For PM2: pm2 start deploy/ecosystem.config.cjs, and pm2 reload switchyard for another version: the new process listens before the old one ends.
const { join } = require('node:path')

module.exports = {
  apps: [{
    name: 'switchyard',
    script: join(__dirname, '..', 'dist', 'src', 'server.js'),
    // config.json, data/ and logs/ are where `pm2 start` is called.
    cwd: process.cwd(),
    exec_mode: 'cluster',
    // More than one share limits and budgets only through DATABASE_URL and REDIS_URL.
    instances: 1,
    node_args: '--enable-source-maps',
    // Running answers have 30 seconds (Stream.shutdownGrace); PM2 kills after this.
    kill_timeout: 40_000,
    listen_timeout: 30_000,
    env: { NODE_ENV: 'production' }
  }]
}
